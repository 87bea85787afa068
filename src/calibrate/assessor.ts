import type { Assessment, Layer } from '../model/assessment.ts'
import type { Calibration, RunLength } from '../model/calibration.ts'
import type { Address } from '../model/hex.ts'
import { outcomesOfSize } from './calibrated-kinds.ts'
import type { CalibrationSet, GroupPath } from './conformal.ts'
import { certificateText, certify, emptyCalibration, learnScore, smoothedP } from './conformal.ts'
import type { Adwin, DriftMartingale, DriftStage } from './drift.ts'
import { adwin, betOnDrift, driftMartingale, driftStage, takeValue } from './drift.ts'
import { learnReading, type RunLengthGate, readGate, runLengthGate } from './gate.ts'
import type { Kind } from './judged.ts'
import type { Outcomes } from './outcomes.ts'
import { attackProbability } from './outcomes.ts'
import { runLength, runLengthText } from './run-length.ts'
import { percentText } from './statistics.ts'

/**
 * The state of one chain's protected traffic while it is watched: clean scores by contract, function and regime, the
 * amount of traffic, and whether it still resembles the past. Plain data, bounded, changed by {@link observe} only.
 */
export type Assessor = {
  calibration: Calibration
  budgets: { actDays: number; attacksPerYear: number }
  scores: Record<Kind['size'], CalibrationSet>
  /** The usual work of calls, by contract and function: a series that moves when use changes. */
  work: CalibrationSet
  drift: { martingale: DriftMartingale; window: Adwin; stage: DriftStage; steadySince: number }
  /** The observed users of each function, the longest silent first: seconds of block time. */
  users: Map<string, { first: number; counted: number }>
  traffic: Traffic
  /** The false-alarm budget of the detectors' series; null until one completes a point. */
  gate: RunLengthGate | null
  /** Block time until which an alarm is active and nothing is learned, seconds. */
  alarmUntil: number
}

/** Clean transactions of protected contracts, their time span in days, and the scores of alerts that people found false. */
export type Traffic = {
  transactions: number
  days: number
  falseAlarms: readonly number[]
  last: number | null
}

export const NO_TRAFFIC: Traffic = { transactions: 0, days: 0, falseAlarms: [], last: null }

export function createAssessor(
  calibration: Calibration,
  budgets: Assessor['budgets'],
  traffic: Traffic = NO_TRAFFIC,
): Assessor {
  return {
    calibration,
    budgets,
    scores: { simple: emptyCalibration(), complex: emptyCalibration() },
    work: emptyCalibration({ capacity: 500 }),
    drift: { martingale: driftMartingale(), window: adwin(), stage: { stage: 'stable' }, steadySince: 0 },
    users: new Map(),
    traffic: { ...traffic },
    gate: null,
    alarmUntil: 0,
  }
}

/** A transaction's place in the hierarchy of groups and its score. */
export type Sighting = {
  /** contract, function, regime */
  path: GroupPath
  /** Scores of another size are no reference: most traffic is simple, and complex transactions score higher. */
  size: Kind['size']
  score: number
  /** The work of the call, for example gas used. Above 0; null where it did nothing. */
  work: number | null
  /** The sender of the transaction; null where not recorded. */
  sender: Address | null
  /** Breaks ties: uniform on 0 to 1, for example from the transaction's hash. */
  u: number
}

/** An alarm stops learning for this long, seconds of block time: an attacker must not train the model on the attack. */
const FROZEN_SECONDS = 3_600
/** Calls of one function before their work counts as evidence of drift. */
const LEAST_CALLS = 50
/** Steady calls after which drift is over. */
const STEADY_CALLS = 1_000
/** Calls of one account to one function count as one observation in this time, seconds: they depend on one another. */
const USER_SECONDS = 3_600
/**
 * An account is known a day after its first observed use of a function. Accounts cost nothing: all new ones count as
 * one user together, otherwise a stranger with ninety of them decides what normal use is.
 */
const KNOWN_SECONDS = 86_400
const MOST_USERS = 20_000
/** Longest gap between blocks that counts as watched time, seconds. */
const LONGEST_GAP = 3_600

