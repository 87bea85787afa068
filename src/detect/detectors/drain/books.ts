import type { Asset } from '../../../model/block.ts'
import type { Address } from '../../../model/hex.ts'
import type { Births } from '../../lib/births.ts'

/** The memory of the drain detector for one protected contract and asset. Bounded; plain data. */
export type Book = {
  /** account → amount deposited less amount withdrawn, base units */
  net: Map<Address, bigint>
  /**
   * account → the amount that another account deposited for it, as the deposit named it: the payer, and the remainder
   */
  paidFor: Map<Address, { payer: Address; amount: bigint }>
  /** recipient → how often the contract paid it more than its deposits, and the largest such payment */
  paidBefore: Map<Address, { times: number; most: bigint }>
  /** The contract's balance when it was last read on-chain, updated by every transfer since; null if never read. */
  balance: bigint | null
  /** The block (counted from the first seen) after which a node was asked for it; null if none ever was. */
  readAt: number | null
  /** claim → the highest rate at which a unit of it was redeemed */
  redeemed: Rates
  /** claim → the highest rate at which a unit of it was sold */
  sold: Rates
}

/** claim → the highest price in this asset (amount · 1e18 / claims) and the number of prices seen */
export type Rates = Map<Asset, { highest: bigint; seen: number }>

/** protected contract + asset → its book */
export type Books = Map<string, Book>

/** The whole memory of the drain detector. */
export type Ledger = Births & {
  books: Books
  /** The number of blocks seen. */
  blocks: number
}

/** Accounts remembered per book; the one that was silent longest is forgotten first. */
const MOST_ACCOUNTS = 20_000
const SCALE = 10n ** 18n

export function emptyLedger(): Ledger {
  return { books: new Map(), whole: new Set(), born: new Set(), blocks: 0 }
}

export function emptyBook(): Book {
  return {
    net: new Map(),
    paidFor: new Map(),
    paidBefore: new Map(),
    balance: null,
    readAt: null,
    redeemed: new Map(),
    sold: new Map(),
  }
}

export function keyOf(contract: Address, asset: Asset): string {
  return `${contract}:${asset}`
}

export function bookOf(books: Books, contract: Address, asset: Asset): Book {
  const key = keyOf(contract, asset)
  let book = books.get(key)
  if (book === undefined) {
    book = emptyBook()
    books.set(key, book)
  }
  return book
}

/**
 * Records the amount that an account deposited or withdrew. Where the past was not seen (`isWhole` false) no account
 * goes below zero: an amount withdrawn beyond the deposits that we saw was deposited before.
 */
export function settle(book: Book, { account, change, isWhole }: Settlement): void {
  const exact = (book.net.get(account) ?? 0n) + change
  const sum = exact < 0n && !isWhole ? 0n : exact
  book.net.delete(account)
  book.net.set(account, sum)
  forgetOldest(book.net)
}

/**
 * The amount that an account deposited and has not withdrawn, plus the remainder of a deposit for it by a payer that is
 * not in `except`.
 */
export function claimIn(
  { net, paidFor }: Book,
  account: Address,
  except: (payer: Address) => boolean = () => false,
): bigint {
  const own = net.get(account) ?? 0n
  const gift = paidFor.get(account)
  if (gift === undefined || except(gift.payer)) return own
  return own + least(gift.amount, net.get(gift.payer) ?? 0n)
}

/**
 * Records that a deposit was made for another account. It is one claim: an amount that one of the two takes is no
 * longer available to the other.
 */
export function notePaidFor(
  { paidFor }: Book,
  { account, payer, amount }: { account: Address; payer: Address; amount: bigint },
): void {
  const known = paidFor.get(account)
  const sum = known?.payer === payer ? known.amount + amount : amount
  if (known !== undefined && known.payer !== payer && known.amount > amount) return
  paidFor.delete(account)
  paidFor.set(account, { payer, amount: sum })
  forgetOldest(paidFor)
}

/**
 * Deducts an amount that an account takes beyond its own deposits from the deposit made for it; returns the rest to
 * settle.
 */
export function takeFromGift(book: Book, account: Address, amount: bigint): bigint {
  const gift = book.paidFor.get(account)
  if (gift === undefined) return amount
  const own = book.net.get(account) ?? 0n
  const used = least(amount - (own > 0n ? own : 0n), least(gift.amount, book.net.get(gift.payer) ?? 0n))
  if (used <= 0n) return amount
  book.net.set(gift.payer, (book.net.get(gift.payer) ?? 0n) - used)
  book.paidFor.set(account, { ...gift, amount: gift.amount - used })
  return amount - used
}

function least(a: bigint, b: bigint): bigint {
  const smaller = a < b ? a : b
  return smaller > 0n ? smaller : 0n
}

export type Settlement = { account: Address; change: bigint; isWhole: boolean }

/** Records that the contract paid an account more than it had deposited: payrolls and fees look like this. */
export function notePaid(book: Book, account: Address, received: bigint): void {
  const unmatched = received - (book.net.get(account) ?? 0n)
  if (unmatched <= 0n) return
  const { times, most } = book.paidBefore.get(account) ?? { times: 0, most: 0n }
  book.paidBefore.delete(account)
  book.paidBefore.set(account, { times: times + 1, most: unmatched > most ? unmatched : most })
  forgetOldest(book.paidBefore)
}

/** A regular payee: paid this way three times before, and now at most twice the largest payment. */
export function isRegular(book: Book, account: Address, received: bigint): boolean {
  const known = book.paidBefore.get(account)
  return known !== undefined && known.times >= 3 && received <= known.most * 2n
}

function forgetOldest<V>(map: Map<Address, V>): void {
  if (map.size <= MOST_ACCOUNTS) return
  for (const oldest of map.keys()) {
    map.delete(oldest)
    return
  }
}

export function rateOf(outflow: bigint, burned: bigint): bigint {
  return (outflow * SCALE) / burned
}

export function noteRate(rates: Rates, claim: Asset, rate: bigint): void {
  const known = rates.get(claim)
  if (known === undefined) rates.set(claim, { highest: rate, seen: 1 })
  else {
    known.seen++
    if (rate > known.highest) known.highest = rate
  }
}
