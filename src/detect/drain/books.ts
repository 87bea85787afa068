import type { Asset } from '../../model/block.ts'
import type { Scope } from '../../model/detector.ts'
import type { TransactionFacts } from '../../model/fact.ts'
import type { Address } from '../../model/hex.ts'

/** What the drain detector remembers of one protected contract and asset. Bounded; plain data. */
export type Book = {
  /** account → what it paid in less what it took out, base units */
  net: Map<Address, bigint>
  /** recipient → how often the contract paid it without a match before */
  paidBefore: Map<Address, number>
  /** The contract's balance when it was last read on-chain, moved on by every transfer since; null if never read. */
  balance: bigint | null
  /** asset burned for this one → the highest price paid for a unit of it (outflow · 1e18 / burned) and how often */
  rates: Map<Asset, { highest: bigint; seen: number }>
}

/** protected contract + asset → its book */
export type Books = Map<string, Book>

/** All that the drain detector remembers. */
export type Ledger = {
  books: Books
  /** Protected contracts whose creation was seen: nobody can have paid them before we looked. */
  whole: Set<Address>
  /** Accounts seen from their birth (created, or sent their first transaction): nor can these have paid anybody. */
  born: Set<Address>
}

/** Accounts remembered a book; the longest silent one is forgotten first. */
const MOST_ACCOUNTS = 20_000
const MOST_BORN = 100_000
const SCALE = 10n ** 18n

export function emptyLedger(): Ledger {
  return { books: new Map(), whole: new Set(), born: new Set() }
}

/** Takes note of who came to life in a transaction. */
export function noteBirths({ transaction }: TransactionFacts, ledger: Ledger, scope: Scope): void {
  if (transaction.nonce === 0 && transaction.from !== null) bear(transaction.from, ledger)
  for (const { type, to, reverted } of transaction.frames) {
    if ((type !== 'CREATE' && type !== 'CREATE2') || to === null || reverted) continue
    if (scope.kind === 'contracts' && scope.addresses.has(to)) ledger.whole.add(to)
    else bear(to, ledger)
  }
}

function bear(account: Address, { born }: Ledger): void {
  born.add(account)
  if (born.size > MOST_BORN) for (const oldest of born.keys()) return void born.delete(oldest)
}

export function emptyBook(): Book {
  return { net: new Map(), paidBefore: new Map(), balance: null, rates: new Map() }
}

export function bookOf(books: Books, contract: Address, asset: Asset): Book {
  const key = `${contract}:${asset}`
  let book = books.get(key)
  if (book === undefined) {
    book = emptyBook()
    books.set(key, book)
  }
  return book
}

export function settle(book: Book, account: Address, change: bigint): void {
  const sum = (book.net.get(account) ?? 0n) + change
  book.net.delete(account)
  book.net.set(account, sum)
  forgetOldest(book.net)
}

export function notePaid(book: Book, account: Address): void {
  const times = (book.paidBefore.get(account) ?? 0) + 1
  book.paidBefore.delete(account)
  book.paidBefore.set(account, times)
  forgetOldest(book.paidBefore)
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

export function noteRate(book: Book, burnedAsset: Asset, rate: bigint): void {
  const known = book.rates.get(burnedAsset)
  if (known === undefined) book.rates.set(burnedAsset, { highest: rate, seen: 1 })
  else {
    known.seen++
    if (rate > known.highest) known.highest = rate
  }
}
