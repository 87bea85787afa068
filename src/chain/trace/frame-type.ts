import type { Frame, FrameType } from '../../model/block.ts'
import type { Raw } from './fields.ts'

/** What a frame does, and the tracer's own word for it where that word is none that Cordon knows. */
export type ReadType = Pick<Frame, 'type' | 'foreignType'>

/** Upper case, without separators. The last line: the EVM object format (EIP-7069, EIP-7620), and an old name. */
const WORDS: ReadonlyMap<string, FrameType> = new Map<string, FrameType>([
  ['CALL', 'CALL'],
  ['STATICCALL', 'STATICCALL'],
  ['DELEGATECALL', 'DELEGATECALL'],
  ['CALLCODE', 'CALLCODE'],
  ['CREATE', 'CREATE'],
  ['CREATE2', 'CREATE2'],
  ['SELFDESTRUCT', 'SELFDESTRUCT'],
  ['SUICIDE', 'SELFDESTRUCT'],
  ['EXTCALL', 'CALL'],
  ['EXTSTATICCALL', 'STATICCALL'],
  ['EXTDELEGATECALL', 'DELEGATECALL'],
  ['EOFCREATE', 'CREATE'],
])

const LONGEST_WORD = 40

/** Calls within calls. The EVM stops at 1,024; some chains count differently, none allows thousands more. */
export const DEEPEST = 4_096

/** The frame type that a word means, in any letter case; undefined for a word that is not known. */
export function frameTypeOf(word: string): FrameType | undefined {
  return WORDS.get(word) ?? WORDS.get(word.toUpperCase().replaceAll(/[\s_-]/g, ''))
}

/**
 * The type of a callTracer frame. Without a word it is what the frame has: a creation where it leaves code behind or
 * names nobody, else a call. A word that is not known (Arbitrum says `INVALID` of transfers that no call makes) is a
 * movement of the frame's value, and is kept as `foreignType`.
 */
export function typeOfFrame(raw: Raw, isCreation: boolean): ReadType {
  const word = raw['type']
  if (word === undefined || word === null || word === '')
    return { type: isCreation || createsCode(raw) ? 'CREATE' : 'CALL' }
  const text = String(word)
  const type = frameTypeOf(text)
  return type === undefined ? foreign(text) : { type }
}

/** A frame whose word means no call of the EVM. */
export function foreign(word: string): ReadType {
  return { type: 'CALL', foreignType: word.slice(0, LONGEST_WORD) }
}

/** Init code carries the code that it leaves behind; calldata does not carry its answer, but for padded words. */
function createsCode({ to, input, output }: Raw): boolean {
  if (to === undefined || to === null) return true
  if (typeof input !== 'string' || typeof output !== 'string' || output.length < 10) return false
  return !output.startsWith('0x00') && input.slice(2).includes(output.slice(2, 66))
}
