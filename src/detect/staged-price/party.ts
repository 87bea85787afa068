import type { Scope } from '../../model/detector.ts'
import { isNamed } from '../../model/detector.ts'
import type { TransactionFacts, TransferFact } from '../../model/fact.ts'
import type { Address } from '../../model/hex.ts'
import { ZERO_ADDRESS } from '../../model/hex.ts'
import { actorCluster } from '../actors.ts'
import { giverOf, headOf } from './kin.ts'
import type { State } from './memory.ts'

const MOST_HEADS = 8

/**
 * The heads of the parties that act in a transaction: the sender's, and those of the actors that end with more or less than before. A
 * router ends with what it had, so whoever shares one with a party is not of it.
 */
export function headsOf(tx: TransactionFacts, { scope, state }: { scope: Scope; state: State }): Address[] {
  const { from } = tx.transaction
  const pools = new Set(tx.facts.flatMap((fact) => (fact.kind === 'swap' ? [fact.pool] : [])))
  const members = [...actorCluster(tx, scope)].filter(
    (account) =>
      account === from ||
      ((tx.deltas.get(account)?.size ?? 0) > 0 && !pools.has(account) && !isNamed(scope, account)),
  )
  const heads = new Set(members.map((account) => headOf(account, state.kin)))
  return [...heads].slice(0, MOST_HEADS)
}

/**
 * Those who handed the actors at least half of what these have given a protected contract, by whom they handed it to. Only accounts whose
 * whole past with the contract was seen: a stranger's gift must not make an old user an accomplice, nor their loan a theft.
 */
export function giversOf(tx: TransactionFacts, { scope, state }: { scope: Scope; state: State }) {
  const givers = new Map<Address, Address>()
  const { births, kin, given } = state
  for (const { from, to, asset, amount } of paymentsTo(tx, scope)) {
    for (const account of new Set([from, tx.transaction.from])) {
      if (account === null || !(births.born.has(account) || births.whole.has(to))) continue
      const sum = amount + (given.get(`${to}:${headOf(account, kin)}:${asset}`) ?? 0n)
      const giver = giverOf(account, asset, { given: sum, kin })
      if (giver !== undefined) givers.set(account, giver)
    }
  }
  return givers
}

/** What accounts pay to protected contracts. */
function paymentsTo({ facts }: TransactionFacts, scope: Scope): TransferFact[] {
  return facts.flatMap((fact) =>
    fact.kind === 'transfer' && fact.tokenId === null && fact.from !== ZERO_ADDRESS && isNamed(scope, fact.to)
      ? [fact]
      : [],
  )
}
