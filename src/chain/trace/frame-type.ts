import type { FrameType } from '../../model/block.ts'
import type { Raw } from './fields.ts'

/** The type of a frame, and the tracer's own word for it where Cordon does not know that word, else null. */
export type ReadType = { type: FrameType; foreignType: string | null }

/** Created once, because hundreds of thousands of frames are read. */
const KNOWN = new Map<FrameType, ReadType>()

export function known(type: FrameType): ReadType {
  const made = KNOWN.get(type) ?? { type, foreignType: null }
  KNOWN.set(type, made)
  return made
}

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

/** The spellings of geth and Parity: nearly all of them, and looked up without creating a new string. */
const SPELLINGS: ReadonlyMap<string, FrameType> = new Map(
  [...WORDS].flatMap(([word, type]) => [
    [word, type],
    [word.toLowerCase(), type],
  ]),
)

const LONGEST_WORD = 40

/** Maximum nesting of calls. The EVM stops at 1,024; some chains count differently, none allows thousands more. */
export const DEEPEST = 4_096

/** The frame type of a word, in any letter case; undefined for an unknown word. */
export function frameTypeOf(word: string): FrameType | undefined {
  return SPELLINGS.get(word) ?? WORDS.get(word.toUpperCase().replaceAll(/[\s_-]/g, ''))
}

/**
 * The type of a callTracer frame. Without a word it is derived from the fields: a creation where it returns deployed
 * code or has no callee, else a call. An unknown word (Arbitrum uses `INVALID` for transfers without a call) is a
 * movement of the frame's value, and is kept as `foreignType`.
 */
export function typeOfFrame(raw: Raw, isCreation: boolean): ReadType {
  const word = raw['type']
  if (word === undefined || word === null || word === '')
    return known(isCreation || createsCode(raw) ? 'CREATE' : 'CALL')
  const text = String(word)
  const type = frameTypeOf(text)
  return type === undefined ? foreign(text) : known(type)
}

/** A frame whose word does not mean an EVM call. */
export function foreign(word: string): ReadType {
  return { type: 'CALL', foreignType: word.slice(0, LONGEST_WORD) }
}

/** Init code contains the code that it deploys; calldata does not contain its answer, except padded words. */
function createsCode({ to, input, output }: Raw): boolean {
  if (to === undefined || to === null) return true
  if (typeof input !== 'string' || typeof output !== 'string' || output.length < 10) return false
  return !output.startsWith('0x00') && input.slice(2).includes(output.slice(2, 66))
}
