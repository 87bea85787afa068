import type { Scope } from '../../../model/detector.ts'
import { isNamed } from '../../../model/detector.ts'
import type { TransactionFacts, TransferFact } from '../../../model/fact.ts'
import type { Address } from '../../../model/hex.ts'
import { ZERO_ADDRESS } from '../../../model/hex.ts'
import { actorCluster } from '../../lib/actors.ts'
import { giverOf, headOf } from './kin.ts'
import type { State, Trade } from './memory.ts'

const MOST_HEADS = 8

/**
 * The heads of the parties that act in a transaction: the sender's, and those of the actors that end with more or less
 * than before. A router ends with what it had, so an account that shares one with a party does not belong to it.
 */
export function headsOf(tx: TransactionFacts, { scope, state }: { scope: Scope; state: State }): Address[] {
  const { from } = tx.transaction
  const members = [...actorCluster(tx, scope)].filter(
    (account) =>
      account === from ||
      ((tx.deltas.get(account)?.size ?? 0) > 0 && !state.sources.has(account) && !isNamed(scope, account)),
  )
  const heads = new Set(members.map((account) => headOf(account, state.kin)))
  return [...heads].slice(0, MOST_HEADS)
}

/**
 * An account that gave a pool less than this part of its inflow, or got less of its outflow, is not a party to the
 * trade.
 */
const LEAST_PART = 10n

/**
 * The heads of the accounts that gave a pool its inflow, or got its outflow, whichever account sent the transaction.
 */
export function tradersOf(
  tx: TransactionFacts,
  { pool, base, quote, amount }: Trade,
  { scope, state }: { scope: Scope; state: State },
): Address[] {
  const other = tx.deltas.get(pool)?.get(quote) ?? 0n
  const isLarge = (change: bigint, whole: bigint): boolean =>
    change !== 0n && change > 0n !== whole > 0n && size(change) * LEAST_PART >= size(whole)
  const traders = new Set<Address>()
  for (const [account, changes] of tx.deltas) {
    if (account === ZERO_ADDRESS || account === pool || isNamed(scope, account)) continue
    const isParty = isLarge(changes.get(base) ?? 0n, amount) || isLarge(changes.get(quote) ?? 0n, other)
    if (isParty) traders.add(headOf(account, state.kin))
    if (traders.size >= MOST_HEADS) break
  }
  return [...traders]
}

function size(value: bigint): bigint {
  return value < 0n ? -value : value
}

/**
 * The accounts that gave the actors at least half of what these have given a protected contract, by the receiver. Only
 * for accounts whose whole past with the contract was seen: a stranger's gift must not make an old user an accomplice,
 * nor their loan a theft.
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

/** The payments of accounts to protected contracts. */
function paymentsTo({ facts }: TransactionFacts, scope: Scope): TransferFact[] {
  return facts.flatMap((fact) =>
    fact.kind === 'transfer' && fact.tokenId === null && fact.from !== ZERO_ADDRESS && isNamed(scope, fact.to)
      ? [fact]
      : [],
  )
}
