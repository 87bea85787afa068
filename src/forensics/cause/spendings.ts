import { type Frame, NATIVE } from '../../model/block.ts'
import { type Address, ZERO_ADDRESS } from '../../model/hex.ts'
import { chosenCalls } from './chosen-calls.ts'
import type { Acting } from './movements.ts'

/** Tokens that moved although their owner took no part: by an allowance, or by a rule of the token. */
export type Spending = {
  /** The contract that asked the token to move them; null where the side asked the token itself. */
  spender: Address | null
  owner: Address
  asset: Address
  amount: bigint
  frame: number
  /** True where the side chose the target and the data of the call. */
  isChosen: boolean
}

/** An owner is looked for among this many frames around a movement. */
const MOST_AROUND = 64

/** Movements out of strangers that were not running. */
export function spendingsOf({ tx, side, crossings, ledger }: Acting): Spending[] {
  const { frames } = tx.transaction
  const isChosen = chosenCalls(frames, crossings)
  return ledger.transfers.flatMap(({ asset, from, amount, frame }): Spending[] => {
    if (asset === NATIVE || amount === 0n || from === ZERO_ADDRESS || from === asset || side.has(from))
      return []
    const asked = askedAt(frame, asset, frames)
    const caller = frames[asked?.parent ?? -1]
    if (asked === undefined) return []
    const by = caller?.context ?? (asked.parent < 0 ? tx.transaction.from : null)
    if (by === null || by === from || (caller !== undefined && isAround(from, caller, frames))) return []
    const spender = side.has(by) ? null : by
    const chosen = spender !== null && isChosen(asked)
    return [{ spender, owner: from, asset, amount, frame: asked.index, isChosen: chosen }]
  })
}

/** The outermost of the adjoining frames in which the token runs. */
export function askedAt(index: number, asset: string, frames: readonly Frame[]): Frame | undefined {
  let frame = frames[index]
  for (let step = 0; step < MOST_AROUND && frame?.context === asset; step++) {
    const above = frames[frame.parent]
    if (above?.context !== asset) return frame
    frame = above
  }
  return frame?.to === asset ? frame : undefined
}

function isAround(account: Address, frame: Frame, frames: readonly Frame[]): boolean {
  let at: Frame | undefined = frame
  for (let step = 0; step < MOST_AROUND && at !== undefined; step++) {
    if (at.context === account) return true
    at = frames[at.parent]
  }
  return false
}

/** Strangers that let the side spend their tokens in these transactions, and whether the side chose that call. */
export function consentsOf({
  tx,
  side,
  crossings,
}: Acting): { owner: Address; asset: string; frame: number; isChosen: boolean }[] {
  const { frames } = tx.transaction
  const isChosen = chosenCalls(frames, crossings)
  return tx.facts.flatMap((fact) => {
    if (fact.kind !== 'approval' || fact.amount === 0n || side.has(fact.owner) || !side.has(fact.spender))
      return []
    const asked = askedAt(fact.frame, fact.asset, frames)
    const caller = frames[asked?.parent ?? -1]?.context
    if (asked === undefined || caller !== fact.owner) return []
    return [{ owner: fact.owner, asset: fact.asset, frame: asked.index, isChosen: isChosen(asked) }]
  })
}
