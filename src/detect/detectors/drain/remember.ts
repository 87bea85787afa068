import { entryFrame } from '../../../model/block.ts'
import type { TransactionFacts, TransferFact } from '../../../model/fact.ts'
import type { Address } from '../../../model/hex.ts'
import { addressesIn } from '../../lib/entries.ts'
import { balancesRead } from '../../lib/read-balances.ts'
import {
  type Books,
  bookOf,
  type Ledger,
  notePaid,
  notePaidFor,
  noteRate,
  rateOf,
  settle,
  takeFromGift,
} from './books.ts'
import { issuesOf, outflowsOf } from './outflows.ts'

type Memory = { contract: Address; ledger: Ledger; alarmed: boolean }

/** Learning is frozen while there is an alarm: an attack must not become the norm. */
export function remember(tx: TransactionFacts, { contract, ledger, alarmed }: Memory): void {
  const { books } = ledger
  if (!alarmed) learn(tx, contract, books)
  const isWhole = ledger.whole.has(contract)
  for (const fact of tx.facts) {
    if (fact.kind !== 'transfer' || fact.tokenId !== null) continue
    const { from, to, amount } = fact
    const book = from === contract || to === contract ? bookOf(books, contract, fact.asset) : undefined
    if (book === undefined) continue
    if (to === contract) {
      settle(book, { account: from, change: amount, isWhole })
      const account = namedBy(fact, tx)
      if (account !== undefined) notePaidFor(book, { account, payer: from, amount })
    }
    if (from === contract) settle(book, { account: to, change: -takeFromGift(book, to, amount), isWhole })
  }
  for (const [asset, amount] of tx.deltas.get(contract) ?? []) {
    if (asset.includes('/')) continue
    const book = bookOf(books, contract, asset as Address)
    if (book.balance !== null) book.balance += amount
  }
}

/**
 * The account that a deposit is for, where the call that made it names one account besides the payer and the moved
 * assets; undefined where it does not.
 */
function namedBy({ from, to, frame }: TransferFact, { facts, transaction }: TransactionFacts) {
  const entry = entryFrame(to, frame, transaction.frames)
  if (entry === undefined) return undefined
  const known = new Set<string>([from, to])
  for (const fact of facts) if (fact.kind === 'transfer') known.add(fact.asset)
  const named = new Set(addressesIn(entry).filter((account) => !known.has(account)))
  return named.size === 1 ? [...named][0] : undefined
}

function learn(tx: TransactionFacts, contract: Address, books: Books): void {
  for (const outflow of outflowsOf(tx, contract)) {
    const book = bookOf(books, contract, outflow.asset)
    for (const [claim, burned] of outflow.claims)
      noteRate(book.redeemed, claim, rateOf(outflow.amount, burned))
    if (outflow.otherSide !== null || outflow.burned.size > 0) continue
    for (const [account, received] of outflow.recipients) notePaid(book, account, received)
  }
  for (const { asset, amount, claims } of issuesOf(tx, contract)) {
    const { sold } = bookOf(books, contract, asset)
    for (const [claim, minted] of claims) noteRate(sold, claim, rateOf(amount, minted))
  }
}

/** The first balance read in a transaction is the anchor; transfers update it from there. */
export function readBalances(tx: TransactionFacts, holders: ReadonlySet<Address>, books: Books): void {
  for (const [holder, balances] of balancesRead(tx, (holder) => holders.has(holder)))
    for (const [asset, balance] of balances) {
      const book = bookOf(books, holder, asset)
      if (book.balance === null) book.balance = balance
    }
}
