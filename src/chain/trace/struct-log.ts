import { CordonError } from '../../kit/error.ts'
import type { Frame, FrameLog, StorageAccess } from '../../model/block.ts'
import type { Address, Hex } from '../../model/hex.ts'
import { closeSubtrees } from './call-tracer.ts'
import { array, hexOrEmpty, object, textOrNull } from './fields.ts'
import { type Asked, askedBy, gasGiven, isCall, isCreate } from './struct-call.ts'
import { addressFrom, memoryAt, type Step, stackAt, stepOf, wordHex } from './struct-step.ts'

/** The data about the transaction itself that struct logs lack. */
export type StructRoot = {
  from: Address | null
  /** Null where it creates a contract. */
  to: Address | null
  input: Hex
  value: bigint
  /** The transaction's limit; −1 where not known. */
  gas: number
  contractAddress: Address | null
}

type Mutable = { -readonly [K in keyof Frame]: Frame[K] } & { logs: FrameLog[]; storage: StorageAccess[] }

/** A running frame, and the position of its last step. */
type Open = { frame: Mutable; depth: number; children: number; last: Step | undefined }

type Reading = { steps: readonly Step[]; next: readonly number[]; path: string }

/**
 * Frames of one transaction, as callTracer gives them and with their storage accesses, from geth's default tracer
 * (`debug_traceTransaction` with `enableMemory` and, for precompiles' answers, `enableReturnData`). It cannot show the
 * balance that SELFDESTRUCT moves (`valueUnknown`), nor the intended address of a contract whose creation by CREATE
 * failed. Throws `chain.MalformedField`, and `chain.BrokenTrace` where steps are missing.
 */
export function framesFromStructLog(answer: unknown, root: StructRoot, path: string): Frame[] {
  const raw = object(answer, path)
  const steps = array(raw['structLogs'], `${path}.structLogs`).map((item) =>
    stepOf(item, `${path}.structLogs`),
  )
  const reading = { steps, next: nextAtDepth(steps, path), path: `${path}.structLogs` }
  const top = rootFrame(root)
  if (raw['failed'] === true) top.error = 'failed'
  const frames: Mutable[] = [top]
  const open: Open[] = [{ frame: top, depth: 1, children: 0, last: undefined }]
  steps.forEach((step, index) => {
    while ((open.at(-1)?.depth ?? 0) > step.depth) close(open.pop())
    const current = open.at(-1)
    if (current === undefined) return
    current.last = step
    const child = act({ index, step }, current, reading)
    if (child === undefined) return
    child.index = frames.length
    child.end = frames.length + 1
    frames.push(child)
    current.children++
    if (steps[index + 1]?.depth === step.depth + 1)
      open.push({ frame: child, depth: step.depth + 1, children: 0, last: undefined })
  })
  while (open.length > 0) close(open.pop())
  return finish(frames, raw, path)
}

function rootFrame({ from, to, input, value, gas, contractAddress }: StructRoot): Mutable {
  const asked: Asked = {
    type: to === null ? 'CREATE' : 'CALL',
    to: to ?? contractAddress,
    input,
    value,
    out: [0n, 0n],
  }
  return { ...frameOf(asked, undefined), from, context: to ?? contractAddress, gas }
}

function frameOf({ type, to, input, value }: Asked, parent: Mutable | undefined): Mutable {
  const isDelegated = type === 'DELEGATECALL' || type === 'CALLCODE'
  return {
    index: 0,
    parent: parent?.index ?? -1,
    depth: parent === undefined ? 0 : parent.depth + 1,
    end: 1,
    type,
    from: parent?.context ?? null,
    to,
    context: isDelegated ? (parent?.context ?? null) : to,
    input,
    output: '0x',
    value: value ?? parent?.value ?? 0n,
    gas: -1,
    gasUsed: -1,
    error: null,
    revertReason: null,
    reverted: false,
    logs: [],
    storage: [],
  }
}

type At = { index: number; step: Step }

/**
 * The effect of one step: a frame that it opens, or an effect recorded in its own frame. An instruction that failed has
 * no effect.
 */
function act({ index, step }: At, { frame, children }: Open, reading: Reading): Mutable | undefined {
  const { steps, next, path } = reading
  const { op } = step
  const after = steps[next[index] ?? -1]
  if (op === 'SELFDESTRUCT' && step.error === null && step.gas >= step.gasCost) {
    const to = addressFrom(stackAt(step, 0, path))
    const asked: Asked = { type: 'SELFDESTRUCT', to, input: '0x', value: 0n, out: [0n, 0n] }
    return { ...frameOf(asked, frame), context: frame.context, gas: 0, gasUsed: 0, valueUnknown: true }
  }
  if (after === undefined || step.error !== null) return undefined
  if (isCall(op) || isCreate(op)) return childOf({ index, step }, { after, frame }, reading)
  if (op === 'SLOAD') note(frame, ['read', stackAt(step, 0, path), stackAt(after, 0, path)])
  if (op === 'SSTORE') note(frame, ['write', stackAt(step, 0, path), stackAt(step, 1, path)])
  if (/^LOG[0-4]$/.test(op)) frame.logs.push(logOf(step, { frame, children }, path))
  return undefined
}

function note(frame: Mutable, [op, slot, value]: [StorageAccess['op'], bigint, bigint]): void {
  if (frame.context !== null)
    frame.storage.push({ op, address: frame.context, slot: wordHex(slot), value: wordHex(value) })
}

