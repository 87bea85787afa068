import type { Scope } from '../model/detector.ts'
import type { TransactionFacts } from '../model/fact.ts'
import type { Address } from '../model/hex.ts'

/**
 * Who acts in a transaction: the sender, what he created in it, and the contract he called, unless that contract
 * is one we protect or it ends poorer than it began (then it is a victim, or a router that keeps nothing).
 */
export function actorCluster(tx: TransactionFacts, scope: Scope): ReadonlySet<Address> {
  const { transaction } = tx
  const cluster = new Set<Address>()
  if (transaction.from !== null) cluster.add(transaction.from)
  if (transaction.to !== null && !isProtected(scope, transaction.to) && !losesSomething(tx, transaction.to)) {
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

/** A loss of the chain's own coin alone does not make a victim: bots carry it and pay with it. */
function losesSomething(tx: TransactionFacts, account: Address): boolean {
  for (const [asset, amount] of tx.deltas.get(account) ?? [])
    if (amount < 0n && asset !== 'native') return true
  return false
}