/** The change of the drift stage. */
export type DriftChange = { before: DriftStage['stage']; now: DriftStage }

/** Reads the protected traffic of one settled block; returns the change where the drift stage changed, else null. */
export function observe(
  assessor: Assessor,
  { timestamp, sightings, alarmed }: { timestamp: number; sightings: readonly Sighting[]; alarmed: boolean },
): DriftChange | null {
  const { traffic } = assessor
  const gap = traffic.last === null ? 0 : Math.min(LONGEST_GAP, Math.max(0, timestamp - traffic.last))
  traffic.days += gap / 86_400
  traffic.last = timestamp
  if (alarmed) assessor.alarmUntil = timestamp + FROZEN_SECONDS
  if (timestamp < assessor.alarmUntil) return null
  const before = assessor.drift.stage.stage
  for (const { path, size, score, work, u, sender } of sightings) {
    if (work === null) continue
    const of = path.slice(0, 2)
    const use = noteUser(assessor, { user: `${of.join(' ')} ${sender}`, timestamp })
    if (use === 'again') continue
    traffic.transactions++
    learnScore(assessor.scores[size], path, score)
    const isCounted =
      use === 'known' || noteUser(assessor, { user: `${of.join(' ')} all new`, timestamp }) !== 'again'
    if (isCounted) watchDrift(assessor, { path: of, score: work, u })
  }
  const { stage } = assessor.drift
  return stage.stage === before ? null : { before, now: stage }
}

/** Whether a use of a function counts: the first of an account in an hour, known and unknown counted apart. */
function noteUser(
  { users }: Assessor,
  { user, timestamp }: { user: string; timestamp: number },
): 'known' | 'new' | 'again' {
  const before = users.get(user)
  if (before !== undefined && timestamp - before.counted < USER_SECONDS) return 'again'
  const first = before?.first ?? timestamp
  users.delete(user)
  users.set(user, { first, counted: timestamp })
  const [oldest] = users.keys()
  if (users.size > MOST_USERS && oldest !== undefined) users.delete(oldest)
  return timestamp - first >= KNOWN_SECONDS ? 'known' : 'new'
}

function watchDrift({ work, drift }: Assessor, call: { path: GroupPath; score: number; u: number }): void {
  const p = smoothedP(work, { ...call, least: LEAST_CALLS })
  learnScore(work, call.path, call.score)
  if (p === null) return
  betOnDrift(drift.martingale, p)
  const windowCut = takeValue(drift.window, p)
  const now = driftStage({ martingale: drift.martingale, windowCut })
  drift.steadySince++
  if (severityOf(now) > severityOf(drift.stage)) {
    drift.stage = now
    drift.steadySince = 0
  } else if (drift.stage.stage !== 'stable' && drift.steadySince >= STEADY_CALLS) {
    drift.stage = { stage: 'stable' }
    drift.steadySince = 0
    drift.martingale = driftMartingale()
  }
}

const severityOf = ({ stage }: DriftStage): number => ['stable', 'widen', 'disarm'].indexOf(stage)

/** Length of a block of the gate, seconds: `node dist/bench/simulated-year.js` measured blocks of ten minutes. */
const GATE_BLOCK_SECONDS = 600

/**
 * Reads the newest surprise of a series; true where the evidence of several points exceeds the budget of days between
 * pages. Nothing is learned while an alarm is active.
 */
export function breaksBudget(
  assessor: Assessor,
  { decades, pointSeconds, at }: { decades: number; pointSeconds: number; at: number },
): boolean {
  const { askedDays } = assessor.calibration.thresholds.page.runLength
  assessor.gate ??= runLengthGate({
    budgetsDays: [askedDays],
    blockPoints: Math.max(1, Math.round(GATE_BLOCK_SECONDS / pointSeconds)),
    pointSeconds,
  })
  const reading = readGate(assessor.gate, decades)
  if (reading === null) return false
  const isAlarmed = reading.alarmed.length > 0
  if (!isAlarmed && at >= assessor.alarmUntil) learnReading(assessor.gate, reading)
  return isAlarmed
}

/** The level at which an alert's own p-value must be certified. */
const LEVEL = 0.001

