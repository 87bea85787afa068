/**
 * Investigations of the recorded attacks, marked by their labels: is the first hypothesis of the right category (by the
 * published mapping in src/model/category.ts), is a vulnerable contract named first or second, is the attacker's contract
 * named as such. And how long it takes, as a multiple of JSON.parse of the same lines.
 *
 * npm run build && node dist/bench/investigation.js [--json]      (needs CORDON_CORPUS or ../shared/corpus)
 */
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { readLabels } from '../src/app/backtest.ts'
import { investigateTransactions } from '../src/app/investigate.ts'
import { isRightCategory } from '../src/model/category.ts'
import type { Address } from '../src/model/hex.ts'
import type { Investigation } from '../src/model/investigation.ts'
import { quantile } from './quantile.ts'

const corpus = resolve(process.env['CORDON_CORPUS'] ?? '../shared/corpus')
const { values } = parseArgs({ options: { json: { type: 'boolean', default: false } } })

type Marked = {
  id: string
  tags: readonly string[]
  first: string
  category: boolean
  /** Place of the first vulnerable contract among the victims, from 1; null where it is not named. */
  vulnerableAt: number | null
  attacker: boolean
  /** Milliseconds, reading included. */
  ms: number
  parseMs: number
}

/** The contract that attacked, by the corpus’s own name for it. */
const attackersBy = new Map(
  (
    JSON.parse(readFileSync(join(corpus, 'attacks.labels.json'), 'utf8')) as {
      id: string
      attackerContract?: Address
    }[]
  ).map(({ id, attackerContract }) => [id, attackerContract === undefined ? [] : [attackerContract]]),
)

const marked: Marked[] = []
for (const label of await readLabels(join(corpus, 'attacks.labels.json'))) {
  const file = join(corpus, 'attacks', `${label.id}.ndjson`)
  const began = performance.now()
  const found = await investigateTransactions({
    source: file,
    hashes: label.transactions,
    scope: { kind: 'everything' },
    full: false,
  })
  const ms = performance.now() - began
  const text = readFileSync(file, 'utf8')
  const parsing = performance.now()
  for (const line of text.split('\n')) if (line !== '') JSON.parse(line)
  marked.push({ ...mark(found, label), ms, parseMs: performance.now() - parsing })
}

function mark(
  { rootCause, victims, attackers }: Investigation,
  label: Awaited<ReturnType<typeof readLabels>>[number],
): Omit<Marked, 'ms' | 'parseMs'> {
  const { id, tags, vulnerableContracts } = label
  const labelled = attackersBy.get(id) ?? []
  const place = victims.findIndex(({ address }) => vulnerableContracts.includes(address))
  return {
    id,
    tags,
    first: rootCause.category,
    category: isRightCategory([rootCause.category], tags),
    vulnerableAt: place < 0 ? null : place + 1,
    attacker: labelled.some((address) => attackers.contracts.includes(address)),
  }
}

const count = (fits: (one: Marked) => boolean): number => marked.filter(fits).length
const summary = {
  attacks: marked.length,
  rightCategory: count(({ category }) => category),
  vulnerableFirstOrSecond: count(({ vulnerableAt }) => vulnerableAt !== null && vulnerableAt <= 2),
  attackerNamed: count(({ attacker }) => attacker),
  timesJsonParse: quantile(
    marked.map(({ ms, parseMs }) => ms / parseMs),
    0.5,
  ),
}
if (values.json) process.stdout.write(`${JSON.stringify({ summary, marked })}\n`)
else {
  for (const one of marked) process.stdout.write(`${lineOf(one)}\n`)
  const of = (n: number): string => `${n} of ${summary.attacks}`
  process.stdout.write(
    `\nfirst hypothesis of the right category  ${of(summary.rightCategory)}\nvulnerable contract first or second      ${of(summary.vulnerableFirstOrSecond)}\nattacker's contract named as such        ${of(summary.attackerNamed)}\ntime, median                             ${summary.timesJsonParse.toFixed(1)} × JSON.parse\n`,
  )
}

function lineOf({ id, tags, first, category, vulnerableAt, attacker }: Marked): string {
  const yes = (is: boolean): string => (is ? 'yes' : 'NO ')
  return `${id.padEnd(20)} ${first.padEnd(20)} ${yes(category)}  vulnerable at ${String(vulnerableAt ?? '–').padEnd(2)} attacker ${yes(attacker)}  (${tags.join(', ')})`
}
