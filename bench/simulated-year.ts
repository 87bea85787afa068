import { learnReading, type RunLengthGate, readGate, runLengthGate } from '../src/calibrate/gate.ts'
import { clopperPearson, proportionText } from '../src/calibrate/statistics.ts'
import {
  copyScorer,
  type Point,
  type SeriesScorer,
  scorePoint,
  seriesScorer,
} from '../src/detect/baselines/scorer.ts'
import { randomFrom } from './random.ts'
import { type Row, report } from './report.ts'
import { copyWorld, liveMinute, type Tampering, usualFlow, type World, world } from './world.ts'

/*
 * Simulated years of benign traffic at one point per minute: whether the e-detector keeps its guarantee of days between
 * false alarms, in a calm world and in one with regime changes and bursts. Then the delay until injected anomalies of
 * decreasing size are reported, and the gain of an attacker who knows the detector. Seeded; the seeds are in this file.
 */

/** One series watched: its scorer and its gate. */
type Monitor = { scorer: SeriesScorer; gate: RunLengthGate }

const BLOCK_MINUTES = 10
const BUDGETS_DAYS = [7, 30, 180, 1_826] as const
/** Index, after the budgets, of the plain alarm at six decades: one very unusual point, no guarantee. */
const SHOCK = BUDGETS_DAYS.length
const YEARS = 3
const WARM_UP_DAYS = 42
const TRIALS = 30

function monitor(): Monitor {
  const gate = runLengthGate({ budgetsDays: BUDGETS_DAYS, blockPoints: BLOCK_MINUTES, pointSeconds: 60 })
  return { scorer: seriesScorer({ memory: 2_000, alarmAt: 6 }), gate }
}

/**
 * Processes one minute; returns the budgets (by index) whose gate alarmed, at the end of a block, and {@link SHOCK}.
 */
function take({ scorer, gate }: Monitor, { at, value }: Point): readonly number[] {
  const { surprise, alarm } = scorePoint(scorer, { at, value: Math.log(Math.max(value, 1)) })
  const reading = readGate(gate, surprise)
  const shock = alarm ? [SHOCK] : []
  if (reading === null) return shock
  // a person marks a false alarm as such, so its block is learned after all; a reported attack ends the trial
  learnReading(gate, reading)
  return [...reading.alarmed, ...shock]
}

function warm(seed: number, troubled: boolean): { state: Monitor; place: World } {
  const [state, place] = [monitor(), world(randomFrom(seed), troubled)]
  for (let minute = 0; minute < WARM_UP_DAYS * 1_440; minute++) take(state, liveMinute(place))
  for (const detector of state.gate.detectors) detector.value = 0
  return { state, place }
}

function runLengths(): void {
  const rows: Row[] = []
  for (const troubled of [false, true]) {
    const counts = [...BUDGETS_DAYS, null].map(() => ({ alarms: 0, afterTrouble: 0 }))
    for (let year = 0; year < YEARS; year++) liveYear(warm(100 + year, troubled), counts)
    for (const [i, days] of [...BUDGETS_DAYS, null].entries()) {
      const { alarms = 0, afterTrouble = 0 } = counts[i] ?? {}
      rows.push(runLengthRow({ troubled, days, alarms, afterTrouble }))
    }
  }
  report(
    `days between false alarms, ${YEARS} simulated years a world (after ${WARM_UP_DAYS} days of learning)`,
    rows,
  )
}

type Counts = { alarms: number; afterTrouble: number }

function liveYear({ state, place }: { state: Monitor; place: World }, counts: readonly Counts[]): void {
  for (let minute = 0; minute < 525_600; minute++)
    for (const gate of take(state, liveMinute(place))) {
      const count = counts[gate]
      if (count === undefined) continue
      count.alarms++
      if (place.minute - place.lastTrouble <= 1_440) count.afterTrouble++
    }
}

function runLengthRow({
  troubled,
  days,
  alarms,
  afterTrouble,
}: Counts & { troubled: boolean; days: number | null }): Row {
  const steps = YEARS * 365 * (1_440 / BLOCK_MINUTES)
  const { low, high } = clopperPearson({ successes: alarms, n: steps })
  const inDays = (rate: number): string => ((1 / rate) * (BLOCK_MINUTES / 1_440)).toFixed(0)
  return {
    what: troubled ? 'regime changes and bursts' : 'calm (season, growth, noise)',
    'promised, days': days ?? 'shock, none',
    'realised, days': alarms === 0 ? 'no alarm' : inDays(alarms / steps),
    '95 % interval': `${inDays(high)} to ${low === 0 ? '∞' : inDays(low)}`,
    'n alarms': alarms,
    'of them within a day of a real change': afterTrouble,
  }
}