function logOf(step: Step, { frame, children }: Pick<Open, 'frame' | 'children'>, path: string): FrameLog {
  const count = Number(step.op.slice(3))
  const topics = Array.from({ length: count }, (_, i) => wordHex(stackAt(step, 2 + i, path)))
  const data = memoryAt(step, [stackAt(step, 0, path), stackAt(step, 1, path)], path)
  return { address: frame.context ?? addressFrom(0n), topics, data, position: children }
}

/** The frame of a call: the step after it shows whether it succeeded, and the address of a created contract. */
function childOf(at: At, around: { after: Step; frame: Mutable }, reading: Reading): Mutable {
  const { steps, path } = reading
  const { after, frame } = around
  const result = stackAt(after, 0, path)
  const asked = askedBy(at.step, frame.context, path)
  const created = isCreate(at.step.op)
  const to = created && result !== 0n ? addressFrom(result) : asked.to
  const child = frameOf({ ...asked, to }, frame)
  const first = steps[at.index + 1]
  if (created && result === 0n) child.to = null
  if (result === 0n) child.error = 'failed'
  if (first?.depth === at.step.depth + 1) return { ...child, gas: first.gas }
  return withoutSteps(child, { step: at.step, after, asked }, path)
}

/** Accounts, precompiles, empty code, and calls refused before they began: they have no steps. */
function withoutSteps(
  child: Mutable,
  { step, after, asked }: { step: Step; after: Step; asked: Asked },
  path: string,
): Mutable {
  if (isCreate(child.type)) return child
  const returned = Math.max(0, after.gas - (step.gas - step.gasCost))
  const gas = gasGiven(step, asked, { returned, path })
  if (child.error === 'failed' && returned > 0)
    child.error = step.depth >= 1_024 ? 'max call depth exceeded' : 'insufficient balance for transfer'
  const answer = after.raw['returnData']
  const output =
    answer === undefined || answer === null
      ? memoryAt(after, child.error === null ? asked.out : [0n, 0n], path)
      : hexOrEmpty(`0x${String(answer).replace(/^0x/, '')}`, `${path}.returnData`)
  return { ...child, gas, gasUsed: gas - returned, output }
}

/** Applies the last step of a frame to it. */
function close(opened: Open | undefined): void {
  const { frame, last } = opened ?? {}
  if (frame === undefined || last === undefined) return
  const { op } = last
  const path = 'structLogs'
  const ended = op === 'RETURN' || op === 'REVERT'
  const isHalted = last.error !== null || (frame.error !== null && op !== 'REVERT')
  if (ended && !isHalted)
    frame.output = memoryAt(last, [stackAt(last, 0, path), stackAt(last, 1, path)], path)
  if (op === 'REVERT' && last.error === null) frame.error = 'execution reverted'
  else if (isHalted) frame.error = haltOf(last)
  if (frame.parent < 0) return
  const deposit = isCreate(frame.type) && frame.error === null ? 100 * (frame.output.length - 2) : 0
  frame.gasUsed = isHalted ? frame.gas : frame.gas - (last.gas - last.gasCost) + deposit
}

/** revm's names for the reasons that stop a frame (anvil, reth), mapped to geth's. */
const HALTS: Readonly<Record<string, string>> = {
  OutOfGas: 'out of gas',
  MemoryOOG: 'out of gas',
  ReentrancySentryOOG: 'out of gas',
  InvalidOperandOOG: 'gas uint64 overflow',
  InvalidFEOpcode: 'invalid opcode: INVALID',
  OpcodeNotFound: 'invalid opcode',
  InvalidJump: 'invalid jump destination',
  StackUnderflow: 'stack underflow',
  StackOverflow: 'stack limit reached',
  OutOfOffset: 'return data out of bounds',
  StateChangeDuringStaticCall: 'write protection',
  CallNotAllowedInsideStatic: 'write protection',
}

/** Why a frame stopped, in geth's wording where the step has no error. */
function haltOf({ error, op, gas, gasCost }: Step): string {
  const word = error === null ? undefined : (/^Some\((\w+)\)$/.exec(error)?.[1] ?? error)
  if (word !== undefined) return HALTS[word] ?? word
  if (op === 'INVALID') return 'invalid opcode: INVALID'
  if (op === 'JUMP' || op === 'JUMPI') return 'invalid jump destination'
  if (op === 'RETURN') return 'contract creation code storage out of gas'
  return gasCost > gas ? 'out of gas' : 'failed'
}

function finish(frames: Mutable[], raw: Record<string, unknown>, path: string): Frame[] {
  const [root] = frames
  if (root !== undefined) {
    root.gasUsed = Number(raw['gas'] ?? -1)
    const output = textOrNull(raw['returnValue'])
    if (output !== null) root.output = hexOrEmpty(`0x${output.replace(/^0x/, '')}`, `${path}.returnValue`)
    if (root.type === 'CREATE' && root.error !== null) root.to = null
  }
  for (const frame of frames) frame.reverted = frame.error !== null || frames[frame.parent]?.reverted === true
  return closeSubtrees(frames)
}

/** For each step the next one of the same frame, or −1 where it was the frame's last. */
function nextAtDepth(steps: readonly Step[], path: string): number[] {
  const next: number[] = new Array(steps.length).fill(-1)
  const latest: number[] = []
  steps.forEach(({ depth }, index) => {
    if (depth > latest.length + 1) throw brokenSteps(path, index)
    const before = latest[depth - 1]
    if (before !== undefined) next[before] = index
    latest.length = depth - 1
    latest.push(index)
  })
  return next
}

function brokenSteps(path: string, index: number): CordonError {
  return new CordonError({
    code: 'chain.BrokenTrace',
    message: 'Steps of a trace are missing.',
    facts: { field: path, step: index },
    fix: 'The trace is cut off: request it again without a limit.',
  })
}
