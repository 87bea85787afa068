import type { Asset } from '../../model/block.ts'
import type { TransactionFacts } from '../../model/fact.ts'
import type { Finding } from '../../model/finding.ts'
import type { Address } from '../../model/hex.ts'
import { type Payment, paymentsFrom } from './payments.ts'

/** What one contract lost of one asset, and who may say that it was theirs. */
export type Taken = {
  contract: Address
  asset: Asset
  /** Net, base units. */
  amount: bigint
  payments: readonly Payment[]
  /** account → base units that it had paid in before and not taken out, as far as was seen */
  paidIn: ReadonlyMap<Address, bigint>
  /** Accounts whose whole past with the contract was seen: `paidIn` is all that they can have. */
  isWhole: ReadonlySet<Address>
}

/** The losses of protected contracts that a finding is about; null where somebody else lost, or something was issued. */
export function lossesOf(
  finding: Finding,
  tx: TransactionFacts,
): { contract: Address; asset: Asset; amount: bigint }[] | null {
  const own = new Set(finding.protected)
  const losses: { contract: Address; asset: Asset; amount: bigint }[] = []
  for (const victim of new Set([...finding.protected, ...finding.victims])) {
    for (const [asset, amount] of tx.deltas.get(victim) ?? []) {
      if (amount >= 0n || asset === victim) continue
      if (!own.has(victim) || asset.includes('/')) return null
      losses.push({ contract: victim, asset: asset as Asset, amount: -amount })
    }
  }
  return losses.length > 0 ? losses : toldLosses(finding)
}

/** What was taken and paid in again is in no balance after the transaction: the finding says it. */
function toldLosses({
  protected: own,
  loss,
}: Finding): { contract: Address; asset: Asset; amount: bigint }[] {
  return loss.flatMap(({ account, asset, amount }) =>
    own.includes(account) && asset !== account && amount > 0n ? [{ contract: account, asset, amount }] : [],
  )
}

/**
 * What of a loss was the takers' own. A payment is held against the claim of whoever asked for it, then of whoever got it,
 * then of the sender; a claim counts once, and only for what was paid at its owner's word.
 */
export function coveredOf(
  { amount, payments }: Pick<Taken, 'amount' | 'payments'>,
  claims: ReadonlyMap<Address, bigint>,
  sender: Address | null,
): bigint {
  const left = new Map(claims)
  let covered = 0n
  for (const payment of payments) {
    let open = payment.amount
    for (const owner of new Set([payment.asker, payment.recipient, sender])) {
      if (owner === null || open === 0n) continue
      const claim = left.get(owner) ?? 0n
      if (claim <= 0n) continue
      const used = claim < open ? claim : open
      left.set(owner, claim - used)
      open -= used
    }
    covered += payment.amount - open
  }
  return covered < amount ? covered : amount
}

export function paymentsOf(tx: TransactionFacts, contract: Address, asset: Asset): Payment[] {
  return paymentsFrom(contract, tx).filter((payment) => payment.asset === asset)
}
