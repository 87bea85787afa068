import type { Asset } from '../../model/block.ts'
import type { TransactionFacts } from '../../model/fact.ts'
import type { Finding } from '../../model/finding.ts'
import type { Address } from '../../model/hex.ts'
import { type Payment, paymentsFrom } from './payments.ts'

/** The loss of one contract in one asset, and the accounts that may claim it as their own. */
export type Taken = {
  contract: Address
  asset: Asset
  /** Net, base units. */
  amount: bigint
  payments: readonly Payment[]
  /** account → base units that it had deposited before and not withdrawn, as far as observed */
  paidIn: ReadonlyMap<Address, bigint>
  /** Accounts whose whole past with the contract was seen: `paidIn` is the maximum that they can have. */
  isWhole: ReadonlySet<Address>
}

/** The losses of protected contracts that a finding is about; null where another account lost, or of an issue. */
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

/** An amount that was taken and deposited again shows in no balance after the transaction: the finding states it. */
function toldLosses({
  protected: own,
  loss,
}: Finding): { contract: Address; asset: Asset; amount: bigint }[] {
  return loss.flatMap(({ account, asset, amount }) =>
    own.includes(account) && asset !== account && amount > 0n ? [{ contract: account, asset, amount }] : [],
  )
}

/**
 * The part of a loss that was the takers' own. A payment is compared with the claim of its requester, then of its
 * receiver, then of the sender; a claim counts once, and only for payments that its owner ordered.
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
