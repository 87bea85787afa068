import { getContractAddress } from 'viem'
import type { FrameType } from '../../model/block.ts'
import type { Address, Hex } from '../../model/hex.ts'
import { addressFrom, memoryAt, memoryWords, type Step, stackAt, wordHex } from './struct-step.ts'

/** What an instruction asks for that makes a frame. */
export type Asked = {
  type: FrameType
  to: Address | null
  input: Hex
  /** Null for DELEGATECALL, which keeps its caller's. */
  value: bigint | null
  /** Where the answer goes in the caller's memory. */
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

/** What access to the callee costs, by fork: warm and cold since Berlin, before it, before EIP-150. */
const ACCESS = [100, 2_600, 700, 40]
/** For value that moves (EIP-150), and to an account that is not there yet (EIP-161). */
const VALUE = [9_000, 34_000]
const STIPEND = 2_300

/** Gas that came back from a call, and where in the answer we are. */
type Returned = { returned: number; path: string }

/**
 * Gas that a call without code (an account, a precompile) was given. `gasCost` has it and the price of the call together:
 * the price whose rest is what EIP-150 lets pass is the right one; else what came back is all that is known.
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

/** The price of more memory (Yellow Paper, appendix G: 3 a word and the square over 512). */
function expansion(words: number, regions: readonly (readonly [bigint, bigint])[]): number {
  const needed = regions.map(([offset, length]) =>
    length === 0n ? 0 : Math.ceil(Number(offset + length) / 32),
  )
  const cost = (count: number): number => 3 * count + Math.floor((count * count) / 512)
  return cost(Math.max(words, ...needed)) - cost(words)
}
