import { z } from 'zod'
import type { BlockBundle, Frame } from '../../../model/block.ts'
import type { Category } from '../../../model/category.ts'
import type { Detector, DetectorInput, Scope } from '../../../model/detector.ts'
import { inScope } from '../../../model/detector.ts'
import type { TransactionFacts, TransferFact } from '../../../model/fact.ts'
import type { Finding, Severity } from '../../../model/finding.ts'
import { atLeast } from '../../../model/finding.ts'
import type { Address } from '../../../model/hex.ts'
import { ZERO_ADDRESS } from '../../../model/hex.ts'
import { actorCluster } from '../../lib/actors.ts'
import { noteBirths } from '../../lib/births.ts'
import { buildFinding } from '../../lib/build-finding.ts'
import { isWithin } from '../../lib/entries.ts'
import { changesOf } from '../../lib/flows.ts'
import { hasChecks, releasesIn } from '../../lib/messages.ts'
import { oneSidedLoss } from '../../lib/parties.ts'
import { balancesRead } from '../../lib/read-balances.ts'
import { balancesWanted, takeBalances } from './balances.ts'
import type { Book } from './books.ts'
import { bookOf, emptyBook, emptyLedger, isRegular, type Ledger, rateOf } from './books.ts'
import { leaveOpen, type OpenShare } from './open-share.ts'
import type { Outflow } from './outflows.ts'
import { outflowsOf } from './outflows.ts'
import { knowsPayers, paidInBy } from './payers.ts'
import { readBalances, remember } from './remember.ts'

const options = z.strictObject({
  /** Share of the contract's known balance, in basis points, from which an unmatched outflow is reported. */
  minShareBps: z.number().int().min(1).max(10_000).default(500),
  /** A burn matches an outflow up to this multiple, in basis points, of the best rate paid before. */
  maxRateBps: z.number().int().min(10_000).default(12_500),
  /** Times a burn rate must have been seen before it is a norm. */
  minRatesSeen: z.number().int().min(1).default(2),
})
type Options = z.infer<typeof options>

/**
 * Drain: a protected contract loses an asset and nothing accounts for it: no other asset came in, no debt was taken,
 * the takers had not deposited it before, and no claim was burned at a rate that the contract has paid before. The
 * catch-all for logic flaws that have no signature. Large legitimate exits are matched by their deposits; redemptions
 * by their burn; trades and borrowing by their other side.
 * Without named contracts there is no history to match against, so only a near-total outflow with a balance read in the
 * same transaction is reported, and never above medium.
 */
export const drain: Detector<Ledger, Options> = {
  id: 'drain',
  title: 'Assets left a protected contract and nothing came in or was burned for them',
  layer: 'pattern',
  everywhere: true,
  needs: ['traces'],
  yieldsToMev: true,
  options,
  reads: (_options, ledger, scope) => balancesWanted(ledger, scope),
  init: emptyLedger,
  stateVersion: 2,
  snapshot: (ledger) => structuredClone(ledger),
  evaluate(input, ledger, options) {
    const findings = input.facts.transactions.flatMap((tx) => evaluate(tx, { input, ledger, options }))
    ledger.blocks++
    if (input.facts.reads !== undefined) takeBalances(ledger, input.scope, input.facts.reads)
    return findings
  },
}

type Work = { input: DetectorInput; ledger: Ledger; options: Options }

function evaluate(tx: TransactionFacts, { input, ledger, options }: Work): Finding[] {
  const { scope, facts } = input
  const { books } = ledger
  if (scope.kind !== 'contracts') return evaluateStrangers(tx, input, options)
  noteBirths(tx, ledger, scope)
  const actors = actorCluster(tx, scope)
  const touched = [...scope.addresses].filter((address) => tx.deltas.has(address))
  const payers = payersFor(tx, scope, actors)
  readBalances(tx, new Set([...scope.addresses, ...payers.keys()]), books)
  if (touched.length === 0 && payers.size === 0) return []
  const findings = [...touched, ...payers.keys()].flatMap((contract) => {
    const verdicts = outflowsOf(tx, contract)
      .map((outflow) => {
        const book = bookOf(books, contract, outflow.asset)
        const isSure = !payers.has(contract) && knowsPayers(outflow, ledger, tx.transaction.from)
        const { from: sender } = tx.transaction
        return judge(outflow, { book, sender, options, isSure, isFirst: ledger.blocks === 0 })
      })
      .filter((verdict) => verdict !== undefined)
    const worst = verdicts.sort((a, b) => b.confidence - a.confidence)[0]
    return worst === undefined
      ? []
      : [
          findingOf(worst, verdicts, {
            tx,
            actors,
            scope,
            bundle: facts.bundle,
            orderedBy: payers.get(contract),
          }),
        ]
  })
  for (const contract of [...touched, ...payers.keys()])
    remember(tx, { contract, ledger, alarmed: findings.some(isAlarm) })
  return findings
}

/** A finding of low severity does not stop learning: an account without an alarm for long becomes a regular payee. */
function isAlarm({ severity }: Finding): boolean {
  return atLeast(severity, 'medium')
}

