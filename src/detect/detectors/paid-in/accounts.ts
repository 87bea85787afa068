import type { Asset } from '../../../model/block.ts'
import type { Address } from '../../../model/hex.ts'
import { forgetOldest } from '../../lib/bounded.ts'

/** What one account paid in and has not taken out. */
type Balance = {
  /** base units */
  net: bigint
  /** {@link Account.unmatched} when it last paid in. */
  since: bigint
}

/** What a protected contract was seen to be paid and to pay out in one asset. */
export type Account = {
  paid: Map<Address, Balance>
  /** All that it paid to accounts that had not paid it in: what somebody deposited for others, and what was stolen. */
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
 * What an account may take because it paid it in. Whatever left unmatched since then may have been taken on its behalf:
 * one who deposits for a second account and lets that one withdraw has nothing left.
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
