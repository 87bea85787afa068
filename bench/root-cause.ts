/**
 * Root causes on the attacks as they happened (`corpus/real`): is the contract whose rule let value out ranked first or second, and
 * is the first hypothesis of the right category. Each case is an incident opened by hand on the transaction, as an auditor does: an
 * alert is not needed, and nothing is protected.
 *
 * `bench/root-causes.json` has the mechanism of each case, the categories that count as right for each mechanism, and corrected
 * victims where a label names the token that was taken, the protocol's own token, or an account in no frame. Attacks before 2022 are
 * for development; `later` is looked at seldom, and each look is written down in bench/README.md.
 *
 * A proxy and the code that it runs by DELEGATECALL count as one in a ranking.
 *
 * npm run build && node dist/bench/root-cause.js [--part dev|later|all] [--rates] [--json]    (needs CORDON_CORPUS or ../shared/corpus)
 */
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { readBundles } from '../src/chain/bundle/read.ts'
import { investigateTransactions } from '../src/investigate/investigate.ts'
import type { Address } from '../src/model/hex.ts'
import type { Investigation } from '../src/model/investigation.ts'
import { rate } from './interval.ts'

type RealLabel = {
  id: string
  date: string
  file: string
  transactions: string[]
  vulnerableContracts: Address[]
  harmRecorded: boolean
}
type Case = { mechanisms: string[]; source?: string; victims?: Address[]; why?: string }
type Causes = { mechanisms: Record<string, string[]>; cases: Record<string, Case> }

type Judged = {
  id: string
  date: string
  harmRecorded: boolean
  labelled: readonly Address[]
  /** True where a labelled account runs in the recording, by itself or as the code of another. */
  isPresent: boolean
  corrected: readonly Address[]
  ranked: readonly Address[]
  /** Rank of the first labelled, and of the first corrected or labelled account, from 1; null where none is named. */
  at: { labelled: number | null; corrected: number | null }
  mechanisms: readonly string[]
  categories: readonly string[]
  isRightCategory: boolean
  ms: number
}

/** The bench reports ranks up to this one. */
const SHOWN = 4

