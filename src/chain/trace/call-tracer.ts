import type { Frame, FrameLog, FrameType, StorageAccess } from '../../model/block.ts'
import type { Address } from '../../model/hex.ts'
import type { Raw } from './fields.ts'
import {
  address,
  addressOrNull,
  array,
  hash,
  hex,
  hexNumber,
  hexOrEmpty,
  malformed,
  object,
  quantity,
  textOrNull,
} from './fields.ts'
import { DEEPEST, typeOfFrame } from './frame-type.ts'

type Pending = { raw: Raw; parent: number; depth: number }
type Mutable = { -readonly [K in keyof Frame]: Frame[K] }

/**
 * Frames of one transaction, in execution order, from geth's callTracer (nested `calls`). Walks with its own stack, so
 * a thousand-deep or ten-thousand-wide trace takes time but is not dangerous. `isCreation` means that the transaction
 * has no callee, for tracers that leave the type of the root out. Throws `chain.MalformedField`.
 */
export function framesFromCallTracer(root: unknown, path: string, isCreation = false): Frame[] {
  const frames: Mutable[] = []
  const stack: Pending[] = [{ raw: object(root, path), parent: -1, depth: 0 }]
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    const index = frames.length
    frames.push(frameOf(next, { index, parent: frames[next.parent], path, isCreation }))
    const calls = next.raw['calls']
    if (calls === undefined || calls === null) continue
    const list = array(calls, `${path}.calls`)
    if (list.length > 0 && next.depth >= DEEPEST)
      throw malformed(`${path}.calls`, `at most ${DEEPEST} calls deep`, '…')
    for (let i = list.length - 1; i >= 0; i--) {
      stack.push({ raw: object(list[i], `${path}.calls`), parent: index, depth: next.depth + 1 })
    }
  }
  return closeSubtrees(frames)
}

/** The same for an arbitrary answer; empty where it is not a trace. */
export function framesIfAny(answer: unknown, path: string): Frame[] {
  try {
    return framesFromCallTracer(answer, path)
  } catch {
    return []
  }
}

type Place = { index: number; parent: Frame | undefined; path: string; isCreation: boolean }

function frameOf(pending: Pending, { index, parent, path, isCreation }: Place): Mutable {
  const { raw } = pending
  const read = typeOfFrame(raw, isCreation && index === 0)
  const { type, foreignType } = read
  const hasValue = raw['value'] !== undefined && raw['value'] !== null
  const to = addressOrNull(raw['to'], `${path}.to`)
  const from = addressOrNull(raw['from'], `${path}.from`)
  const error = textOrNull(raw['error'])
  const frame: Mutable = {
    index,
    parent: pending.parent,
    depth: pending.depth,
    end: index + 1,
    type,
    from,
    to,
    context: contextOf(type, from, to, parent),
    input: hexOrEmpty(raw['input'], `${path}.input`),
    output: hexOrEmpty(raw['output'], `${path}.output`),
    value: hasValue ? quantity(raw['value'], `${path}.value`) : 0n,
    gas: gasOf(raw['gas'], `${path}.gas`),
    gasUsed: gasOf(raw['gasUsed'], `${path}.gasUsed`),
    error,
    revertReason: textOrNull(raw['revertReason']),
    reverted: error !== null || parent?.reverted === true,
    logs: logsOf(raw['logs'], path),
  }
  if (foreignType !== null) frame.foreignType = foreignType
  if (type === 'SELFDESTRUCT' && !hasValue) frame.valueUnknown = true
  if (raw['storage'] !== undefined) frame.storage = storageOf(raw['storage'], path)
  return frame
}

/** The account whose storage a frame acts on: delegated code runs in its caller's context. */
export function contextOf(
  type: FrameType,
  from: Address | null,
  to: Address | null,
  parent: Frame | undefined,
): Address | null {
  if (type === 'DELEGATECALL' || type === 'CALLCODE') return parent?.context ?? from
  if (type === 'SELFDESTRUCT') return from
  return to
}

/** Sets each frame's `end` from the parents: one backward pass over the pre-order. */
export function closeSubtrees(frames: Mutable[]): Frame[] {
  for (let i = frames.length - 1; i > 0; i--) {
    const frame = frames[i]
    const parent = frame === undefined ? undefined : frames[frame.parent]
    if (frame !== undefined && parent !== undefined && parent.end < frame.end) parent.end = frame.end
  }
  return frames
}

const NO_LOGS: readonly FrameLog[] = []

function logsOf(value: unknown, path: string): readonly FrameLog[] {
  if (value === undefined || value === null) return NO_LOGS
  return array(value, `${path}.logs`).map((item, order) => {
    const raw = object(item, `${path}.logs`)
    return {
      address: address(raw['address'], `${path}.logs.address`),
      topics: array(raw['topics'] ?? [], `${path}.logs.topics`).map((topic) =>
        hash(topic, `${path}.logs.topics`),
      ),
      data: hexOrEmpty(raw['data'], `${path}.logs.data`),
      position: raw['position'] === undefined ? order : gasOf(raw['position'], `${path}.logs.position`),
    }
  })
}

/** Both spellings occur: ours, and the opcode that made the access. */
const STORAGE_OPS: Record<string, StorageAccess['op']> = {
  read: 'read',
  write: 'write',
  SLOAD: 'read',
  SSTORE: 'write',
}

function storageOf(value: unknown, path: string): readonly StorageAccess[] {
  return array(value, `${path}.storage`).map((item) => {
    const raw = object(item, `${path}.storage`)
    const op = STORAGE_OPS[String(raw['op'])]
    if (op === undefined) throw malformed(`${path}.storage.op`, 'read, write, SLOAD or SSTORE', raw['op'])
    return {
      op,
      address: address(raw['address'], `${path}.storage.address`),
      slot: hex(raw['slot'], `${path}.storage.slot`),
      value:
        raw['value'] === null || raw['value'] === undefined
          ? null
          : hex(raw['value'], `${path}.storage.value`),
    }
  })
}

/** Gas and positions: hex quantities that fit a number, −1 where not recorded. */
function gasOf(value: unknown, path: string): number {
  if (value === undefined || value === null) return -1
  const parsed = hexNumber(value)
  if (parsed !== undefined) return parsed
  throw malformed(path, 'a quantity', value)
}
