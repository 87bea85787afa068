import type { Frame } from '../../model/block.ts'
import { type Address, ZERO_ADDRESS } from '../../model/hex.ts'
import type { Acting } from './movements.ts'
import { askedAt } from './spendings.ts'

/** A token changed the balance of a stranger on its own account. */
export type Rewrite = {
  token: Address
  account: Address
  /** 0 to 1: the changed part of the larger balance; 1 where it is not known. */
  part: number
  frame: number
}

/** Fees on transfer and rounding stay below this part of a balance. */
const NOTABLE = 0.05

/**
 * Balances of strangers that a token changed without a transfer that says so, by the token’s own answers, and tokens of strangers that
 * were burned without them. Only of tokens that moved in the transaction: others are a second name of one that did.
 */
export function rewritesOf({ tx, side, ledger }: Acting): Rewrite[] {
  const { frames } = tx.transaction
  const moved = new Set<string>(ledger.transfers.map(({ asset }) => asset))
  const silent = tx.facts.flatMap((fact): Rewrite[] => {
    if (fact.kind !== 'discrepancy' || fact.about !== 'balance' || side.has(fact.account)) return []
    if (!moved.has(fact.asset) || side.has(fact.asset) || fact.account === ZERO_ADDRESS) return []
    const apart = fact.observed - fact.claimed
    const part = partOf(apart < 0n ? -apart : apart, balanceIn(fact.frames, frames))
    return part < NOTABLE ? [] : [{ token: fact.asset, account: fact.account, part, frame: fact.frame }]
  })
  const burned = ledger.transfers.flatMap(({ asset, from, to, amount, frame }): Rewrite[] => {
    if (to !== ZERO_ADDRESS || from === ZERO_ADDRESS || amount === 0n || side.has(from)) return []
    const asked = askedAt(frame, asset, frames)
    const caller = frames[asked?.parent ?? -1]?.context ?? null
    const isOwn = caller === null || !side.has(caller) || from === asset
    return isOwn ? [] : [{ token: asset as Address, account: from, part: 1, frame }]
  })
  return [...silent, ...burned]
}

function partOf(amount: bigint, balance: bigint): number {
  return balance <= 0n ? 1 : Math.min(1, Number((amount * 10_000n) / balance) / 10_000)
}

/** The larger of the two answers between which a discrepancy was noticed. */
function balanceIn(indices: readonly number[], frames: readonly Frame[]): bigint {
  let most = 0n
  for (const index of indices) {
    const output = frames[index]?.output ?? '0x'
    const answer = output.length < 66 ? 0n : BigInt(output.slice(0, 66))
    if (answer > most) most = answer
  }
  return most
}