/** Contracts of one transaction that are judged: payers outside the scope, and any contract where all are in scope. */
const MOST_PAYERS = 256
const MOST_STRANGERS = 256
const MOST_EVIDENCE = 16

/** With everything in scope: judges the contracts that ran in this transaction, on this transaction alone. */
function evaluateStrangers(
  tx: TransactionFacts,
  { scope, facts }: DetectorInput,
  options: Options,
): Finding[] {
  const ran = new Set(
    tx.transaction.frames.filter((frame) => frame.end > frame.index + 1).map(({ context }) => context),
  )
  const actors = actorCluster(tx, scope)
  const reads = balancesRead(tx, (holder) => ran.has(holder) && tx.deltas.has(holder))
  let judged = 0
  return [...tx.deltas.keys()].flatMap((contract) => {
    if (!ran.has(contract) || actors.has(contract)) return []
    const balances = reads.get(contract)
    if (balances === undefined || judged++ >= MOST_STRANGERS) return []
    const verdicts = outflowsOf(tx, contract).flatMap((outflow) => {
      const balance = balances.get(outflow.asset)
      const book = { ...emptyBook(), balance: balance ?? null }
      const verdict =
        balance === undefined
          ? undefined
          : judge(outflow, { book, sender: tx.transaction.from, options, isSure: true, isFirst: true })
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

type Verdict = {
  outflow: Outflow
  confidence: number
  severity: Severity
  reasons: string[]
  /** The question to a node, where the balance is not known. */
  open?: OpenShare
}
type Weights = {
  book: Book
  sender: Address | null
  options: Options
  /** The takers cannot have deposited before the watch began. */
  isSure: boolean
  /** No block was seen before: this transaction stands alone. */
  isFirst: boolean
}

function judge(outflow: Outflow, { book, sender, options, isSure, isFirst }: Weights): Verdict | undefined {
  const excess = rateExcess(outflow, book, options)
  if (excess === undefined && (outflow.otherSide !== null || outflow.burned.size > 0)) return undefined
  const unmatched = excess === undefined ? outflow.amount - paidInBy(outflow, book, sender) : outflow.amount
  if (unmatched <= 0n) return undefined
  if ([...outflow.recipients].every(([account, received]) => isRegular(book, account, received)))
    return undefined
  const shareBps =
    book.balance === null || book.balance <= 0n ? null : Number((unmatched * 10_000n) / book.balance)
  if (shareBps !== null && shareBps < options.minShareBps && excess === undefined) return undefined
  const reasons: string[] = []
  if (shareBps !== null)
    reasons.push(`${(Math.min(shareBps, 10_000) / 100).toFixed(1)} % of the contract’s balance`)
  else if (excess === undefined) reasons.push('the contract’s balance is not known')
  if (excess !== undefined) {
    const confidence = excess.confidence + (shareBps !== null && shareBps >= 2000 ? 0.07 : 0)
    return { outflow, reasons: [excess.reason, ...reasons], confidence, severity: excess.severity }
  }
  reasons.push('no inflow, debt or burn accounts for it')
  reasons.push(isSure ? 'the takers had not paid it in' : 'the takers were not seen to pay it in')
  const open = { outflow, unmatched, isSure, minShareBps: options.minShareBps }
  return {
    outflow,
    reasons,
    ...(shareBps === null ? { open } : {}),
    ...(isSure ? weigh(shareBps) : weighUnsure(shareBps, isFirst)),
  }
}

/**
 * In the first days of a watch, a taker may have deposited before it. A near-total outflow is still worth a page; the
 * rest is reported at low severity, or every early saver's exit would raise an alarm.
 */
function weighUnsure(shareBps: number | null, isFirst: boolean): { confidence: number; severity: Severity } {
  if (shareBps !== null && shareBps >= 9900) return { confidence: 0.7, severity: 'high' }
  if (shareBps === null && isFirst) return { confidence: 0.5, severity: 'medium' }
  if (shareBps !== null && shareBps >= 2000) return { confidence: 0.5, severity: 'medium' }
  return { confidence: 0.3, severity: 'low' }
}

/** The weight of a drain whose share a node reported afterwards. */
export function weighShare(shareBps: number, isSure: boolean): { confidence: number; severity: Severity } {
  return isSure ? weigh(shareBps) : weighUnsure(shareBps, false)
}

function weigh(shareBps: number | null): { confidence: number; severity: Severity } {
  if (shareBps === null) return { confidence: 0.5, severity: 'medium' }
  if (shareBps >= 9900) return { confidence: 0.9, severity: 'critical' }
  if (shareBps >= 2000) return { confidence: 0.8, severity: 'high' }
  return { confidence: 0.6, severity: 'medium' }
}

type Excess = { reason: string; severity: Severity; confidence: number }

/**
 * The rate at which the burned claims were paid, where it is above any rate before; or, where they were never redeemed,
 * above the price that anyone had to pay for one. Undefined where the rate is normal or there is no norm.
 */
function rateExcess(outflow: Outflow, book: Book, options: Options): Excess | undefined {
  for (const [claim, burned] of outflow.claims) {
    const redeemed = book.redeemed.get(claim)
    const isKnown = redeemed !== undefined && redeemed.seen >= options.minRatesSeen
    const norm = isKnown ? redeemed : book.sold.get(claim)
    if (norm === undefined || norm.seen < options.minRatesSeen) continue
    const rate = rateOf(outflow.amount, burned)
    if (rate * 10_000n <= norm.highest * BigInt(options.maxRateBps)) continue
    const times = Number((rate * 100n) / (norm.highest === 0n ? 1n : norm.highest)) / 100
    const seen = isKnown ? `${norm.seen} earlier burns` : `${norm.seen} issues`
    return {
      reason: `it paid ${times.toFixed(2)} times the best rate seen in ${seen} of ${claim}`,
      ...(isKnown ? { severity: 'critical', confidence: 0.88 } : { severity: 'high', confidence: 0.8 }),
    }
  }
  return undefined
}

/**
 * Contracts outside the scope that pay the actors by order of a protected contract, for nothing in return: where a
 * bridge's inbox or a vault's router is protected, the assets are elsewhere. payer → the contract that ordered it.
 */
function payersFor(tx: TransactionFacts, scope: Scope, actors: ReadonlySet<Address>): Map<Address, Address> {
  const payers = new Map<Address, Address>()
  for (const fact of tx.facts) {
    if (fact.kind !== 'transfer' || !actors.has(fact.to) || actors.has(fact.from)) continue
    if (fact.from === ZERO_ADDRESS || inScope(scope, fact.from) || payers.has(fact.from)) continue
    if (!oneSidedLoss(tx, fact.from) || !isWithin(fact.from, fact.frame, tx.transaction.frames)) continue
    const boss = innermostProtected(fact, tx.transaction.frames, scope)
    if (boss !== undefined) payers.set(fact.from, boss)
    if (payers.size >= MOST_PAYERS) break
  }
  return payers
}

/** The nearest protected contract around a movement, other than the token that moves: that one orders nothing. */
function innermostProtected(
  { frame: index, asset }: TransferFact,
  frames: readonly Frame[],
  scope: Scope,
): Address | undefined {
  for (let frame = frames[index]; frame !== undefined; frame = frames[frame.parent])
    if (frame.context !== null && frame.context !== asset && inScope(scope, frame.context))
      return frame.context
  return undefined
}

type Context = {
  tx: TransactionFacts
  actors: ReadonlySet<Address>
  scope: Scope
  bundle: BlockBundle
  /** The protected contract that ordered the payment, where the payer is not protected itself. */
  orderedBy?: Address | undefined
}

function findingOf(
  worst: Verdict,
  all: readonly Verdict[],
  { tx, actors, scope, bundle, orderedBy }: Context,
): Finding {
  const { contract } = worst.outflow
  const victims = orderedBy === undefined ? [contract] : [orderedBy, contract]
  const order = orderedBy === undefined ? '' : ` on the word of ${orderedBy}`
  const takers = new Set([...actors, ...worst.outflow.recipients.keys()])
  const finding = buildFinding(tx, bundle, {
    detector: 'drain',
    severity: worst.severity,
    confidence: worst.confidence,
    categories: categoriesOf(worst.outflow, tx),
    protected: scope.kind === 'contracts' ? [orderedBy ?? contract] : [],
    victims,
    actors: [...takers],
    profit: changesOf(tx, takers).profit,
    loss: changesOf(tx, [contract]).loss,
    evidence: all.slice(0, MOST_EVIDENCE).map(({ outflow, reasons }) => ({
      statement: `${outflow.amount} of ${outflow.asset} left ${contract}: ${reasons.join('; ')}`,
      frames: framesOf(tx, outflow),
      amounts: [...outflow.recipients].map(([account, amount]) => ({
        account,
        asset: outflow.asset,
        amount,
      })),
    })),
    message: `${worst.outflow.amount} of ${worst.outflow.asset} left ${contract}${order}: ${worst.reasons.join('; ')}.`,
  })
  leaveOpen(
    finding,
    all.flatMap(({ open }) => open ?? []),
  )
  return finding
}

/** A drain by a message that names the taker, with nothing in the call to prove it, is one of a bridge. */
function categoriesOf({ recipients, contract }: Outflow, tx: TransactionFacts): Category[] {
  const { frames, from } = tx.transaction
  const isReleased = releasesIn(tx, {
    actors: new Set(from === null ? [] : [from]),
    isBridge: () => true,
  }).some(
    ({ transfer, entry }) =>
      transfer.from === contract && recipients.has(transfer.to) && !hasChecks(entry, frames),
  )
  return isReleased ? ['bridge-forgery', 'drain'] : ['drain']
}

function framesOf(tx: TransactionFacts, outflow: Outflow): number[] {
  const frames = tx.facts
    .filter(
      (fact) => fact.kind === 'transfer' && fact.from === outflow.contract && fact.asset === outflow.asset,
    )
    .map((fact) => fact.frame)
  return [...new Set(frames)].filter((frame) => frame >= 0).slice(0, 16)
}
