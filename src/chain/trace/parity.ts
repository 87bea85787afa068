import { CordonError } from '../../kit/error.ts'
import { canonicalJson } from '../../kit/json.ts'
import type { Frame, FrameType } from '../../model/block.ts'
import { closeSubtrees, contextOf } from './call-tracer.ts'
import type { Raw } from './fields.ts'
import {
  address,
  addressOrNull,
  array,
  hexOrEmpty,
  integer,
  integerOrNull,
  malformed,
  object,
  quantityOrNull,
  textOrNull,
} from './fields.ts'
import { DEEPEST, foreign, frameTypeOf, known, type ReadType } from './frame-type.ts'

/** Parity's error messages, mapped to geth's. */
const ERRORS: Record<string, string> = {
  Reverted: 'execution reverted',
  'Out of gas': 'out of gas',
  'Bad instruction': 'invalid opcode',
  'Bad jump destination': 'invalid jump destination',
  'Stack underflow': 'stack underflow',
  'Out of stack': 'stack limit reached',
  'Mutable Call In Static Context': 'write protection',
}

type Mutable = { -readonly [K in keyof Frame]: Frame[K] }

/**
 * Frames of one transaction from its Parity traces (`trace_block`, `trace_transaction`): flat, in any order, nested by
 * `traceAddress`. Rewards are left out, whatever transaction they name; a duplicate trace counts once. Parity records
 * no logs. Throws `chain.MalformedField`, `chain.BrokenTrace` when a frame's parent is missing.
 */
export function framesFromParity(traces: readonly unknown[], path: string): Frame[] {
  const frames: Mutable[] = []
  /** The latest trace at each depth, and its frame: the parent of one at depth d is the latest at d − 1. */
  const latest: (readonly number[])[] = []
  const indices: number[] = []
  for (const { raw, at } of inOrder(traces, path)) {
    const depth = at.length
    const above = latest[depth - 1]
    if (depth > DEEPEST) throw malformed(`${path}.traceAddress`, `at most ${DEEPEST} calls deep`, depth)
    const isOrphan = depth > 0 && (above === undefined || !isAbove(above, at))
    if (isOrphan || (depth === 0 && frames.length > 0)) throw brokenTrace(path, raw)
    const parent = depth === 0 ? -1 : (indices[depth - 1] ?? -1)
    latest[depth] = at
    latest.length = depth + 1
    indices[depth] = frames.length
    frames.push(frameOf(raw, { index: frames.length, parent, depth, above: frames[parent] }, path))
  }
  return closeSubtrees(frames)
}

/** True for rewards of a block's producer or an uncle's: not part of any transaction, whatever the trace names. */
export function isReward(raw: Raw): boolean {
  const action = raw['action']
  if (raw['type'] !== 'call' && String(raw['type']).toLowerCase() === 'reward') return true
  return typeof action === 'object' && action !== null && 'rewardType' in action
}

/** A trace and its `traceAddress`. */
type Placed = { raw: Raw; at: readonly number[] }

/** Execution order is the order of the addresses: some nodes answer in another one. */
function inOrder(traces: readonly unknown[], path: string): Placed[] {
  const placed = traces.flatMap((item) => {
    const raw = object(item, path)
    return isReward(raw) ? [] : [{ raw, at: addressOf(raw, path) }]
  })
  const isSorted = placed.every((item, i) => i === 0 || compare(placed[i - 1]?.at ?? [], item.at) < 0)
  if (isSorted) return placed
  placed.sort((a, b) => compare(a.at, b.at))
  return placed.filter((item, i) => {
    const before = placed[i - 1]
    const isSame = before !== undefined && compare(before.at, item.at) === 0
    return !(isSame && canonicalJson(before.raw) === canonicalJson(item.raw))
  })
}

function addressOf(raw: Raw, path: string): readonly number[] {
  return array(raw['traceAddress'], `${path}.traceAddress`).map((place) =>
    integer(place, `${path}.traceAddress`),
  )
}

function compare(a: readonly number[], b: readonly number[]): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const apart = (a[i] ?? 0) - (b[i] ?? 0)
    if (apart !== 0) return apart
  }
  return a.length - b.length
}

function isAbove(parent: readonly number[], child: readonly number[]): boolean {
  return parent.every((place, i) => place === child[i])
}

type Place = { index: number; parent: number; depth: number; above: Frame | undefined }