type Trial = { detectedAfter: number | null; shocked: boolean }

/**
 * Simulates `minutes` with tampering from a warm state, in a world with its own noise; minutes until the 180-day gate.
 */
function trial(from: { state: Monitor; place: World }, seed: number, plan: Plan): Trial {
  const state: Monitor = {
    scorer: copyScorer(from.state.scorer),
    gate: structuredClone(from.state.gate),
  }
  const random = randomFrom(seed)
  const place = copyWorld(from.place, random)
  const lead = 30 + Math.floor(random() * 60)
  const begin = place.minute + lead
  const told: Trial = { detectedAfter: null, shocked: false }
  for (let minute = -lead; minute < plan.minutes; minute++) {
    const alarmed = take(
      state,
      liveMinute(place, (value, usual, now) => plan.tamper(value, usual, now - begin)),
    )
    // alarms while a poisoner prepares are alarms too
    if (minute < 0) continue
    if (alarmed.includes(SHOCK)) told.shocked = true
    if (alarmed.includes(2)) told.detectedAfter ??= minute
  }
  return told
}
type Plan = { minutes: number; tamper: Tampering }

const kinds: Readonly<Record<string, (size: number) => Plan>> = {
  'spike, 5 minutes': (size) => during(5, (value) => value * size),
  'level shift, 12 hours': (size) => during(720, (value) => value * size),
  'drop, 2 hours': (size) => during(120, (value) => value / size),
  'spread, 12 hours': (size) =>
    during(720, (value, _, minute) => value * (minute % 2 === 0 ? size : 1 / size)),
  'ramp over a day': (size) =>
    during(1_440, (value, _, minute) => value * (1 + ((size - 1) * minute) / 1_440)),
}

function during(minutes: number, change: Tampering): Plan {
  return {
    minutes: minutes + 120,
    tamper: (value, usual, minute) =>
      minute >= 0 && minute < minutes ? change(value, usual, minute) : value,
  }
}

function power(): void {
  const from = warm(7, false)
  const rows: Row[] = [trialRow('nothing (false alarms)', 1, { from, plan: during(720, (value) => value) })]
  for (const [kind, plan] of Object.entries(kinds))
    for (const size of [8, 4, 2, 1.5, 1.25, 1.1]) rows.push(trialRow(kind, size, { from, plan: plan(size) }))
  report(`power of the gate promised 180 days, by kind and size of anomaly, n = ${TRIALS} each`, rows)
}

type From = { from: { state: Monitor; place: World }; plan: Plan }

function trialRow(what: string, size: number, { from, plan }: From): Row {
  const trials = Array.from({ length: TRIALS }, (_, i) => trial(from, 1_000 + i, plan))
  const delays = trials
    .flatMap(({ detectedAfter }) => (detectedAfter === null ? [] : [detectedAfter]))
    .sort((x, y) => x - y)
  return {
    what,
    size: `× ${size}`,
    told: proportionText(clopperPearson({ successes: delays.length, n: TRIALS })),
    'median delay, min': delays[Math.floor(delays.length / 2)] ?? '–',
    'slowest, min': delays.at(-1) ?? '–',
    'shock, no promise': proportionText(
      clopperPearson({ successes: trials.filter(({ shocked }) => shocked).length, n: TRIALS }),
    ),
  }
}

/** An attacker who wants an hour's usual flow and knows how they are watched. */
function adaptive(): void {
  const from = warm(8, false)
  const hour = 60 * usualFlow({ ...from.place, minute: 0 })
  const plans: Readonly<Record<string, Plan>> = {
    'all in one minute': during(1, (value) => value + hour),
    'over ten minutes': during(10, (value) => value + hour / 10),
    'split: 24 parts, one an hour': during(1_440, (value, _, m) =>
      m % 60 === 0 ? value + hour / 24 : value,
    ),
    'drip: evenly over a day': during(1_440, (value) => value + hour / 1_440),
    'drip: evenly over a week': during(10_080, (value) => value + hour / 10_080),
    'poisoned: ever larger bursts for a week, then all in one minute': {
      minutes: 10_200,
      tamper: (value, usual, m) => {
        if (m < 0 || m > 10_080) return value
        if (m === 10_080) return value + hour
        return m % 180 === 0 ? value + (usual * 60 * m) / 10_080 : value
      },
    },
  }
  const rows = Object.entries(plans).map(([what, plan]) => trialRow(what, 1, { from, plan }))
  report(`an attacker who adapts: an hour's flow taken, gate promised 180 days, n = ${TRIALS} each`, rows)
}

runLengths()
power()
adaptive()
