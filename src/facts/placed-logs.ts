import type { Frame, FrameLog, Log, Transaction } from '../model/block.ts'
import type { TransferFact } from '../model/fact.ts'
import type { Address } from '../model/hex.ts'
import { movementFromCall } from './from-calls.ts'
import { movementsFromLog, tellsOfWrap } from './from-logs.ts'
import type { TokenKinds } from './token-kinds.ts'

/** Frames with the receipt’s logs in them, and the logs that fit into none. */
export type Placed = { frames: readonly Frame[]; rest: readonly Log[] }

/**
 * Places the receipt’s logs into the frames that can have emitted them (Parity’s traces have none): only the contract’s
 * own frames, in the receipt’s order, which is execution order. A movement goes where a call requested it; a log of
 * another kind than the previous one stays with it; else the contract’s next frame is used. Where frames leave more
 * than one choice this is a guess about the position, never about the event.
 */
export function withPlacedLogs(transaction: Transaction, kinds: TokenKinds): Placed {
  const { frames, logs } = transaction
  if (logs === null || logs.length === 0 || frames.length === 0) return { frames, rest: logs ?? [] }
  const search: Search = {
    frames,
    kinds,
    own: ownFrames(frames),
    asked: askedIn(frames),
    left: null,
    last: null,
  }
  const placed = new Map<number, FrameLog[]>()
  const rest: Log[] = []
  for (const log of logs) {
    const frame = frameFor(log, search)
    if (frame === undefined) {
      rest.push(log)
      continue
    }
    const position = childrenBefore(frame, search)
    placed.set(frame.index, [...(placed.get(frame.index) ?? []), { ...log, position }])
    search.last = { frame, topic: log.topics[0], furthest: Math.max(frame.index, search.last?.furthest ?? 0) }
  }
  return { frames: frames.map((frame) => withLogs(frame, placed.get(frame.index))), rest }
}

function withLogs(frame: Frame, logs: readonly FrameLog[] | undefined): Frame {
  return logs === undefined ? frame : { ...frame, logs }
}

type Search = {
  frames: readonly Frame[]
  kinds: TokenKinds
  /** Frames that can emit, by the contract that their logs would have; in order. */
  own: ReadonlyMap<Address, readonly Frame[]>
  /** Movements that calls requested and no log has shown yet, by token. */
  asked: ReadonlyMap<Address, TransferFact[]>
  /** The part of a call's request that its log does not cover: its fee, expected in the next log. */
  left: TransferFact | null
  last: { frame: Frame; topic: string | undefined; furthest: number } | null
}

function ownFrames(frames: readonly Frame[]): Map<Address, Frame[]> {
  const own = new Map<Address, Frame[]>()
  const isStatic: boolean[] = []
  for (const frame of frames) {
    isStatic[frame.index] = frame.type === 'STATICCALL' || isStatic[frame.parent] === true
    if (frame.context === null || frame.reverted || isStatic[frame.index] || frame.type === 'SELFDESTRUCT')
      continue
    // delegated code emits in its caller’s name, and as far as can be determined in its caller’s frame
    if (frames[frame.parent]?.context === frame.context && frame.type !== 'CALL') continue
    const known = own.get(frame.context)
    if (known === undefined) own.set(frame.context, [frame])
    else known.push(frame)
  }
  return own
}

function askedIn(frames: readonly Frame[]): Map<Address, TransferFact[]> {
  const asked = new Map<Address, TransferFact[]>()
  for (const frame of frames) {
    const movement = frame.reverted || frame.to === null ? undefined : movementFromCall(frame, frames)
    if (movement === undefined || frame.to === null) continue
    const known = asked.get(frame.to)
    if (known === undefined) asked.set(frame.to, [movement])
    else known.push(movement)
  }
  return asked
}

/** Maximum look-ahead over movements and frames: a token called thousands of times is called in order. */
const MOST_AHEAD = 256

function frameFor(log: Log, search: Search): Frame | undefined {
  const { frames, asked, own, last, kinds } = search
  const waiting = asked.get(log.address) ?? []
  const [first] =
    waiting.length === 0 && search.left === null ? [] : movementsFromLog(log, { frame: -1, frames, kinds })
  const said = first?.kind === 'transfer' ? first : undefined
  const movement = takeAsked(log, said, waiting)
  if (movement !== undefined) {
    const amount = movement.amount - (said?.amount ?? movement.amount)
    search.left = amount > 0n ? { ...movement, amount } : null
    return frames[movement.frame]
  }
  const { left } = search
  if (left !== null && said?.asset === left.asset && said.from === left.from && said.amount <= left.amount) {
    left.amount -= said.amount
    return frames[left.frame]
  }
  if (last?.frame.context === log.address && last.topic !== log.topics[0]) return last.frame
  const candidates = own.get(log.address) ?? []
  const next = firstAfter(last?.frame.index ?? -1, candidates)
  if (next < candidates.length) return candidates[next]
  const open = candidates.slice(-MOST_AHEAD).filter(({ end }) => last === null || end > last.furthest)
  return open.findLast((frame) => frame !== last?.frame) ?? open.at(-1)
}

/**
 * Removes the movement that a log shows from those that calls requested: the exact one, else one of more (a fee is
 * withheld).
 */
function takeAsked(
  log: Log,
  said: TransferFact | undefined,
  waiting: TransferFact[],
): TransferFact | undefined {
  const ahead = waiting.slice(0, MOST_AHEAD)
  const same = ahead.findIndex((it) => (said === undefined ? tellsOfWrap(log, it) : isSameMovement(said, it)))
  const index =
    same !== -1 || said === undefined
      ? same
      : ahead.findIndex((it) => it.from === said.from && it.to === said.to && it.amount > said.amount)
  return index === -1 ? undefined : waiting.splice(index, 1)[0]
}

/** Index of the first frame after an index, in ordered frames. */
function firstAfter(index: number, frames: readonly Frame[]): number {
  let [low, high] = [0, frames.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((frames[middle]?.index ?? 0) > index) high = middle
    else low = middle + 1
  }
  return low
}

/** A log comes after the calls in which others were emitted before it. */
function childrenBefore(frame: Frame, { frames, last }: Search): number {
  if (last === null || last.furthest <= frame.index) return 0
  let children = 0
  for (let i = frame.index + 1; i < frame.end && i <= last.furthest; i = frames[i]?.end ?? frame.end)
    children++
  return children
}

function isSameMovement(said: TransferFact, asked: TransferFact): boolean {
  if (said.from !== asked.from || said.to !== asked.to) return false
  if (said.tokenId === asked.tokenId) return said.amount === asked.amount
  // transferFrom of EIP-721 has the same form as in EIP-20: the amount is the id
  return said.tokenId === asked.amount
}
