import { dayProfile, learnSlot, type Profile, slotAt, weekProfile } from './profile.ts'
import { surpriseOf } from './tail.ts'
import { emptyWindow, learn, quantileOf, type Window } from './window.ts'

/** One observation: `at` in seconds since the epoch, `value` in the unit of the series. */
export type Point = { at: number; value: number }

/**
 * The combined model of one series: streaming, no look-ahead, no settings per series. Plain data of bounded size (about
 * 430 kB full at the default memory of 4,000 points, half at 2,000).
 *
 * Three forecasts (the time of day or week where that has been the better forecast, the last value, the median of the
 * long run) each at two paces (the point itself, a mean over about twelve) give six errors; each is ranked in the tail
 * of its own past. The two most surprising must agree: their mean is the surprise.
 */
export type SeriesScorer = {
  memory: number
  /** Surprise at which an episode begins. */
  alarmAt: number
  profiles: { day: Profile; week: Profile }
  level: Window
  last: number | null
  /** Usual absolute error of each slow forecast. */
  usual: Record<Slow, number | null>
  /** Running means and tails of the errors, forecast by pace. */
  errors: { mean: number; tail: Window }[]
  /** Points until a new alarm is possible. */
  quietFor: number
}
type Slow = 'level' | 'day' | 'week'

export type PointScore = {
  /** −log10 of the two most surprising tail probabilities, averaged; 0 while the data do not suffice. */
  surprise: number
  /** 1 − 10^−surprise: in [0, 1], comparable between series; not calibrated to the frequency of attacks. */
  likelihood: number
  /** True where an episode begins; no alarm follows for {@link REFRACTORY} points. */
  alarm: boolean
  /** `likelihood`, but 0 inside an episode that was reported: the value to show to a person. */
  score: number
  /** The forecast that the series usually follows best. */
  expected: number
}

const PACES = [1, 12] as const
/**
 * Surprise at which an episode begins: 1 in 700 of the past, in two views of the series. The middle of the plateau (2.6 to
 * 3.1) on recorded series; on made ones with many ordinary spikes a higher level is better (`bench/nab.ts`).
 */
export const ALARM_AT = 2.85
/** Points of silence after an alarm. */
export const REFRACTORY = 120
/** A seasonal forecast is preferred where its error is less than this share of the plain one's. */
const PREFER = 0.95
/** Weight, in visits, of the whole profile's usual error in that of a slot. */
const PRIOR_VISITS = 5

/** `memory`: points of each tail; `alarmAt`: surprise, in decades, at which an episode begins. */
export function seriesScorer({ memory = 4_000, alarmAt = ALARM_AT } = {}): SeriesScorer {
  return {
    memory,
    alarmAt,
    profiles: { day: dayProfile(), week: weekProfile() },
    level: emptyWindow(Math.ceil((memory * 3) / 4)),
    last: null,
    usual: { level: null, day: null, week: null },
    errors: Array.from({ length: 3 * PACES.length }, () => ({ mean: 0, tail: emptyWindow(memory) })),
    quietFor: 0,
  }
}

/** Scores a point against the past, then learns it. Points must be in order of time. */
export function scorePoint(scorer: SeriesScorer, point: Point): PointScore {
  const forecast = forecastsOf(scorer, point)
  const seasonal = (point.value - forecast.seasonal) / forecast.unevenness
  const steps = [seasonal, point.value - forecast.last, point.value - forecast.level]
  const surprises = steps.flatMap((error, i) =>
    PACES.map((pace, j) => surpriseOfError(scorer.errors[i * PACES.length + j], error, pace)),
  )
  learnPoint(scorer, point, forecast)
  const [first = 0, second = 0] = surprises.sort((x, y) => y - x)
  return told(scorer, (first + second) / 2, forecast.seasonal)
}

/** An independent copy; number arrays are copied whole, several times faster than `structuredClone`. */
export function copyScorer(scorer: SeriesScorer): SeriesScorer {
  const { profiles, level, usual, errors, ...rest } = scorer
  return {
    ...rest,
    profiles: { day: copyProfile(profiles.day), week: copyProfile(profiles.week) },
    level: copyWindow(level),
    usual: { ...usual },
    errors: errors.map(({ mean, tail }) => ({ mean, tail: copyWindow(tail) })),
  }
}

type Forecasts = Record<Slow | 'last' | 'seasonal', number> & {
  /** How much more uncertain this slot is than the series as a whole; 1 where the forecast is not seasonal. */
  unevenness: number
}

function forecastsOf({ profiles, level, last, usual }: SeriesScorer, { at, value }: Point): Forecasts {
  const plain = quantileOf(level, 0.5) ?? value
  const slots = { day: slotAt(profiles.day, at), week: slotAt(profiles.week, at) }
  const day = slots.day?.centre ?? plain
  const forecasts = { level: plain, day, week: slots.week?.centre ?? day }
  let best: Slow = 'level'
  for (const slow of ['day', 'week'] as const)
    if ((usual[slow] ?? Number.POSITIVE_INFINITY) < PREFER * (usual[best] ?? 0)) best = slow
  const slot = best === 'level' ? undefined : slots[best]
  const whole = usual[best] ?? 0
  const share = slot === undefined || whole <= 0 ? 1 : slot.error / whole
  const n = slot?.n ?? 0
  return {
    ...forecasts,
    last: last ?? value,
    seasonal: forecasts[best],
    unevenness: (n * share + PRIOR_VISITS) / (n + PRIOR_VISITS),
  }
}

function surpriseOfError(
  errors: SeriesScorer['errors'][number] | undefined,
  error: number,
  pace: number,
): number {
  if (errors === undefined) return 0
  errors.mean += (error - errors.mean) / pace
  const size = Math.abs(errors.mean)
  const surprise = surpriseOf(errors.tail, size)
  learn(errors.tail, size)
  return surprise
}

function learnPoint(scorer: SeriesScorer, point: Point, forecasts: Forecasts): void {
  const { profiles, usual } = scorer
  for (const slow of ['level', 'day', 'week'] as const) {
    const error = Math.abs(point.value - forecasts[slow])
    const before = usual[slow] ?? error
    usual[slow] = before + (error - before) * 0.01
  }
  learnSlot(profiles.day, point, usual.day ?? 0)
  learnSlot(profiles.week, point, usual.week ?? 0)
  learn(scorer.level, point.value)
  scorer.last = point.value
}

function told(scorer: SeriesScorer, surprise: number, expected: number): PointScore {
  const likelihood = 1 - 10 ** -surprise
  const isSilent = scorer.quietFor > 0
  if (isSilent) scorer.quietFor--
  const alarm = !isSilent && surprise >= scorer.alarmAt
  if (alarm) scorer.quietFor = REFRACTORY
  return { surprise, likelihood, alarm, score: isSilent ? 0 : likelihood, expected }
}

function copyProfile({ periodSeconds, slots }: Profile): Profile {
  return { periodSeconds, slots: slots.map((slot) => ({ ...slot })) }
}

function copyWindow({ capacity, recent, sorted }: Window): Window {
  return { capacity, recent: recent.slice(), sorted: sorted.slice() }
}
