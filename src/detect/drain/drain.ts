import { z } from 'zod'
import type { Asset, BlockBundle } from '../../model/block.ts'
import { NATIVE } from '../../model/block.ts'
import type { Detector, DetectorInput, Scope } from '../../model/detector.ts'
import type { TransactionFacts, TransferFact } from '../../model/fact.ts'
import type { Finding, Severity } from '../../model/finding.ts'
import type { Address, Hex } from '../../model/hex.ts'
import { addressFromWord, selectorOf, wordAt } from '../../model/hex.ts'
import { actorCluster } from '../actors.ts'
import { buildFinding } from '../build-finding.ts'
import { changesOf } from '../flows.ts'
import type { Book, Books } from './books.ts'
import { bookOf, emptyBook, notePaid, noteRate, rateOf, settle } from './books.ts'
import type { Outflow } from './outflows.ts'
import { outflowsOf } from './outflows.ts'

const BALANCE_OF: Hex = '0x70a08231'

const options = z.strictObject({
  /** Share of the contract's known balance, in basis points, from which an unmatched outflow is worth a word. */
  minShareBps: z.number().int().min(1).max(10_000).default(500),
  /** A burn matches an outflow up to this multiple, in basis points, of the best rate paid before. */
  maxRateBps: z.number().int().min(10_000).default(12_500),
  /** Times a burn rate must have been seen before it is a norm. */
  minRatesSeen: z.number().int().min(1).default(2),
})
type Options = z.infer<typeof options>

/**
 * Drain: a protected contract loses an asset and nothing accounts for it: no other asset came in, no debt was taken,
 * the takers had not paid it in before, and no claim was burned at a rate the contract has paid before.
 * The catch-all for logic flaws that have no signature. Large legitimate exits are matched by what was paid in;
 * redemptions by their burn; trades and borrowing by their other side.
 * Without named contracts there is no history to match against, so only a near-total outflow with a balance read in
 * the same transaction is said, and never above medium.
 */
export const drain: Detector<Books, Options> = {
  id: 'drain',
  title: 'Assets left a protected contract and nothing came in or was burned for them',
  needs: ['traces'],
  options,
  init: () => new Map(),
  snapshot: (books) => structuredClone(books),
  evaluate: (input, books, options) =>
    input.facts.transactions.flatMap((tx) => evaluate(tx, { input, books, options })),
}

type Work = { input: DetectorInput; books: Books; options: Options }

function evaluate(tx: TransactionFacts, { input, books, options }: Work): Finding[] {
  const { scope, facts } = input
  if (scope.kind !== 'contracts') return evaluateStrangers(tx, input, options)
  const touched = [...scope.addresses].filter((address) => tx.deltas.has(address))
  readBalances(tx, scope, books)
  if (touched.length === 0) return []
  const actors = actorCluster(tx, scope)
  const findings = touched.flatMap((contract) => {
    const verdicts = outflowsOf(tx, contract)
      .map((outflow) => judge(outflow, { book: bookOf(books, contract, outflow.asset), actors, options }))
      .filter((verdict) => verdict !== undefined)
    const worst = verdicts.sort((a, b) => b.confidence - a.confidence)[0]
    return worst === undefined
      ? []
      : [findingOf(worst, verdicts, { tx, actors, scope, bundle: facts.bundle })]
  })
  for (const contract of touched) remember(tx, { contract, books, alarmed: findings.length > 0 })
  return findings
}

