import { existsSync } from 'node:fs'
import { invariants } from '../src/detect/detectors/invariants/invariants.ts'
import { FEWEST_KNOWN } from '../src/detect/detectors/invariants/judge.ts'
import { emptyProtocol } from '../src/detect/detectors/invariants/model.ts'
import { chanceOf, kindOf } from '../src/detect/detectors/invariants/novelty.ts'
import { PROTOCOL_KINDS, type ProtocolKind } from '../src/detect/detectors/invariants/prior.ts'
import { corpus, type History, type Item, type Judgement, judgeItems, readHistories } from './history.ts'
import { rate } from './interval.ts'
import { readPool } from './novelty-pool.ts'
import { type Row, report } from './report.ts'

/*
 * Novelty in short histories: the pool from which `prior.ts` was learned, false alarms by how much is known, the exploits
 * after the last k or k evenly spread earlier transactions only, and everything again with the tails of the pool and the
 * rate of alarms chosen without the protocol that is judged. `--before-2022` leaves out XCarnival (June 2022), which was
 * not looked at when the constants were chosen.
 */

const defaults = invariants.options.parse({})
const LENGTHS = [10, 18, 30, 100]

/** The judged transactions of one protocol; `isHistory` where it is a whole history with an exploit. */
type Run = { name: string; isHistory: boolean; exploits: ReadonlySet<string>; judgements: Judgement[] }

async function main(): Promise<void> {
  const isEarly = process.argv.includes('--before-2022')
  const histories = (await readHistories()).filter(({ label }) => !isEarly || label.protocol !== 'XCarnival')
  const pool = (await readPool(corpus)).map(({ name, items }) => run(name, items))
  const whole = histories.map((history) => ({
    ...run(history.label.protocol, history.items),
    isHistory: true,
    exploits: new Set<string>(history.label.exploitTransactions),
  }))
  report(
    'the pool: sums of surprise in ordinary transactions, and the tail in prior.ts',
    tailRows([...pool, ...whole]),
  )
  report('false alarms by the number of earlier transactions', knownRows(pool, whole))
  report(
    'exploits after short histories',
    LENGTHS.flatMap((k) => [shortRow(histories, k, lastOf), shortRow(histories, k, spreadOver)]),
  )
  report('leave one protocol out: tails and rate of alarms from the others', leaveOneOut(pool, whole))
}

function run(name: string, items: readonly Item[]): Run {
  const judgements = judgeItems(items, emptyProtocol(name, []), () => defaults)
  return { name, isHistory: false, exploits: new Set(), judgements }
}

function benignOf({ judgements, exploits }: Run): Judgement[] {
  return judgements.filter(({ item, verdict }) => verdict !== null && !exploits.has(item.hash))
}

function used({ item }: Judgement): boolean {
  return item.seen?.kind === 'use'
}

const isFlagged = ({ verdict }: Judgement): boolean => verdict?.kind === 'flagged'
const decadesIn = ({ verdict }: Judgement): number => verdict?.novelty.decades ?? 0

function tailRows(runs: readonly Run[]): Row[] {
  const all = runs.flatMap(benignOf).filter(used)
  return PROTOCOL_KINDS.map((kind) => {
    const own = all.filter(({ record }) => kindOf(record.through).name === kind.name)
    const row: Row = { what: kind.name, transactions: own.length }
    for (const s of [1, 2, 3, 4, 5, 6]) {
      const share = own.filter((it) => decadesIn(it) >= s).length / own.length
      const fitted = 10 ** -(kind.tail.offset + kind.tail.slope * s)
      row[`≥ ${s}, % (prior)`] = `${(100 * share).toFixed(3)} (${(100 * fitted).toFixed(3)})`
    }
    const { offset, slope } = fitTail(own)
    row['fitted offset, slope'] = `${offset.toFixed(2)}, ${slope.toFixed(2)}`
    return row
  })
}

/** Least squares on the logarithm of the share above 2 to 5 decades, weighted by the count. */
function fitTail(judgements: readonly Judgement[]): ProtocolKind['tail'] {
  const points = [2, 2.5, 3, 3.5, 4, 4.5, 5].flatMap((s) => {
    const n = judgements.filter((it) => decadesIn(it) >= s).length
    return n === 0 ? [] : [{ s, n, y: Math.log10(n / judgements.length) }]
  })
  const weight = points.reduce((sum, { n }) => sum + n, 0)
  const mean = (pick: (point: { s: number; y: number }) => number): number =>
    points.reduce((sum, point) => sum + point.n * pick(point), 0) / weight
  const [s, y] = [mean((point) => point.s), mean((point) => point.y)]
  const slope = -mean((point) => (point.s - s) * (point.y - y)) / mean((point) => (point.s - s) ** 2)
  return { offset: -y - slope * s, slope }
}

const KNOWN = [0, 10, 30, 100, 300, 10_000] as const

