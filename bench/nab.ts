import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { type NabProfile, type NabSeries, probationRows, scoreNab, scoreNabAt } from '../src/calibrate/nab.ts'
import { ALARM_AT, type Point, scorePoint, seriesScorer } from '../src/detect/baselines/scorer.ts'
import { scaled } from '../src/detect/baselines/unit.ts'
import { type RecordedSeries, readProfiles, readSeries } from './nab-corpus.ts'
import { madeSeries } from './nab-made.ts'
import { randomFrom } from './random.ts'
import { type Row, report } from './report.ts'

/*
 * The Numenta Anomaly Benchmark on the recorded series: our scorer, a windowed Gaussian and a static threshold in one
 * run. One threshold per detector over the whole corpus, the best one for the profile, as NAB itself does it; so next
 * to it are the score at the level that the product ships with, the score with the threshold or the level chosen on the other
 * folders (a level also decides when an episode's silence begins; a threshold is only applied to the scores), and a
 * bootstrap interval over series. The same for made series, on which the structure is chosen.
 */

const corpus = join(resolve(process.env['CORDON_CORPUS'] ?? '../shared/corpus'), 'nab')

/** Returns a streaming scorer of one series; the rows of its `probation` are for learning only. */
type Model = (probation: readonly Point[]) => (point: Point) => number

/** As the product does for a series that it knows to be a count: here the rows of the probation say so. */
const cordonAt =
  (alarmAt: number): Model =>
  (probation) => {
    const scorer = seriesScorer({ alarmAt })
    const unit = probation.every(({ value }) => value >= 0 && Number.isInteger(value)) ? 'count' : 'plain'
    return ({ at, value }) => scorePoint(scorer, { at, value: scaled(value, unit) }).score
  }

const models: Readonly<Record<string, Model>> = {
  cordon: cordonAt(ALARM_AT),
  'windowed Gaussian': windowedGaussian,
  'static threshold': staticThreshold,
}

function run(): void {
  const recorded = readSeries(corpus)
  const profiles = readProfiles(corpus)
  const rows: Row[] = []
  for (const [name, model] of Object.entries(models)) {
    const started = performance.now()
    const scored = recorded.map((series) => scoreWith(model, series))
    const micros =
      (1_000 * (performance.now() - started)) / recorded.reduce((n, one) => n + one.rows.length, 0)
    rows.push(rowOf(name, { scored, profiles, micros }))
    if (name === 'cordon') for (const profile of Object.keys(profiles)) perSeries(scored, profiles, profile)
  }
  const windows = recorded.reduce((n, one) => n + one.windows.length, 0)
  report(`NAB score (100 = perfect, 0 = silent), n = ${recorded.length} series, ${windows} windows`, rows)
  const made = madeSeries()
  report(
    `the same, profile standard, by level: recorded and ${made.length} made series`,
    levelRows(recorded, made, profiles),
  )
}

const LEVELS = [2.4, 2.55, 2.7, 2.85, 3, 3.15] as const

/** The score at each level, and with each folder's level chosen on the others. */
function levelRows(
  recorded: readonly RecordedSeries[],
  made: readonly RecordedSeries[],
  { standard }: Profiles,
): Row[] {
  if (standard === undefined) return []
  const at = (all: readonly RecordedSeries[]): Map<number, readonly NabSeries[]> =>
    new Map(LEVELS.map((level) => [level, all.map((series) => scoreWith(cordonAt(level), series))]))
  const [real, synthetic] = [at(recorded), at(made)]
  const scoreAt = (scored: ReadonlyMap<number, readonly NabSeries[]>, level: number): number =>
    scoreNabAt(scored.get(level) ?? [], standard, 1 - 10 ** -level).normalized
  const chosen = (scored: ReadonlyMap<number, readonly NabSeries[]>): number =>
    heldOutFolders(scored.get(ALARM_AT) ?? [], standard, (held) => {
      const others = (level: number): NabSeries[] =>
        (scored.get(level) ?? []).filter((one) => folderOf(one) !== held)
      const worth = (level: number): number =>
        scoreNabAt(others(level), standard, 1 - 10 ** -level).normalized
      const level = LEVELS.reduce((best, one) => (worth(one) > worth(best) ? one : best))
      return {
        scored: (scored.get(level) ?? []).filter((one) => folderOf(one) === held),
        threshold: 1 - 10 ** -level,
      }
    })
  return [
    ...LEVELS.map((level) => ({
      what: `${level} decades`,
      recorded: scoreAt(real, level).toFixed(1),
      made: scoreAt(synthetic, level).toFixed(1),
    })),
    {
      what: 'chosen on the other folders',
      recorded: chosen(real).toFixed(1),
      made: chosen(synthetic).toFixed(1),
    },
  ]
}

type Profiles = Readonly<Record<string, NabProfile>>
type Scored = { scored: readonly NabSeries[]; profiles: Profiles; micros: number }

