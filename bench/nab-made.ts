import type { NabWindow } from '../src/calibrate/nab.ts'
import type { Point } from '../src/detect/baselines/scorer.ts'
import type { RecordedSeries } from './nab-corpus.ts'
import { gaussian, randomFrom } from './random.ts'

/*
 * Made series of the kinds that NAB has and this corpus lacks: counts with bursts, sparse counts, levels with ordinary
 * spikes, weeks with weekends, short hourly prices. Anomalies are labelled with windows as NAB's are: a tenth of a series,
 * divided among its anomalies. To choose the structure of the scorer on, so that recorded series remain for testing.
 */

type Random = () => number
/** The parameters of one series, drawn once. */
type Draw = { size: number; wobble: number; phase: number; sign: number; memory: number }
type Anomaly = { points: number; change(value: number, draw: Draw, random: Random): number }
type Kind = {
  stepSeconds: number
  points: readonly [least: number, most: number]
  value(at: number, draw: Draw, random: Random): number
  anomalies: readonly Anomaly[]
}

const DAY = 86_400
const wave = (at: number, phase = 0): number => Math.sin((2 * Math.PI * at) / DAY + phase)

const kinds: Readonly<Record<string, Kind>> = {
  counts: {
    stepSeconds: 300,
    points: [12_000, 15_900],
    value: (at, { size, phase }, random) =>
      poisson(30 * size * (1 + 0.7 * wave(at, phase)) * Math.exp(0.5 * gaussian(random) - 0.125), random),
    anomalies: [
      { points: 24, change: (value, { size }, random) => value + poisson(180 * size, random) },
      { points: 6, change: (value, { size }, random) => value + poisson(750 * size, random) },
      { points: 1, change: (value, { size }, random) => value + poisson(1_200 * size, random) },
    ],
  },
  sparse: {
    stepSeconds: 300,
    points: [4_000, 6_000],
    value: (_, { size, wobble }, random) =>
      random() < 0.02 + 0.15 * size ? 1 + poisson(1 + 4 * wobble, random) : 0,
    anomalies: [
      { points: 30, change: (value, { wobble }, random) => value + poisson(1.5 + 6 * wobble, random) },
      { points: 2, change: (value, { wobble }, random) => value + poisson(12 + 48 * wobble, random) },
    ],
  },
  level: {
    stepSeconds: 300,
    points: [4_032, 4_032],
    value: (_, draw, random) => {
      draw.memory = 0.8 * draw.memory + gaussian(random)
      const spike = random() < 0.005 ? (20 + 60 * draw.size) * random() : 0
      return 20 + 60 * draw.size + (0.5 + 2 * draw.wobble) * draw.memory + spike
    },
    anomalies: [
      { points: 150, change: (value, { sign, wobble }) => value + 6 * sign * (0.5 + 2 * wobble) },
      {
        points: 40,
        change: (value, { wobble }, random) => value + 12 * (0.5 + 2 * wobble) * gaussian(random),
      },
      { points: 3, change: (value, { sign, wobble }) => value + 25 * sign * (0.5 + 2 * wobble) },
    ],
  },
  weeks: {
    stepSeconds: 1_800,
    points: [6_000, 10_000],
    value: (at, { size, phase }, random) => {
      const weekend = Math.floor(at / DAY + 4) % 7 > 4 ? 0.7 : 1
      return (100 + 1_000 * size) * (1 + 0.6 * wave(at, phase)) * weekend * (1 + 0.06 * gaussian(random))
    },
    anomalies: [
      { points: 40, change: (value) => value / 2 },
      { points: 30, change: (value) => value * 1.4 },
      { points: 24, change: (_, { size }) => 100 + 1_000 * size },
      { points: 2, change: (value) => value * 2 },
    ],
  },
  hourly: {
    stepSeconds: 3_600,
    points: [1_600, 1_650],
    value: (at, { size, phase }, random) =>
      (0.1 + size) * Math.exp(0.35 * gaussian(random) + 0.25 * wave(at, phase)) * (random() < 0.01 ? 2.5 : 1),
    anomalies: [
      { points: 1, change: (value, { size }) => value + 9 * (0.1 + size) },
      { points: 20, change: (value) => value * 2.5 },
      { points: 3, change: (value, { size }) => value + 5 * (0.1 + size) },
    ],
  },
}

/** `each` series of every kind, with one to three anomalies each; the name begins with the kind. */
export function madeSeries(each = 8): RecordedSeries[] {
  return Object.entries(kinds).flatMap(([name, kind], k) =>
    Array.from({ length: each }, (_, i) =>
      madeSeriesOf(`${name}/${i}`, kind, { i, random: randomFrom(1 + 100 * k + i) }),
    ),
  )
}

function madeSeriesOf(
  name: string,
  kind: Kind,
  { i, random }: { i: number; random: Random },
): RecordedSeries {
  const [least, most] = kind.points
  const n = Math.floor(least + random() * (most - least))
  const draw = {
    size: random(),
    wobble: random(),
    phase: 6 * random(),
    sign: random() < 0.5 ? -1 : 1,
    memory: 0,
  }
  const rows: Point[] = Array.from({ length: n }, (_, row) => {
    const at = 1_420_000_000 + row * kind.stepSeconds
    return { at, value: kind.value(at, draw, random) }
  })
  const count = 1 + Math.floor(random() * 3)
  const windows: NabWindow[] = []
  for (let j = 0; j < count; j++) {
    const anomaly = kind.anomalies[(i + j) % kind.anomalies.length]
    if (anomaly === undefined) continue
    const start = Math.floor(n * (0.2 + (0.75 * (j + 0.15 + 0.6 * random())) / count))
    for (const row of rows.slice(start, start + anomaly.points))
      row.value = anomaly.change(row.value, draw, random)
    const [middle, width] = [start + anomaly.points / 2, (0.1 * n) / count]
    windows.push({
      first: Math.max(0, Math.floor(middle - width / 2)),
      last: Math.min(n - 1, Math.floor(middle + width / 2)),
    })
  }
  return { name, rows, windows }
}

/** By inversion; a Gaussian above 50. */
function poisson(rate: number, random: Random): number {
  if (rate > 50) return Math.max(0, Math.round(rate + Math.sqrt(rate) * gaussian(random)))
  const aim = random()
  let [count, chance] = [0, Math.exp(-rate)]
  for (let sum = chance; aim > sum && count < 500; sum += chance) {
    count++
    chance *= rate / count
  }
  return count
}
