/** Bytes after which long strings are truncated, and the kept length of each; beyond the last it is abandoned. */
export type SizeLimits = { steps: readonly { above: number; keep: number }[]; hard: number }

/**
 * A trace repeats the calldata of every call, so a cheap transaction can make one of hundreds of megabytes (1,100 calls
 * with 128 KiB each). Only the calls matter; so long strings are truncated once the answer is long: selectors,
 * addresses and amounts are at their beginning. `keep` is even, so that hex stays whole bytes.
 */
export const TRACE_LIMITS: SizeLimits = {
  steps: [
    { above: 32 * 2 ** 20, keep: 8_192 },
    { above: 64 * 2 ** 20, keep: 1_024 },
  ],
  hard: 128 * 2 ** 20,
}

/** Answers that must be complete: blocks, receipts, prestates. */
export const WHOLE_LIMITS: SizeLimits = { steps: [], hard: 256 * 2 ** 20 }

export type CappedText =
  | { kind: 'text'; text: string /** The number of truncated strings. */; cut: number }
  | { kind: 'too-large'; bytes: number }

const QUOTE = 0x22
const BACKSLASH = 0x5c

type Cutter = {
  blocks: Buffer[]
  /** Bytes kept so far, those of `blocks` included. */
  kept: number
  cut: number
  inString: boolean
  /** Bytes kept of the open string, and whether part of it was already left out. */
  open: number
  isCutting: boolean
  /** The last byte was a backslash that escapes the next one. */
  isEscaping: boolean
  /** The block that is being filled while strings are truncated, and its fill level. */
  tail: Buffer
  used: number
}

/**
 * JSON text from a stream in bounded memory: beyond each step of `limits` strings are truncated to its `keep` bytes.
 * The text is valid JSON where the stream is.
 */
export async function readCapped(stream: AsyncIterable<Uint8Array>, limits: SizeLimits): Promise<CappedText> {
  const first = limits.steps[0]?.above ?? Number.POSITIVE_INFINITY
  const cutter: Cutter = {
    blocks: [],
    kept: 0,
    cut: 0,
    inString: false,
    open: 0,
    isCutting: false,
    isEscaping: false,
    tail: EMPTY,
    used: 0,
  }
  let isScanned = false
  for await (const chunk of stream) {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
    const reached = cutter.kept + bytes.length
    if (!isScanned && reached <= first) {
      cutter.blocks.push(bytes)
      cutter.kept = reached
      continue
    }
    // Short answers are never scanned: the positions of strings matter only from here on.
    if (!isScanned) for (const block of cutter.blocks) scan(cutter, block)
    isScanned = true
    take(cutter, bytes, limits.steps.findLast(({ above }) => reached > above)?.keep ?? limits.hard)
    if (cutter.kept > limits.hard) return { kind: 'too-large', bytes: cutter.kept }
  }
  cutter.blocks.push(cutter.tail.subarray(0, cutter.used))
  return { kind: 'text', text: Buffer.concat(cutter.blocks).toString('utf8'), cut: cutter.cut }
}

const EMPTY = Buffer.alloc(0)
const BLOCK = 2 ** 20

/** Tracks strings through bytes that are kept unchanged. */
function scan(cutter: Cutter, bytes: Buffer): void {
  for (let at = 0; at < bytes.length; ) {
    if (!cutter.inString) {
      const quote = bytes.indexOf(QUOTE, at)
      if (quote < 0) return
      Object.assign(cutter, { inString: true, open: 0, isEscaping: false })
      at = quote + 1
      continue
    }
    const { end, closed, isEscaping } = endOfString(bytes, at, cutter.isEscaping)
    Object.assign(cutter, { open: cutter.open + end - at, isEscaping, inString: !closed })
    at = closed ? end + 1 : end
  }
}

function take(cutter: Cutter, bytes: Buffer, keep: number): void {
  let at = 0
  while (at < bytes.length)
    at = cutter.inString ? inside(cutter, bytes, { at, keep }) : outside(cutter, bytes, at)
}

function outside(cutter: Cutter, bytes: Buffer, at: number): number {
  const quote = bytes.indexOf(QUOTE, at)
  const end = quote < 0 ? bytes.length : quote + 1
  push(cutter, bytes.subarray(at, end))
  if (quote >= 0) Object.assign(cutter, { inString: true, open: 0, isCutting: false, isEscaping: false })
  return end
}

function inside(cutter: Cutter, bytes: Buffer, { at, keep }: { at: number; keep: number }): number {
  const { end, closed, isEscaping } = endOfString(bytes, at, cutter.isEscaping)
  const part = bytes.subarray(at, end)
  if (!cutter.isCutting && cutter.open + part.length <= keep) {
    push(cutter, part)
    cutter.open += part.length
  } else cut(cutter, part, keep)
  cutter.isEscaping = isEscaping
  if (!closed) return end
  push(cutter, bytes.subarray(end, end + 1))
  cutter.inString = false
  return end + 1
}

/** Keeps what fits and leaves out the rest; never ends in the middle of an escape or of a character. */
function cut(cutter: Cutter, part: Buffer, keep: number): void {
  if (cutter.isCutting) return
  cutter.isCutting = true
  cutter.cut++
  push(cutter, completion(cutter) ?? beginning(part, Math.max(0, keep - cutter.open)))
}

/** The completion of an escape that was begun before: one more backslash, or the remaining digits of a \u. */
function completion(cutter: Cutter): Buffer | undefined {
  if (cutter.isEscaping) return Buffer.from('\\')
  const begun = /\\u([0-9a-fA-F]{0,3})$/.exec(lastBytes(cutter, 5))?.[1]
  return begun === undefined ? undefined : Buffer.from('0'.repeat(4 - begun.length))
}

/** As much of a string as there is room for, without a partial escape or multi-byte character. */
function beginning(part: Buffer, room: number): Buffer {
  const kept = part.subarray(0, room)
  const special = kept.findIndex((byte) => byte === BACKSLASH || byte >= 0x80)
  return special < 0 ? kept : kept.subarray(0, special)
}

function lastBytes({ blocks, tail, used }: Cutter, count: number): string {
  const recent =
    used >= count ? [tail.subarray(used - count, used)] : [...blocks.slice(-count), tail.subarray(0, used)]
  return Buffer.concat(recent).subarray(-count).toString('latin1')
}

function endOfString(
  bytes: Buffer,
  at: number,
  wasEscaping: boolean,
): { end: number; closed: boolean; isEscaping: boolean } {
  for (let from = at; ; ) {
    const quote = bytes.indexOf(QUOTE, from)
    const end = quote < 0 ? bytes.length : quote
    let slashes = 0
    while (end - 1 - slashes >= at && bytes[end - 1 - slashes] === BACKSLASH) slashes++
    const isWholePart = end - slashes === at
    const escapes = (slashes + (isWholePart && wasEscaping ? 1 : 0)) % 2 === 1
    if (quote < 0) return { end, closed: false, isEscaping: escapes }
    if (!escapes) return { end, closed: true, isEscaping: false }
    from = quote + 1
  }
}

function push(cutter: Cutter, part: Buffer): void {
  if (cutter.used + part.length > cutter.tail.length) {
    cutter.blocks.push(cutter.tail.subarray(0, cutter.used))
    cutter.tail = Buffer.allocUnsafe(Math.max(BLOCK, part.length))
    cutter.used = 0
  }
  part.copy(cutter.tail, cutter.used)
  cutter.used += part.length
  cutter.kept += part.length
}