const corpus = resolve(process.env['CORDON_CORPUS'] ?? '../shared/corpus')
const { values } = parseArgs({
  options: {
    part: { type: 'string', default: 'dev' },
    rates: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
})
const causes = JSON.parse(readFileSync(resolve('bench/root-causes.json'), 'utf8')) as Causes
const labels = (JSON.parse(readFileSync(join(corpus, 'real.labels.json'), 'utf8')) as RealLabel[])
  .filter(({ date }) => values.part === 'all' || (values.part === 'dev') === date < '2022-01-01')
  .sort((a, b) => a.date.localeCompare(b.date))

const judged: Judged[] = []
for (const label of labels) judged.push(await judge(label))
if (values.json) process.stdout.write(`${JSON.stringify({ rates: rates(), judged })}\n`)
else {
  if (!values.rates) for (const one of judged) process.stdout.write(`${lineOf(one)}\n`)
  for (const [what, text] of Object.entries(rates())) process.stdout.write(`${what}: ${text}\n`)
}

async function judge(label: RealLabel): Promise<Judged> {
  const file = join(corpus, 'real', label.file)
  const began = performance.now()
  const { victims, rootCause } = await investigateTransactions({
    source: file,
    hashes: label.transactions,
    scope: { kind: 'everything' },
    full: false,
  })
  const ms = performance.now() - began
  const { mechanisms = [], victims: others = [] } = causes.cases[label.id] ?? {}
  const run = await codesIn(file)
  const ranks = ranksOf(victims, run)
  const categories = rootCause.hypotheses.map(({ category }) => category)
  const right = new Set(mechanisms.flatMap((mechanism) => causes.mechanisms[mechanism] ?? []))
  const corrected = [...label.vulnerableContracts, ...others]
  return {
    id: label.id,
    date: label.date,
    harmRecorded: label.harmRecorded,
    labelled: label.vulnerableContracts,
    isPresent: label.vulnerableContracts.some((address) => run.seen.has(address)),
    corrected: others,
    ranked: victims.map(({ address }) => address),
    at: { labelled: best(label.vulnerableContracts, ranks), corrected: best(corrected, ranks) },
    mechanisms,
    categories,
    isRightCategory: right.has(categories[0] ?? ''),
    ms,
  }
}

type Run = { codes: ReadonlyMap<Address, ReadonlySet<Address>>; seen: ReadonlySet<Address> }

/** The code that each account ran by DELEGATECALL, and every account that ran or was code. */
async function codesIn(file: string): Promise<Run> {
  const codes = new Map<Address, Set<Address>>()
  const seen = new Set<Address>()
  for await (const { transactions } of readBundles(file))
    for (const { type, context, to } of transactions.flatMap(({ frames }) => frames)) {
      for (const account of [context, to]) if (account !== null) seen.add(account)
      if (type !== 'DELEGATECALL' || context === null || to === null) continue
      codes.set(context, (codes.get(context) ?? new Set()).add(to))
    }
  return { codes, seen }
}

/** account → rank from 1. Code of an account that was ranked before has that account's rank. */
function ranksOf(victims: Investigation['victims'], { codes }: Run): Map<Address, number> {
  const ranks = new Map<Address, number>()
  let last = 0
  for (const { address } of victims) {
    if (!ranks.has(address)) ranks.set(address, ++last)
    const rank = ranks.get(address) ?? last
    for (const code of codes.get(address) ?? []) if (!ranks.has(code)) ranks.set(code, rank)
  }
  return ranks
}

function best(accounts: readonly Address[], ranks: ReadonlyMap<Address, number>): number | null {
  const known = accounts.flatMap((account) => ranks.get(account) ?? [])
  return known.length === 0 ? null : Math.min(...known)
}

function rates(): Record<string, string> {
  const isTop = (rank: number | null): boolean => rank !== null && rank <= 2
  const of = (fits: (one: Judged) => boolean, among: readonly Judged[] = judged): string =>
    rate(among.filter(fits).length, among.length)
  const harmful = judged.filter(({ harmRecorded }) => harmRecorded)
  const known = judged.filter(({ mechanisms }) => mechanisms.length > 0)
  const calls = judged.filter(({ categories }) => categories[0] === 'arbitrary-call')
  return {
    'a labelled account runs in the recording': of(({ isPresent }) => isPresent),
    'victim first or second, labels as they are': of(({ at }) => isTop(at.labelled)),
    'victim first or second, corrected labels': of(({ at }) => isTop(at.corrected)),
    'victim first, corrected labels': of(({ at }) => at.corrected === 1),
    'victim first or second, corrected labels, harm recorded': of(({ at }) => isTop(at.corrected), harmful),
    'category right, mechanism known': of((one) => one.isRightCategory, known),
    'category right, mechanism known, harm recorded': of(
      (one) => one.isRightCategory,
      known.filter(({ harmRecorded }) => harmRecorded),
    ),
    'category right by a cause, the catch-all drain not counted': of(
      ({ isRightCategory, categories }) => isRightCategory && categories[0] !== 'drain',
      known,
    ),
    'category right if all were called a drain': of(
      ({ mechanisms }) => mechanisms.some((mechanism) => causes.mechanisms[mechanism]?.includes('drain')),
      known,
    ),
    'called an arbitrary call, and right': of(({ isRightCategory }) => isRightCategory, calls),
  }
}

function lineOf(one: Judged): string {
  const short = (address: string): string => address.slice(0, 8)
  const { at } = one
  const victims = `label ${one.labelled.map(short).join(' ') || '–'}${one.isPresent ? '' : ' (in no frame)'}${one.corrected.length > 0 ? ` or ${one.corrected.map(short).join(' ')}` : ''}`
  const ranked = one.ranked.slice(0, SHOWN).map(short).join(' ') || '–'
  const causes = `${one.isRightCategory ? 'right' : 'WRONG'} ${one.categories.slice(0, SHOWN).join(' ') || '–'}  (${one.mechanisms.join(', ') || 'unknown'})`
  return `${one.date} ${one.id.padEnd(22)} at ${at.labelled ?? '–'}/${at.corrected ?? '–'}${one.harmRecorded ? '' : ' no harm here'}  ${victims}  ranked ${ranked}  ${causes}  ${Math.round(one.ms)} ms`
}
