import { getContractAddress } from 'viem'
import type { FrameType } from '../../model/block.ts'
import type { Address, Hex } from '../../model/hex.ts'
import { addressFrom, memoryAt, memoryWords, type Step, stackAt, wordHex } from './struct-step.ts'

/** The request of an instruction that makes a frame. */
export type Asked = {
  type: FrameType
  to: Address | null
  input: Hex
  /** Null for DELEGATECALL, which keeps its caller's. */
  value: bigint | null
  /** The range in the caller's memory that receives the answer. */
  out: readonly [bigint, bigint]
}

const CALLS: ReadonlySet<string> = new Set(['CALL', 'CALLCODE', 'DELEGATECALL', 'STATICCALL'])

export function isCall(op: string): boolean {
  return CALLS.has(op)
}

export function isCreate(op: string): boolean {
  return op === 'CREATE' || op === 'CREATE2'
}

/** The request of a CALL or CREATE instruction, from the stack and memory before it. */
export function askedBy(step: Step, context: Address | null, path: string): Asked {
  const at = (n: number): bigint => stackAt(step, n, path)
  if (isCreate(step.op)) {
    const input = memoryAt(step, [at(1), at(2)], path)
    const to =
      step.op === 'CREATE2' && context !== null
        ? (getContractAddress({
            opcode: 'CREATE2',
            from: context,
            salt: wordHex(at(3)),
            bytecode: input,
          }).toLowerCase() as Address)
        : null
    return { type: step.op as FrameType, to, input, value: at(0), out: [0n, 0n] }
  }
  const hasValue = step.op === 'CALL' || step.op === 'CALLCODE'
  const args = hasValue ? 3 : 2
  return {
    type: step.op as FrameType,
    to: addressFrom(at(1)),
    input: memoryAt(step, [at(args), at(args + 1)], path),
    value: hasValue ? at(2) : step.op === 'STATICCALL' ? 0n : null,
    out: [at(args + 2), at(args + 3)],
  }
}

/** The cost of access to the callee, by fork: warm and cold since Berlin, before it, before EIP-150. */
const ACCESS = [100, 2_600, 700, 40]
/** The cost of value that moves (EIP-150), and of an account that does not exist yet (EIP-161). */
const VALUE = [9_000, 34_000]
const STIPEND = 2_300

/** The gas returned from a call, and the position in the answer. */
type Returned = { returned: number; path: string }

/**
 * The gas given to a call without code (an account, a precompile). `gasCost` contains it together with the price of the
 * call: the right price is the one whose rest equals the amount that EIP-150 lets pass; otherwise only the returned gas
 * is known.
 */
export function gasGiven(step: Step, { value, out }: Asked, { returned, path }: Returned): number {
  const wanted = stackAt(step, 0, path)
  const isPaid = value !== null && value > 0n
  const stipend = isPaid ? STIPEND : 0
  const args = step.op === 'CALL' || step.op === 'CALLCODE' ? 3 : 2
  const input: readonly [bigint, bigint] = [stackAt(step, args, path), stackAt(step, args + 1, path)]
  const memory = expansion(memoryWords(step, path), [input, out])
  for (const access of ACCESS)
    for (const extra of isPaid ? VALUE : [0]) {
      const price = access + extra + memory
      const left = step.gas - price
      const most = left - Math.floor(left / 64)
      const given = wanted < BigInt(most) ? Number(wanted) : most
      if (left >= 0 && given === step.gasCost - price && given + stipend >= returned) return given + stipend
    }
  return returned
}

/** The price of more memory (Yellow Paper, appendix G: 3 per word and the square over 512). */
function expansion(words: number, regions: readonly (readonly [bigint, bigint])[]): number {
  const needed = regions.map(([offset, length]) =>
    length === 0n ? 0 : Math.ceil(Number(offset + length) / 32),
  )
  const cost = (count: number): number => 3 * count + Math.floor((count * count) / 512)
  return cost(Math.max(words, ...needed)) - cost(words)
}
