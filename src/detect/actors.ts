import type { Scope } from '../model/detector.ts'
import type { TransactionFacts } from '../model/fact.ts'
import type { Address } from '../model/hex.ts'

/**
 * Who acts in a transaction: the sender, what he created in it, and the contract he called, unless that contract
 * is one we protect or it gave something and got nothing (then it is a victim).
 */
export function actorCluster(tx: TransactionFacts, scope: Scope): ReadonlySet<Address> {
  const known = clusters.get(tx)
  if (known?.scope === scope) return known.cluster
  const cluster = clusterOf(tx, scope)
  clusters.set(tx, { scope, cluster })
  return cluster
}

/** Ten detectors ask the same of each transaction: the answer is kept as long as the transaction's facts are. */
const clusters = new WeakMap<TransactionFacts, { scope: Scope; cluster: ReadonlySet<Address> }>()

function clusterOf(tx: TransactionFacts, scope: Scope): ReadonlySet<Address> {
  const { transaction } = tx
  const cluster = new Set<Address>()
  if (transaction.from !== null) cluster.add(transaction.from)
  if (transaction.to !== null && !isProtected(scope, transaction.to) && !losesOneSided(tx, transaction.to)) {
    cluster.add(transaction.to)
  }
  for (const frame of transaction.frames) {
    if (frame.type !== 'CREATE' && frame.type !== 'CREATE2') continue
    if (frame.to === null || frame.reverted || isProtected(scope, frame.to)) continue
    const creator = frame.from
    if (creator !== null && cluster.has(creator)) cluster.add(frame.to)
  }
  return cluster
}

function isProtected(scope: Scope, address: Address): boolean {
  return scope.kind === 'contracts' && scope.addresses.has(address)
}

/** True where the account gave something and got nothing; the chain's own coin given alone does not count: bots pay with it. */
function losesOneSided(tx: TransactionFacts, account: Address): boolean {
  let lost = false
  for (const [asset, amount] of tx.deltas.get(account) ?? []) {
    if (amount > 0n) return false
    if (asset !== 'native') lost = true
  }
  return lost
}