function knownRows(pool: readonly Run[], whole: readonly Run[]): Row[] {
  const row = (what: string, runs: readonly Run[], from: number, to: number): Row => {
    const own = runs.flatMap((it) => benignOf({ ...it, judgements: it.judgements.slice(from, to) }))
    const by = (basis: string): number =>
      own.filter(({ verdict }) => verdict?.kind === 'flagged' && verdict.basis === basis).length
    return {
      what,
      'false alarms, %': rate(own.filter(isFlagged).length, own.length),
      'by own history': by('own'),
      'by the pool': by('pooled'),
    }
  }
  return [
    ...KNOWN.slice(1).map((to, i) => row(`pool, ${KNOWN[i]} to ${to - 1} before`, pool, KNOWN[i] ?? 0, to)),
    row('pool, all', pool, 0, 10_000),
    row('histories, the first 30', whole, 0, 30),
    row('histories, all', whole, 0, 10_000),
  ]
}

type Choose = (benign: readonly Item[], k: number) => readonly Item[]
const lastOf: Choose = (benign, k) => benign.slice(-k)
const spreadOver: Choose = (benign, k) =>
  Array.from({ length: k }, (_, i) => benign[Math.floor((i * benign.length) / k)]).filter(
    (it) => it !== undefined,
  )

function shortRow(histories: readonly History[], k: number, choose: Choose): Row {
  const results = histories.map(({ label, items }) => {
    const exploits = new Set<string>(label.exploitTransactions)
    const at = items.findIndex(({ hash }) => hash === label.primaryExploitTransaction)
    const benign = items.slice(0, at).filter(({ hash, seen }) => !exploits.has(hash) && seen !== null)
    const { judgements } = run(label.protocol, [...choose(benign, k), ...items.slice(at, at + 1)])
    const [last] = judgements.slice(-1)
    const alarms = judgements.slice(0, -1).filter(isFlagged).length
    return { name: label.protocol, verdict: last?.verdict ?? null, alarms, benign: judgements.length - 1 }
  })
  const flagged = results.filter(({ verdict }) => verdict?.kind === 'flagged').length
  return {
    what: `${choose === lastOf ? 'the last' : 'thinned to'} ${k}`,
    'exploits flagged': `${flagged} of ${results.length}`,
    'false alarms, %': rate(
      results.reduce((sum, { alarms }) => sum + alarms, 0),
      results.reduce((sum, { benign }) => sum + benign, 0),
    ),
    'chance of each exploit': results
      .map(({ name, verdict }) => `${name} ${(verdict?.novelty.chance ?? 1).toPrecision(1)}`)
      .join(', '),
  }
}

const RATES = [0.0005, 0.001, 0.0015, 0.002, 0.003, 0.004, 0.006] as const
/** The strict rate that is asked for. */
const STRICT = 0.0005

/** The highest rate with at most 0.05 % false alarms on the other histories; tails fitted to the pool and the others. */
function leaveOneOut(pool: readonly Run[], whole: readonly Run[]): Row[] {
  return whole.map((held) => {
    const others = whole.filter((it) => it !== held)
    const tails = refit([...pool, ...others])
    const alarmsAt = (runs: readonly Run[], most: number): [number, number] => {
      const benign = runs.flatMap(benignOf)
      return [benign.filter((it) => isAlarm(it, tails, most)).length, benign.length]
    }
    const isStrict = (most: number): boolean => {
      const [alarms, n] = alarmsAt(others, most)
      return alarms <= STRICT * n
    }
    const chosen = RATES.filter(isStrict).at(-1) ?? RATES[0]
    const row: Row = { what: held.name, 'rate chosen': String(chosen) }
    for (const [name, most] of [
      ['as shipped', defaults.maxNoveltyRate],
      ['at the chosen', chosen],
    ] as const) {
      const exploits = held.judgements.filter(({ item }) => held.exploits.has(item.hash))
      row[`exploits, ${name}`] =
        `${exploits.filter((it) => isAlarm(it, tails, most)).length}/${exploits.length}`
      row[`false, ${name}, %`] = rate(...alarmsAt([held], most))
    }
    row['pool, at the chosen, %'] = rate(...alarmsAt(pool, chosen))
    return row
  })
}

type Tails = ReadonlyMap<string, ProtocolKind['tail']>

function refit(runs: readonly Run[]): Tails {
  const all = runs.flatMap(benignOf).filter(used)
  return new Map(
    PROTOCOL_KINDS.map(({ name }) => [
      name,
      fitTail(all.filter(({ record }) => kindOf(record.through).name === name)),
    ]),
  )
}

function isAlarm(judgement: Judgement, tails: Tails, most: number): boolean {
  const { verdict, record } = judgement
  if (verdict === null || !used(judgement)) return false
  const byOwn = (verdict.kind === 'flagged' || verdict.kind === 'restless') && verdict.basis === 'own'
  if (byOwn) return verdict.kind === 'flagged'
  const known = record.sums.reduce((sum, count) => sum + count, 0)
  const chance = chanceOf(verdict.novelty.decades, record, tails.get(kindOf(record.through).name))
  return known >= FEWEST_KNOWN && verdict.novelty.isSupported && chance <= most
}

if (existsSync(corpus)) await main()
else process.stderr.write(`no corpus at ${corpus}: set CORDON_CORPUS\n`)
