import { z } from 'zod'
import type { Asset } from '../../../model/block.ts'
import type { Detector, DetectorInput } from '../../../model/detector.ts'
import { isNamed } from '../../../model/detector.ts'
import type { TransactionFacts } from '../../../model/fact.ts'
import type { Finding, Severity } from '../../../model/finding.ts'
import type { Address } from '../../../model/hex.ts'
import { actorCluster } from '../../lib/actors.ts'
import { noteBirths } from '../../lib/births.ts'
import { buildFinding } from '../../lib/build-finding.ts'
import { changesOf } from '../../lib/flows.ts'
import { balancesWanted, takeBalances } from '../drain/balances.ts'
import { bookOf, emptyLedger, type Ledger } from '../drain/books.ts'
import { type Outflow, outflowsOf } from '../drain/outflows.ts'
import { knowsPayers, paidInBy } from '../drain/payers.ts'
import { readBalances, remember } from '../drain/remember.ts'
import { noteTake, type Takes, type Total } from './takes.ts'

const options = z.strictObject({
  /** Seconds over which the takings of one party are summed. */
  windowSeconds: z
    .number()
    .int()
    .min(60)
    .max(30 * 86_400)
    .default(86_400),
  /** Share of the contract's holdings, in basis points, from which the sum is an attack. */
  minShareBps: z.number().int().min(1).max(10_000).default(2_000),
  /** Takings from which it is a series: a single one is judged by `drain`. */
  minTimes: z.number().int().min(2).default(3),
})
type Options = z.infer<typeof options>

type State = { ledger: Ledger; takes: Takes }

/**
 * Slow drain: one party repeatedly takes from a protected contract amounts that it never deposited, each too small for
 * `drain`, and the sum within the window is a large share of the contract's holdings. A party is the sender, every
 * account that was paid, and their contracts that are younger than the watch: a public router is used by everyone.
 */
export const slowDrain: Detector<State, Options> = {
  id: 'slow-drain',
  title: 'One party took from a contract again and again what it had not paid in',
  layer: 'pattern',
  needs: ['traces'],
  yieldsToMev: true,
  yieldsToOwners: true,
  options,
  reads: (_options, { ledger }, scope) => balancesWanted(ledger, scope),
  init: () => ({ ledger: emptyLedger(), takes: new Map() }),
  stateVersion: 2,
  snapshot: (state) => structuredClone(state),
  evaluate(input, state, options) {
    const { scope, facts } = input
    if (scope.kind !== 'contracts') return []
    const findings = facts.transactions.flatMap((tx) => evaluate(tx, { input, state, options }))
    state.ledger.blocks++
    if (facts.reads !== undefined) takeBalances(state.ledger, scope, facts.reads)
    return findings
  },
}

type Work = { input: DetectorInput; state: State; options: Options }

function evaluate(tx: TransactionFacts, work: Work): Finding[] {
  const { input, state } = work
  const { scope } = input
  const { ledger } = state
  noteBirths(tx, ledger, scope)
  const touched = [...tx.deltas.keys()].filter((account) => isNamed(scope, account))
  if (scope.kind === 'contracts') readBalances(tx, scope.addresses, ledger.books)
  const findings = touched.flatMap((contract) => {
    const series = outflowsOf(tx, contract).flatMap((outflow) => seriesOf(outflow, tx, work) ?? [])
    const worst = series.sort((a, b) => b.shareBps - a.shareBps)[0]
    return worst === undefined ? [] : [findingOf(worst, tx, work)]
  })
  for (const contract of touched) remember(tx, { contract, ledger, alarmed: findings.length > 0 })
  return findings
}

type Series = { outflow: Outflow; party: Address; total: Total; shareBps: number; isSure: boolean }

/** The largest sum of any party to an outflow that nothing accounts for, where it is a series and large enough. */
function seriesOf(
  outflow: Outflow,
  tx: TransactionFacts,
  { input, state, options }: Work,
): Series | undefined {
  if (outflow.otherSide !== null || outflow.burned.size > 0) return undefined
  const { ledger, takes } = state
  const { from } = tx.transaction
  const { contract, asset } = outflow
  const book = bookOf(ledger.books, contract, asset)
  const unmatched = outflow.amount - paidInBy(outflow, book, from)
  if (unmatched <= 0n || book.balance === null || book.balance <= 0n) return undefined
  const at = input.facts.bundle.timestamp ?? ledger.blocks * BLOCK_SECONDS
  let found: Series | undefined
  for (const party of partiesTo(outflow, tx, { input, ledger })) {
    const take = { key: `${contract}:${asset}:${party}`, at, amount: unmatched }
    const total = noteTake(takes, take, options.windowSeconds)
    if (book.balance === null || book.balance <= 0n) continue
    const before = book.balance + (total.amount - unmatched)
    const shareBps = Number((total.amount * 10_000n) / before)
    if (total.times < options.minTimes || shareBps < options.minShareBps) continue
    if (found === undefined || shareBps > found.shareBps)
      found = { outflow, party, total, shareBps, isSure: knowsPayers(outflow, ledger, from) }
  }
  return found
}

/** Used where blocks have no time. */
const BLOCK_SECONDS = 12
const MOST_PARTIES = 16

function partiesTo(
  { recipients, contract }: Outflow,
  tx: TransactionFacts,
  { input, ledger }: { input: DetectorInput; ledger: Ledger },
): Address[] {
  const { from, frames } = tx.transaction
  const running = new Set(frames.filter(({ end, index }) => end > index + 1).map(({ context }) => context))
  const parties = new Set([...actorCluster(tx, input.scope), ...recipients.keys()])
  return [...parties]
    .filter((party) => party !== contract && !isNamed(input.scope, party))
    .filter((party) => party === from || ledger.born.has(party) || !running.has(party))
    .slice(0, MOST_PARTIES)
}

function weigh({ shareBps, isSure }: Series): { confidence: number; severity: Severity } {
  if (isSure && shareBps >= 5_000) return { confidence: 0.9, severity: 'critical' }
  return { confidence: isSure ? 0.8 : 0.7, severity: 'high' }
}

function findingOf(series: Series, tx: TransactionFacts, { input, options }: Work): Finding {
  const { outflow, party, total, shareBps, isSure } = series
  const { contract, asset, recipients } = outflow
  const actors = new Set([...actorCluster(tx, input.scope), ...recipients.keys()])
  const hours = Math.round(options.windowSeconds / 360) / 10
  const paid = isSure ? 'had not paid it in' : 'were not seen to pay it in'
  const statement = `${party} took ${total.amount} of ${asset} from ${contract} in ${total.times} transactions within ${hours} h: ${(Math.min(shareBps, 10_000) / 100).toFixed(1)} % of what it held; no inflow, debt or burn accounts for it, and the takers ${paid}`
  return buildFinding(tx, input.facts.bundle, {
    detector: 'slow-drain',
    ...weigh(series),
    categories: ['drain'],
    protected: [contract],
    victims: [contract],
    actors: [...actors],
    profit: changesOf(tx, actors).profit,
    loss: changesOf(tx, [contract]).loss,
    evidence: [
      {
        statement,
        frames: [],
        amounts: [{ account: contract, asset: asset as Asset, amount: total.amount }],
      },
    ],
    message: `${statement}.`,
  })
}
