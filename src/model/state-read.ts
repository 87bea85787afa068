import type { Address, Hex } from './hex.ts'

/** A view call whose answer at the end of a block somebody wants to know. */
export type StateCall = { to: Address; data: Hex }

/** A StateRead: what a call answered on the state after a block; null where it reverted or could not be asked. */
export type StateRead = StateCall & { answer: Hex | null }
