/** An RLP item: bytes, or a list of items (Yellow Paper, appendix B). */
export type RlpItem = Uint8Array | readonly RlpItem[]

export function encodeRlp(item: RlpItem): Buffer {
  const size = sizeOf(item)
  const out = Buffer.allocUnsafe(size)
  write(item, out, 0)
  return out
}

function isBytes(item: RlpItem): item is Uint8Array {
  return item instanceof Uint8Array
}

function sizeOf(item: RlpItem): number {
  if (isBytes(item))
    return item.length === 1 && (item[0] ?? 0) < 0x80 ? 1 : headSize(item.length) + item.length
  const payload = payloadOf(item)
  return headSize(payload) + payload
}

function payloadOf(items: readonly RlpItem[]): number {
  let sum = 0
  for (const item of items) sum += sizeOf(item)
  return sum
}

function headSize(length: number): number {
  return length < 56 ? 1 : 1 + bytesOf(length)
}

function bytesOf(length: number): number {
  return length < 0x100 ? 1 : length < 0x1_0000 ? 2 : length < 0x100_0000 ? 3 : 4
}

function write(item: RlpItem, out: Buffer, at: number): number {
  if (isBytes(item)) {
    if (item.length === 1 && (item[0] ?? 0) < 0x80) return out.writeUInt8(item[0] ?? 0, at)
    const start = writeHead(out, { at, length: item.length, base: 0x80 })
    out.set(item, start)
    return start + item.length
  }
  let next = writeHead(out, { at, length: payloadOf(item), base: 0xc0 })
  for (const inner of item) next = write(inner, out, next)
  return next
}

function writeHead(out: Buffer, { at, length, base }: { at: number; length: number; base: number }): number {
  if (length < 56) return out.writeUInt8(base + length, at)
  const count = bytesOf(length)
  out.writeUInt8(base + 55 + count, at)
  return out.writeUIntBE(length, at + 1, count)
}
