import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { type NabProfile, type NabSeries, probationRows, scoreNab, scoreNabAt } from '../src/calibrate/nab.ts'
import { ALARM_AT, type Point, scorePoint, seriesScorer } from '../src/detect/baselines/scorer.ts'
import { type RecordedSeries, readProfiles, readSeries } from './nab-corpus.ts'
import { randomFrom } from './random.ts'
import { type Row, report } from './report.ts'

/*
 * The Numenta Anomaly Benchmark on the recorded series: our scorer, a windowed Gaussian and a static threshold in one
 * run. One threshold per detector over the whole corpus, the best one for the profile, as NAB itself does it; so next
 * to it are the score at the threshold that the product ships with (chosen without the corpus), the score with the
 * threshold chosen on the other folders, and a bootstrap interval over series.
 */

const corpus = join(resolve(process.env['CORDON_CORPUS'] ?? '../shared/corpus'), 'nab')

/** Returns a streaming scorer of one series; `probation` rows are for learning only. */
type Model = (probation: number) => (point: Point) => number

const models: Readonly<Record<string, Model>> = {
  cordon: () => {
    const scorer = seriesScorer()
    return (point) => scorePoint(scorer, point).score
  },
  'windowed Gaussian': windowedGaussian,
  'static threshold': staticThreshold,
}

if (existsSync(corpus)) run()
else process.stderr.write(`no series at ${corpus}: set CORDON_CORPUS\n`)

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
  const folders = [...new Set(scored.map(folderOf))]
  let [raw, windows] = [0, 0]
  for (const folder of folders) {
    const { threshold } = scoreNab(
      scored.filter((one) => folderOf(one) !== folder),
      profile,
    )
    for (const one of scoreNabAt(
      scored.filter((one) => folderOf(one) === folder),
      profile,
      threshold,
    ).series) {
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
  const score = model(probationRows(rows.length))
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
function staticThreshold(probation: number): (point: Point) => number {
  let [low, high, seen] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0]
  return ({ value }) => {
    if (seen++ < probation) {
      low = Math.min(low, value)
      high = Math.max(high, value)
      return 0
    }
    const outside = Math.max(0, value - high, low - value) / Math.max(high - low, 1e-9)
    return outside / (1 + outside)
  }
}
