import type { Frame } from '../../model/block.ts'
import type { Scope } from '../../model/detector.ts'
import { isNamed } from '../../model/detector.ts'
import type { TransactionFacts } from '../../model/fact.ts'
import type { Address } from '../../model/hex.ts'
import { beneficiariesOf } from './beneficiaries.ts'
import { callPath } from './call-path.ts'

/**
 * The accounts that act in a transaction: the sender, the contracts that its side created in it, the contract it
 * called, the contracts through which control passed to the watched ones, and the final receivers of what they took.
 * Excludes protected contracts, and accounts that gave something and received nothing (these are victims). A contract's
 * logs decide nothing here: any contract can write any log.
 */
export function actorCluster(tx: TransactionFacts, scope: Scope): ReadonlySet<Address> {
  const known = clusters.get(tx)
  if (known?.scope === scope) return known.cluster
  const cluster = clusterOf(tx, scope)
  clusters.set(tx, { scope, cluster })
  return cluster
}

/** Ten detectors need this for each transaction: the result is cached as long as the transaction's facts exist. */
const clusters = new WeakMap<TransactionFacts, { scope: Scope; cluster: ReadonlySet<Address> }>()

function clusterOf(tx: TransactionFacts, scope: Scope): ReadonlySet<Address> {
  const { from, to, frames } = tx.transaction
  const cluster = new Set<Address>()
  if (from !== null) cluster.add(from)
  if (to !== null && !isNamed(scope, to) && !losesOneSided(tx, to)) cluster.add(to)
  for (const contract of callPath(frames, watchedIn(tx, scope)))
    if (isForwarder(contract, tx, scope)) cluster.add(contract)
  addCreated(frames, cluster, scope)
  for (const account of beneficiariesOf(tx, { cluster, scope })) cluster.add(account)
  return cluster
}

function addCreated(frames: readonly Frame[], cluster: Set<Address>, scope: Scope): void {
  for (const { type, from, to, reverted } of frames) {
    if ((type !== 'CREATE' && type !== 'CREATE2') || to === null || reverted || isNamed(scope, to)) continue
    if (from !== null && cluster.has(from)) cluster.add(to)
  }
}

/** The contracts that may be the target: those named, or, where none is, those that are poorer afterwards. */
function watchedIn(tx: TransactionFacts, scope: Scope): (contract: Address) => boolean {
  if (scope.kind === 'contracts') return (contract) => scope.addresses.has(contract)
  const { from, to } = tx.transaction
  return (contract) => contract !== from && contract !== to && losesToken(tx, contract)
}

/**
 * Without named contracts any account may be the victim, so an account that lost something is not counted among the
 * actors' own.
 */
function isForwarder(contract: Address, tx: TransactionFacts, scope: Scope): boolean {
  if (scope.kind === 'contracts') return !scope.addresses.has(contract) && !losesOneSided(tx, contract)
  return !losesToken(tx, contract)
}

function losesToken(tx: TransactionFacts, account: Address): boolean {
  for (const [asset, amount] of tx.deltas.get(account) ?? [])
    if (amount < 0n && asset !== 'native') return true
  return false
}

/**
 * True where the account gave something and received nothing; giving only the chain's own coin does not count: bots pay
 * with it.
 */
function losesOneSided(tx: TransactionFacts, account: Address): boolean {
  let lost = false
  for (const [asset, amount] of tx.deltas.get(account) ?? []) {
    if (amount > 0n) return false
    if (asset !== 'native') lost = true
  }
  return lost
}