/** With everything in scope: contracts that ran in this transaction, judged on it alone. */
function evaluateStrangers(
  tx: TransactionFacts,
  { scope, facts }: DetectorInput,
  options: Options,
): Finding[] {
  const ran = new Set(
    tx.transaction.frames.filter((frame) => frame.end > frame.index + 1).map(({ context }) => context),
  )
  const actors = actorCluster(tx, scope)
  return [...tx.deltas.keys()].flatMap((contract) => {
    if (!ran.has(contract) || actors.has(contract)) return []
    const verdicts = outflowsOf(tx, contract).flatMap((outflow) => {
      const book = { ...emptyBook(), balance: balanceRead(tx, contract, outflow.asset) }
      const verdict = book.balance === null ? undefined : judge(outflow, { book, actors, options })
      return verdict?.severity === 'critical'
        ? [{ ...verdict, severity: 'medium' as const, confidence: 0.55 }]
        : []
    })
    const worst = verdicts[0]
    return worst === undefined
      ? []
      : [findingOf(worst, verdicts, { tx, actors, scope, bundle: facts.bundle })]
  })
}

type Verdict = { outflow: Outflow; confidence: number; severity: Severity; reasons: string[] }
type Weights = { book: Book; actors: ReadonlySet<Address>; options: Options }

function judge(outflow: Outflow, { book, actors, options }: Weights): Verdict | undefined {
  const excess = rateExcess(outflow, book, options)
  if (excess === undefined && (outflow.otherSide !== null || outflow.burned.size > 0)) return undefined
  const unmatched = excess === undefined ? outflow.amount - paidInBy(outflow, book, actors) : outflow.amount
  if (unmatched <= 0n) return undefined
  if ([...outflow.recipients.keys()].every((account) => (book.paidBefore.get(account) ?? 0) >= 3))
    return undefined
  const shareBps =
    book.balance === null || book.balance <= 0n ? null : Number((unmatched * 10_000n) / book.balance)
  if (shareBps !== null && shareBps < options.minShareBps && excess === undefined) return undefined
  const reasons = [excess ?? 'no inflow, debt or burn accounts for it, and the takers had not paid it in']
  if (shareBps !== null)
    reasons.push(`${(Math.min(shareBps, 10_000) / 100).toFixed(1)} % of the contract’s balance`)
  else if (excess === undefined) reasons.push('the contract’s balance is not known')
  return { outflow, reasons, ...weigh(shareBps, excess !== undefined) }
}

function weigh(shareBps: number | null, excess: boolean): { confidence: number; severity: Severity } {
  if (excess) return { confidence: shareBps !== null && shareBps >= 2000 ? 0.95 : 0.88, severity: 'critical' }
  if (shareBps === null) return { confidence: 0.5, severity: 'medium' }
  if (shareBps >= 9900) return { confidence: 0.9, severity: 'critical' }
  if (shareBps >= 2000) return { confidence: 0.8, severity: 'high' }
  return { confidence: 0.6, severity: 'medium' }
}

/** More was paid for the burned claims than ever before: says so, or undefined where the rate is normal or unknown. */
function rateExcess(outflow: Outflow, book: Book, options: Options): string | undefined {
  for (const [asset, burned] of outflow.burned) {
    const known = book.rates.get(asset)
    if (known === undefined || known.seen < options.minRatesSeen) continue
    const rate = rateOf(outflow.amount, burned)
    if (rate * 10_000n > known.highest * BigInt(options.maxRateBps)) {
      const times = Number((rate * 100n) / (known.highest === 0n ? 1n : known.highest)) / 100
      return `it paid ${times.toFixed(2)} times the best rate seen in ${known.seen} earlier burns of ${asset}`
    }
  }
  return undefined
}

/** What the takers, and those who act with them, had paid in before. */
function paidInBy({ recipients }: Outflow, book: Book, actors: ReadonlySet<Address>): bigint {
  let paid = 0n
  for (const account of new Set([...recipients.keys(), ...actors])) {
    const net = book.net.get(account) ?? 0n
    if (net > 0n) paid += net
  }
  return paid
}

type Memory = { contract: Address; books: Books; alarmed: boolean }

