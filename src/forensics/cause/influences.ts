import type { Frame } from '../../model/block.ts'
import type { Address } from '../../model/hex.ts'
import { OWN } from './crossings.ts'
import type { Weights } from './losses.ts'
import type { Acting, Movement } from './movements.ts'
import type { Worth } from './worth.ts'

/** A contract that the side called with effect, and whose state a later payout used. */
export type Influence = {
  account: Address
  /** The frame by which the side changed it, and one in which it was used. */
  changed: number
  used: number
  /** 0 to 1: the part of everything that the side received in calls which used it. */
  part: number
}

type Paid = {
  movements: readonly Movement[]
  worth: Worth
  /** account → part of everything that the side took by its functions */
  taken: Weights
  /** Contracts that only pass trades on: they have no state that a payout could use. */
  routers: ReadonlySet<Address>
}

/**
 * Contracts other than the payer that the side had called with effect before a payout, and that ran inside the call which paid:
 * an oracle that was written, a pool that was traded, a market that took collateral. Tokens that moved are left out: every payout
 * uses them.
 */
export function influencesOf(
  { tx, side, crossings, ledger }: Acting,
  { movements, worth, taken, routers }: Paid,
): Influence[] {
  const { frames } = tx.transaction
  const received = receivedIn(movements, worth, taken)
  const moved = new Set<string>(ledger.transfers.map(({ asset }) => asset))
  const changed = new Map<Address, number>()
  const found = new Map<Address, Influence>()
  const counted = new Set<string>()
  for (const frame of frames) {
    const { index, context } = frame
    const crossing = crossings[index] ?? OWN
    if (context === null || crossing === OWN || moved.has(context) || routers.has(context)) continue
    if (crossing === index && isEffective(frame) && !changed.has(context) && !side.has(context))
      changed.set(context, index)
    const part = received.get(crossing) ?? 0
    const before = changed.get(context)
    if (part === 0 || before === undefined || before >= crossing || frames[crossing]?.context === context)
      continue
    const key = `${context}${crossing}`
    if (counted.has(key)) continue
    counted.add(key)
    const known = found.get(context)
    if (known === undefined) found.set(context, { account: context, changed: before, used: index, part })
    else known.part += part
  }
  return [...found.values()]
}

/** crossing → part of everything that the side took */
function receivedIn(movements: readonly Movement[], worth: Worth, taken: Weights): Map<number, number> {
  const values = new Map<number, { by: Address; value: number }>()
  const totals = new Map<Address, number>()
  for (const { crossing, asset, amount, by } of movements) {
    const value = Number(amount) * (worth.get(asset) ?? 0)
    if (crossing === OWN || !(value > 0) || !Number.isFinite(value) || !taken.has(by)) continue
    values.set(crossing, { by, value: (values.get(crossing)?.value ?? 0) + value })
    totals.set(by, (totals.get(by) ?? 0) + value)
  }
  const part = (by: Address, value: number): number =>
    ((taken.get(by) ?? 0) * value) / (totals.get(by) ?? value)
  return new Map([...values].map(([crossing, { by, value }]) => [crossing, part(by, value)]))
}

function isEffective({ type, reverted, index, end, value, output }: Frame): boolean {
  return type === 'CALL' && !reverted && (value > 0n || end > index + 1 || output.length <= 2)
}
