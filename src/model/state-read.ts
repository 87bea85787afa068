import type { Address, Hex } from './hex.ts'

/** A view call whose answer at the end of a block is needed. */
export type StateCall = { to: Address; data: Hex }

/** A StateRead: the answer of a call on the state after a block; null where it reverted or could not be made. */
export type StateRead = StateCall & { answer: Hex | null }