/**
 * The present assessment of an alert with this score. While drift is suspected the intervals of statistics are those of
 * 99 %, not 95 %.
 */
export function assess(
  assessor: Assessor,
  said: { score: number; layers: readonly Layer[]; path: GroupPath; size: Kind['size'] },
): Assessment {
  const { calibration, budgets, drift } = assessor
  const { score } = said
  const outcomes = outcomesNow(assessor)
  const perDay = perDayOf(assessor)
  const prior = priorOf(budgets.attacksPerYear, perDay)
  // an observation of a rule or an invariant does not depend on the shape of traffic
  const isStatistical = !said.layers.some((layer) => layer === 'pattern' || layer === 'invariant')
  const confidence = drift.stage.stage === 'stable' || !isStatistical ? 0.95 : 0.99
  // above the highest threshold outcomes do not distinguish scores: what is known at the threshold is known for all
  // above
  const known = Math.min(score, calibration.thresholds.act.score)
  const ofSize = outcomesOfSizeNow(assessor, said.size)
  const probability = attackProbability(ofSize ?? outcomes, { score: known, prior, confidence })
  const certificate = certify(assessor.scores[said.size], { path: said.path, score, level: LEVEL })
  const promise = promiseFor(assessor, { benign: outcomes.benign, score: known, perDay })
  return {
    score,
    layers: [...said.layers],
    probability,
    conformal: {
      p: certificate.p,
      n: certificate.n,
      certified: certificate.kind === 'certified',
      text: `${said.size}: ${certificateText(certificate)}`,
    },
    runLength: promise,
    drift: drift.stage.stage,
    pages: score >= calibration.thresholds.page.score,
    statement: [
      `P(attack) ${percentText(probability.estimate)} (${100 * confidence} % interval ${percentText(probability.low)} to ${percentText(probability.high)}; ${probability.attacks} attacks, n = ${probability.benign} benign${ofSize === null ? '' : ` ${said.size}`}; ${budgets.attacksPerYear} attacks a year expected)`,
      `${said.size}: ${certificateText(certificate)}`,
      runLengthText(promise),
      ...(drift.stage.stage === 'stable' ? [] : [`drift (${drift.stage.stage}): ${drift.stage.reason}`]),
    ].join('; '),
  }
}

/** The guarantee for alerts with at least this score, against the budget for acting unattended. */
function promiseFor(
  { budgets }: Assessor,
  { benign, score, perDay }: { benign: Outcomes['benign']; score: number; perDay: number },
): RunLength {
  const falseAlarms = benign.scores.filter((other) => other >= score).length
  return runLength({ falseAlarms, n: benign.n, perDay }, budgets.actDays)
}

/** The calibration's outcomes with those observed since. */
function outcomesNow({ calibration, traffic }: Assessor): Outcomes {
  return {
    attacks: calibration.attacks,
    benign: {
      n: calibration.benign.n + traffic.transactions,
      scores: [...calibration.benign.scores, ...traffic.falseAlarms],
    },
  }
}

/**
 * The outcomes of one size, null where the calibration does not know them. The size of alerts that people found false is not
 * kept: they count in both. Clean traffic observed since counts in neither.
 */
function outcomesOfSizeNow({ calibration, traffic }: Assessor, size: Kind['size']): Outcomes | null {
  const outcomes = outcomesOfSize(calibration, size)
  if (outcomes === null) return null
  const { attacks, benign } = outcomes
  const { falseAlarms } = traffic
  return {
    attacks,
    benign: { n: benign.n + falseAlarms.length, scores: [...benign.scores, ...falseAlarms] },
  }
}

/**
 * Transactions per day as observed; before an hour and 30 transactions, the calibration's value: a rate from fewer is
 * off by a third and more (Poisson, 95 %).
 */
function perDayOf({ traffic: { transactions, days }, calibration }: Assessor): number {
  return transactions < 30 || days < 1 / 24
    ? calibration.thresholds.act.runLength.perDay
    : transactions / days
}

function priorOf(attacksPerYear: number, perDay: number): number {
  return Math.min(0.5, attacksPerYear / (365.25 * perDay))
}
