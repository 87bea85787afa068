import { CordonError } from '../../kit/error.ts'
import type { Frame, FrameType } from '../../model/block.ts'
import { closeSubtrees, contextOf } from './call-tracer.ts'
import type { Raw } from './fields.ts'
import {
  address,
  addressOrNull,
  array,
  hexOrEmpty,
  integer,
  malformed,
  object,
  quantity,
  textOrNull,
} from './fields.ts'

const CALL_TYPES: Record<string, FrameType> = {
  call: 'CALL',
  staticcall: 'STATICCALL',
  delegatecall: 'DELEGATECALL',
  callcode: 'CALLCODE',
}

/** Parity's words for failures, in geth's. */
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
 * Frames of one transaction from its Parity traces (`trace_block`, `trace_transaction`): flat, in execution
 * order, nested by `traceAddress`. Block rewards must have been left out. Parity records no logs.
 * Throws `chain.MalformedField`, `chain.BrokenTrace` when a frame's parent is missing.
 */
export function framesFromParity(traces: readonly unknown[], path: string): Frame[] {
  const frames: Mutable[] = []
  /** The latest frame at each depth: the parent of a frame at depth d is the latest at d − 1. */
  const latest: number[] = []
  for (const item of traces) {
    const raw = object(item, path)
    const depth = array(raw['traceAddress'], `${path}.traceAddress`).length
    const parent = depth === 0 ? -1 : latest[depth - 1]
    if (parent === undefined || (depth === 0 && frames.length > 0)) throw brokenTrace(path, raw)
    latest[depth] = frames.length
    latest.length = depth + 1
    frames.push(frameOf(raw, { index: frames.length, parent, depth, above: frames[parent] }, path))
  }
  return closeSubtrees(frames)
}

type Place = { index: number; parent: number; depth: number; above: Frame | undefined }

function frameOf(raw: Raw, place: Place, path: string): Mutable {
  const action = object(raw['action'], `${path}.action`)
  const result =
    raw['result'] === undefined || raw['result'] === null ? {} : object(raw['result'], `${path}.result`)
  const parts = partsOf(raw, action, result, path)
  const error = textOrNull(raw['error'])
  return {
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
    value: parts.value,
    gas: action['gas'] === undefined ? -1 : integer(action['gas'], `${path}.action.gas`),
    gasUsed: result['gasUsed'] === undefined ? -1 : integer(result['gasUsed'], `${path}.result.gasUsed`),
    error: error === null ? null : (ERRORS[error] ?? error),
    revertReason: null,
    reverted: error !== null || place.above?.reverted === true,
    logs: [],
  }
}

type Parts = Pick<Frame, 'type' | 'from' | 'to' | 'input' | 'output' | 'value'>

function partsOf(raw: Raw, action: Raw, result: Raw, path: string): Parts {
  const kind = String(raw['type'])
  if (kind === 'call') {
    const type = CALL_TYPES[String(action['callType'] ?? 'call')]
    if (type === undefined)
      throw malformed(`${path}.action.callType`, 'a Parity call type', action['callType'])
    const from = address(action['from'], `${path}.action.from`)
    const to = address(action['to'], `${path}.action.to`)
    const input = hexOrEmpty(action['input'], `${path}.action.input`)
    const output = hexOrEmpty(result['output'], `${path}.result.output`)
    return { type, from, to, input, output, value: weiOf(action['value'], path) }
  }
  if (kind === 'create') {
    const type = action['creationMethod'] === 'create2' ? 'CREATE2' : 'CREATE'
    const from = address(action['from'], `${path}.action.from`)
    const to = addressOrNull(result['address'], `${path}.result.address`)
    const input = hexOrEmpty(action['init'], `${path}.action.init`)
    const output = hexOrEmpty(result['code'], `${path}.result.code`)
    return { type, from, to, input, output, value: weiOf(action['value'], path) }
  }
  if (kind === 'suicide' || kind === 'selfdestruct') {
    const from = address(action['address'], `${path}.action.address`)
    const to = address(action['refundAddress'], `${path}.action.refundAddress`)
    return {
      type: 'SELFDESTRUCT',
      from,
      to,
      input: '0x',
      output: '0x',
      value: weiOf(action['balance'], path),
    }
  }
  throw malformed(`${path}.type`, 'call, create or suicide', raw['type'])
}

function weiOf(value: unknown, path: string): bigint {
  return value === undefined || value === null ? 0n : quantity(value, `${path}.action.value`)
}

function brokenTrace(path: string, raw: Raw): CordonError {
  return new CordonError({
    code: 'chain.BrokenTrace',
    message: 'A Parity trace names a parent that is not there.',
    facts: { field: path, traceAddress: raw['traceAddress'], transaction: raw['transactionHash'] },
    fix: 'The trace is cut or out of order: fetch the block’s traces again, or use another node.',
  })
}