/** Learning is frozen while there is an alarm: an attack must not become the norm. */
function remember(tx: TransactionFacts, { contract, books, alarmed }: Memory): void {
  if (!alarmed) {
    for (const outflow of outflowsOf(tx, contract)) {
      const book = bookOf(books, contract, outflow.asset)
      for (const [asset, burned] of outflow.burned) noteRate(book, asset, rateOf(outflow.amount, burned))
      if (outflow.otherSide === null && outflow.burned.size === 0) {
        for (const account of outflow.recipients.keys()) notePaid(book, account)
      }
    }
  }
  for (const fact of tx.facts) {
    if (fact.kind !== 'transfer' || fact.tokenId !== null) continue
    if (fact.to === contract) settle(bookOf(books, contract, fact.asset), payerOf(fact, tx), fact.amount)
    if (fact.from === contract) settle(bookOf(books, contract, fact.asset), fact.to, -fact.amount)
  }
  for (const [asset, amount] of tx.deltas.get(contract) ?? []) {
    if (asset.includes('/')) continue
    const book = bookOf(books, contract, asset as Address)
    if (book.balance !== null) book.balance += amount
  }
}

function payerOf(fact: TransferFact, tx: TransactionFacts): Address {
  return fact.asset === NATIVE ? fact.from : (fact.from ?? tx.transaction.from)
}

/** `balanceOf(protected)` reads inside transactions tell the balance at that moment. The first read is the anchor. */
function readBalances(tx: TransactionFacts, scope: Scope, books: Books): void {
  if (scope.kind !== 'contracts') return
  for (const { holder, asset, balance } of balanceReads(tx)) {
    if (!scope.addresses.has(holder)) continue
    const book = bookOf(books, holder, asset)
    if (book.balance === null) book.balance = balance
  }
}

function balanceRead(tx: TransactionFacts, contract: Address, asset: Asset): bigint | null {
  for (const read of balanceReads(tx))
    if (read.holder === contract && read.asset === asset) return read.balance
  return null
}

function* balanceReads(
  tx: TransactionFacts,
): Generator<{ holder: Address; asset: Address; balance: bigint }> {
  for (const frame of tx.transaction.frames) {
    if (frame.type !== 'STATICCALL' || frame.to === null || selectorOf(frame.input) !== BALANCE_OF) continue
    const holder = addressFromWord(wordAt(frame.input, 0, 10) ?? '')
    const word = wordAt(frame.output, 0)
    if (holder !== undefined && word !== undefined)
      yield { holder, asset: frame.to, balance: BigInt(`0x${word}`) }
  }
}

type Context = { tx: TransactionFacts; actors: ReadonlySet<Address>; scope: Scope; bundle: BlockBundle }

function findingOf(worst: Verdict, all: readonly Verdict[], { tx, actors, scope, bundle }: Context): Finding {
  const { contract } = worst.outflow
  const takers = new Set([...actors, ...worst.outflow.recipients.keys()])
  return buildFinding(tx, bundle, {
    detector: 'drain',
    severity: worst.severity,
    confidence: worst.confidence,
    categories: ['drain'],
    protected: scope.kind === 'contracts' ? [contract] : [],
    victims: [contract],
    actors: [...takers],
    profit: changesOf(tx, takers).profit,
    loss: changesOf(tx, [contract]).loss,
    evidence: all.map(({ outflow, reasons }) => ({
      statement: `${outflow.amount} of ${outflow.asset} left ${contract}: ${reasons.join('; ')}`,
      frames: framesOf(tx, outflow),
      amounts: [...outflow.recipients].map(([account, amount]) => ({
        account,
        asset: outflow.asset,
        amount,
      })),
    })),
    message: `${worst.outflow.amount} of ${worst.outflow.asset} left ${contract}: ${worst.reasons.join('; ')}.`,
  })
}

function framesOf(tx: TransactionFacts, outflow: Outflow): number[] {
  const frames = tx.facts
    .filter(
      (fact) => fact.kind === 'transfer' && fact.from === outflow.contract && fact.asset === outflow.asset,
    )
    .map((fact) => fact.frame)
  return [...new Set(frames)].filter((frame) => frame >= 0).slice(0, 16)
}