function frameOf(raw: Raw, place: Place, path: string): Mutable {
  const action = object(raw['action'], `${path}.action`)
  const result =
    raw['result'] === undefined || raw['result'] === null ? {} : object(raw['result'], `${path}.result`)
  const parts = partsOf(raw, { action, result }, path)
  const error = textOrNull(raw['error'])
  // written out, not spread: frames of one shape make every later reader fast
  const frame: Mutable = {
    index: place.index,
    parent: place.parent,
    depth: place.depth,
    end: place.index + 1,
    type: parts.type,
    from: parts.from,
    to: parts.to,
    context: contextOf(parts.type, parts.from, parts.to, place.above),
    input: parts.input,
    output: parts.output,
    value: parts.value ?? 0n,
    gas: integerOrNull(action['gas'], `${path}.action.gas`) ?? -1,
    gasUsed: integerOrNull(result['gasUsed'], `${path}.result.gasUsed`) ?? -1,
    error: error === null ? null : (ERRORS[error] ?? error),
    revertReason: null,
    reverted: error !== null || place.above?.reverted === true,
    logs: [],
  }
  if (parts.foreignType !== null) frame.foreignType = parts.foreignType
  if (parts.value === null && parts.type === 'SELFDESTRUCT') frame.valueUnknown = true
  return frame
}

/** `value` is null where it was not recorded. */
type Parts = ReadType & Pick<Frame, 'from' | 'to' | 'input' | 'output'> & { value: bigint | null }
type Said = { action: Raw; result: Raw }

/** The fields of an action are more reliable than its trace's type: nodes were seen to label a suicide as a call. */
function partsOf(raw: Raw, { action, result }: Said, path: string): Parts {
  if (action['refundAddress'] !== undefined) return destroyed(action, path)
  const word = String(raw['type'] ?? '')
  const named = word === '' ? undefined : frameTypeOf(word)
  if (action['init'] !== undefined || named === 'CREATE' || named === 'CREATE2')
    return created(word, { action, result }, path)
  const from = address(action['from'], `${path}.action.from`)
  const to = address(action['to'], `${path}.action.to`)
  const input = hexOrEmpty(action['input'], `${path}.action.input`)
  const output = hexOrEmpty(result['output'], `${path}.result.output`)
  const read = word !== '' && named === undefined ? foreign(word) : calledBy(action, named)
  const value = weiOf(action['value'] ?? action['balance'], path)
  return { type: read.type, foreignType: read.foreignType, from, to, input, output, value }
}

function calledBy({ callType }: Raw, named: FrameType | undefined): ReadType {
  const word = String(callType ?? '')
  if (word === '') return known(named ?? 'CALL')
  const type = frameTypeOf(word)
  if (type !== undefined) return known(type)
  return word.toLowerCase() === 'none' ? known(named ?? 'CALL') : foreign(word)
}

function created(word: string, { action, result }: Said, path: string): Parts {
  const method = frameTypeOf(String(action['creationMethod'] ?? ''))
  return {
    type: method === 'CREATE2' || frameTypeOf(word) === 'CREATE2' ? 'CREATE2' : 'CREATE',
    foreignType: null,
    from: address(action['from'], `${path}.action.from`),
    to: addressOrNull(result['address'], `${path}.result.address`),
    input: hexOrEmpty(action['init'] ?? action['input'], `${path}.action.init`),
    output: hexOrEmpty(result['code'], `${path}.result.code`),
    value: weiOf(action['value'], path),
  }
}

function destroyed(action: Raw, path: string): Parts {
  return {
    type: 'SELFDESTRUCT',
    foreignType: null,
    from: address(action['address'] ?? action['from'], `${path}.action.address`),
    to: address(action['refundAddress'], `${path}.action.refundAddress`),
    input: '0x',
    output: '0x',
    value: weiOf(action['balance'] ?? action['value'], path),
  }
}

function weiOf(value: unknown, path: string): bigint | null {
  return quantityOrNull(value, `${path}.action.value`)
}

function brokenTrace(path: string, raw: Raw): CordonError {
  return new CordonError({
    code: 'chain.BrokenTrace',
    message: 'A Parity trace names a parent that is not in the trace.',
    facts: { field: path, traceAddress: raw['traceAddress'], transaction: raw['transactionHash'] },
    fix: 'The trace is cut off: fetch the traces of the block again, or use another node.',
  })
}