function rowOf(what: string, { scored, profiles, micros }: Scored): Row {
  const row: Row = { what }
  for (const [name, profile] of Object.entries(profiles)) {
    const { normalized } = scoreNab(scored, profile)
    const [low, high] = bootstrap(scored, profile)
    row[name] = `${normalized.toFixed(1)} (95 % ${low.toFixed(0)} to ${high.toFixed(0)})`
    if (what === 'cordon')
      row[`${name}, built-in threshold`] = scoreNabAt(
        scored,
        profile,
        1 - 10 ** -ALARM_AT,
      ).normalized.toFixed(1)
    row[`${name}, other folders’ threshold`] = leaveOneFolderOut(scored, profile).toFixed(1)
  }
  row['µs a point'] = micros
  return row
}

function perSeries(scored: readonly NabSeries[], profiles: Profiles, name: string): void {
  const profile = profiles[name]
  if (profile === undefined || process.argv.includes('--json')) return
  const { series, threshold } = scoreNab(scored, profile)
  report(
    `cordon, profile ${name}, threshold ${threshold.toFixed(5)}`,
    series.map((one) => ({
      what: one.name,
      windows: one.windows,
      found: one.found,
      'false alarms': one.falseAlarms,
      raw: one.raw,
      perfect: one.perfect,
    })),
  )
}

/** Each folder scored at the threshold that is best on the others; raw sums added up and normalised once. */
function leaveOneFolderOut(scored: readonly NabSeries[], profile: NabProfile): number {
  return heldOutFolders(scored, profile, (held) => ({
    scored: scored.filter((one) => folderOf(one) === held),
    threshold: scoreNab(
      scored.filter((one) => folderOf(one) !== held),
      profile,
    ).threshold,
  }))
}

type HeldOut = { scored: readonly NabSeries[]; threshold: number }

function heldOutFolders(
  all: readonly NabSeries[],
  profile: NabProfile,
  scoresOf: (held: string) => HeldOut,
): number {
  let [raw, windows] = [0, 0]
  for (const held of new Set(all.map(folderOf))) {
    const { scored, threshold } = scoresOf(held)
    for (const one of scoreNabAt(scored, profile, threshold).series) {
      raw += one.raw
      windows += one.windows
    }
  }
  const silent = -windows * profile.falseNegative
  return (100 * (raw - silent)) / (windows * profile.truePositive - silent)
}

/** 95 % percentile interval over 1,000 draws of series with replacement, threshold as chosen on all of them. */
function bootstrap(scored: readonly NabSeries[], profile: NabProfile): [number, number] {
  const { series } = scoreNab(scored, profile)
  const random = randomFrom(7)
  const draws = Array.from({ length: 1_000 }, () => {
    let [raw, windows] = [0, 0]
    for (let i = 0; i < series.length; i++) {
      const one = series[Math.floor(random() * series.length)]
      raw += one?.raw ?? 0
      windows += one?.windows ?? 0
    }
    const silent = -windows * profile.falseNegative
    return (100 * (raw - silent)) / (windows * profile.truePositive - silent)
  }).sort((x, y) => x - y)
  return [draws[25] ?? Number.NaN, draws[974] ?? Number.NaN]
}

function scoreWith(model: Model, { name, rows, windows }: RecordedSeries): NabSeries {
  const score = model(rows.slice(0, probationRows(rows.length)))
  return { name, windows, scores: rows.map(score) }
}

function folderOf({ name }: NabSeries): string {
  return name.split('/', 1)[0] ?? name
}

/** Gaussian of the last 6,400 points: how unlikely the value is. NAB's own `windowedGaussian` in substance. */
function windowedGaussian(): (point: Point) => number {
  const kept: number[] = []
  let [sum, squares] = [0, 0]
  return ({ value }) => {
    const mean = sum / Math.max(1, kept.length)
    const deviation = Math.sqrt(Math.max(1e-12, squares / Math.max(1, kept.length) - mean * mean))
    const away = kept.length < 2 ? 0 : Math.abs(value - mean) / deviation
    kept.push(value)
    sum += value
    squares += value * value
    const old = kept.length > 6_400 ? (kept.shift() ?? 0) : 0
    sum -= old
    squares -= old * old
    // a monotone stand-in for the two-sided tail, without its underflow at eight deviations
    return away / (1 + away)
  }
}

/** A bound fixed after probation: how far outside its span, in spans. */
function staticThreshold(probation: readonly Point[]): (point: Point) => number {
  let [low, high, seen] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0]
  return ({ value }) => {
    if (seen++ < probation.length) {
      low = Math.min(low, value)
      high = Math.max(high, value)
      return 0
    }
    const outside = Math.max(0, value - high, low - value) / Math.max(high - low, 1e-9)
    return outside / (1 + outside)
  }
}

if (existsSync(corpus)) run()
else process.stderr.write(`no series at ${corpus}: set CORDON_CORPUS\n`)
