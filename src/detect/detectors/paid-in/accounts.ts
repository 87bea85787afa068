import type { Asset } from '../../../model/block.ts'
import type { Address } from '../../../model/hex.ts'
import { forgetOldest } from '../../lib/bounded.ts'

/** The amount that one account deposited and has not withdrawn. */
type Balance = {
  /** base units */
  net: bigint
  /** {@link Account.unmatched} at its last deposit. */
  since: bigint
}

/** The observed deposits to and payments from a protected contract in one asset. */
export type Account = {
  paid: Map<Address, Balance>
  /** The total paid to accounts that had not deposited it: deposits for other accounts, and stolen amounts. */
  unmatched: bigint
  /** The contract was seen calling the token itself, or the asset is coin. */
  isHandled: boolean
}

/** protected contract + asset → its account */
export type Accounts = Map<string, Account>

const MOST_PAYERS = 20_000

export function accountOf(accounts: Accounts, contract: Address, asset: Asset): Account {
  const key = `${contract}:${asset}`
  const known = accounts.get(key)
  if (known !== undefined) return known
  const fresh: Account = { paid: new Map(), unmatched: 0n, isHandled: asset === 'native' }
  accounts.set(key, fresh)
  return fresh
}

/**
 * The amount that an account may withdraw because it deposited it. Any unmatched outflow since then may have been on
 * its behalf: an account that deposits for a second one and lets that one withdraw has nothing left.
 */
export function claimOf({ paid, unmatched }: Account, payer: Address): bigint {
  const balance = paid.get(payer)
  if (balance === undefined) return 0n
  const left = balance.net - (unmatched - balance.since)
  return left > 0n ? left : 0n
}

export function payIn(account: Account, payer: Address, amount: bigint): void {
  const net = claimOf(account, payer) + amount
  account.paid.delete(payer)
  account.paid.set(payer, { net, since: account.unmatched })
  forgetOldest(account.paid, MOST_PAYERS)
}

export function takeOut(account: Account, taker: Address, amount: bigint): void {
  const claim = claimOf(account, taker)
  const since = account.unmatched
  account.paid.delete(taker)
  if (claim > amount) account.paid.set(taker, { net: claim - amount, since })
  else account.unmatched += amount - claim
}
