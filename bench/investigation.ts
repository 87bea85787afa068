/**
 * Investigations of the recorded attacks, scored by their labels: is the first hypothesis of the right category (by the
 * published mapping in src/model/category.ts), is a vulnerable contract named first or second, is the attacker's
 * contract named as such, are the tokens that the label calls lost among the victims' losses or the attackers' gains.
 * And the time, as a multiple of JSON.parse of the same lines.
 *
 * npm run build && node dist/bench/investigation.js [--json]      (needs CORDON_CORPUS or ../shared/corpus)
 */
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { readLabels } from '../src/backtest/backtest.ts'
import { investigateTransactions } from '../src/investigate/investigate.ts'
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
  /** Rank of the first vulnerable contract among the victims, from 1; null if it is not named. */
  vulnerableAt: number | null
  attacker: boolean
  tokens: TokensLost
  /** Total dollars: the victims' losses, the attackers' gains, the label's figure for all its transactions. */
  dollars: { lost: number; gained: number; label: number | null }
  /** Milliseconds, reading included. */
  ms: number
  parseMs: number
}

/**
 * Tokens of the label that were found; those that moved here and were not found; those that did not move here under
 * their name; and the number of lost assets whose symbol nobody vouches for.
 */
type TokensLost = { found: string[]; missed: string[]; absent: string[]; unnamed: number }

/** The corpus data in addition to the data that the detectors' bench reads. */
const more = new Map(
  (
    JSON.parse(readFileSync(join(corpus, 'attacks.labels.json'), 'utf8')) as {
      id: string
      attackerContract?: Address
      tokensLost?: string[]
      lossUsd?: number | null
    }[]
  ).map((label) => [label.id, label]),
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
  investigation: Investigation,
  label: Awaited<ReturnType<typeof readLabels>>[number],
): Omit<Marked, 'ms' | 'parseMs'> {
  const { rootCause, victims, attackers } = investigation
  const { id, tags, vulnerableContracts } = label
  const attacker = more.get(id)?.attackerContract
  const place = victims.findIndex(({ address }) => vulnerableContracts.includes(address))
  return {
    id,
    tags,
    first: rootCause.category,
    category: isRightCategory([rootCause.category], tags),
    vulnerableAt: place < 0 ? null : place + 1,
    attacker: attacker !== undefined && attackers.contracts.includes(attacker),
    tokens: tokensLost(investigation, more.get(id)?.tokensLost ?? []),
    dollars: {
      lost: sumOf(victims.flatMap(({ loss }) => loss)),
      gained: sumOf(investigation.profits.flatMap(({ change }) => change)),
      label: more.get(id)?.lossUsd ?? null,
    },
  }
}

function tokensLost(
  { victims, attackers, balanceChanges, assets }: Investigation,
  labelled: readonly string[],
): TokensLost {
  const own = new Set([...attackers.accounts, ...attackers.contracts])
  const gained = balanceChanges.filter(({ account, amount }) => own.has(account) && amount > 0n)
  const moved = new Set([...victims.flatMap(({ loss }) => loss), ...gained].map(({ asset }) => asset))
  const symbols = new Map(assets.filter(({ vouched }) => vouched).map(({ asset, symbol }) => [asset, symbol]))
  const named = new Set([...moved].map((asset) => plain(symbols.get(asset) ?? '')))
  const present = new Set([...symbols.values()].map((symbol) => plain(symbol ?? '')))
  const others = labelled.filter((symbol) => !named.has(plain(symbol)))
  return {
    found: labelled.filter((symbol) => named.has(plain(symbol))),
    missed: others.filter((symbol) => present.has(plain(symbol))),
    absent: others.filter((symbol) => !present.has(plain(symbol))),
    unnamed: [...moved].filter((asset) => !symbols.has(asset)).length,
  }
}

function sumOf(changes: readonly { usd?: string | undefined }[]): number {
  return Math.round(changes.reduce((sum, { usd }) => sum + Number(usd ?? 0), 0))
}

/**
 * The coin and its wrapper are one; so are a bridge's token and the token that it represents (labels say “USDC” for
 * Multichain's).
 */
function plain(symbol: string): string {
  const bare = symbol.replace(/^any(?=[A-Z])|^Punk /, '').toUpperCase()
  return bare.replace(/^W(?=(ETH|BNB|FTM|XDAI|MATIC|AVAX)$)/, '')
}

const count = (fits: (one: Marked) => boolean): number => marked.filter(fits).length
const summary = {
  attacks: marked.length,
  rightCategory: count(({ category }) => category),
  vulnerableFirstOrSecond: count(({ vulnerableAt }) => vulnerableAt !== null && vulnerableAt <= 2),
  attackerNamed: count(({ attacker }) => attacker),
  tokensLabelled: count(({ id }) => (more.get(id)?.tokensLost ?? []).length > 0),
  tokensAll: count(
    ({ tokens }) => tokens.found.length > 0 && tokens.missed.length + tokens.absent.length === 0,
  ),
  tokensSome: count(
    ({ tokens }) => tokens.found.length > 0 && tokens.missed.length + tokens.absent.length > 0,
  ),
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
    `\nfirst hypothesis of the right category  ${of(summary.rightCategory)}\nvulnerable contract first or second      ${of(summary.vulnerableFirstOrSecond)}\nattacker's contract named as such        ${of(summary.attackerNamed)}\ntokens lost, all of the label's           ${summary.tokensAll} of ${summary.tokensLabelled} (some of them: ${summary.tokensSome})\ntime, median                             ${summary.timesJsonParse.toFixed(1)} × JSON.parse\n`,
  )
}

function lineOf({ id, tags, first, category, vulnerableAt, attacker, tokens, dollars }: Marked): string {
  const yes = (is: boolean): string => (is ? 'yes' : 'NO ')
  return `${id.padEnd(20)} ${first.padEnd(20)} ${yes(category)}  vulnerable at ${String(vulnerableAt ?? '–').padEnd(2)} attacker ${yes(attacker)}  tokens ${tokens.found.join('+') || '–'}${tokens.missed.length > 0 ? ` missed ${tokens.missed.join('+')}` : ''}${tokens.absent.length > 0 ? ` not moved here ${tokens.absent.join('+')}` : ''}${tokens.unnamed > 0 ? ` (${tokens.unnamed} without a known symbol)` : ''}  dollars lost ${dollars.lost} gained ${dollars.gained} label ${dollars.label ?? '–'}  (${tags.join(', ')})`
}
