import {
  type Family,
  type FunctionSeen,
  historyOf,
  type ProtocolModel,
  type Range,
  type Seen,
} from './model.ts'
import { NO_NOVELTY, type Novelty, noveltyOf } from './novelty.ts'
import type { Observation, Quantity } from './observe.ts'
import { supportOf } from './support.ts'

/** An invariant that a transaction breaks: its name, the supporting history, and the observed value. */
export type Violation = {
  family: Family
  name: string
  history: Seen
  found: string
  /** 95 % upper limit of how often ordinary transactions break this kind of invariant. */
  bound: number
  frames: readonly number[]
  /** True where a new sequence of calls would break it too. */
  ofFlow: boolean
}

/**
 * `flagged`: newer than allowed, by the protocol's own invariants (`basis` `own`) or by what is new in it and in others of
 * its kind (`pooled`). `restless`: the same, but this protocol has had more alarms than its budget. `weak`: rare, but not
 * rare enough to say so without another sign. `ordinary`: nothing, or nothing rare, was broken.
 */
export type Verdict = { violations: readonly Violation[]; novelty: Novelty } & (
  | { kind: 'flagged' | 'restless'; rate: number; basis: 'own' | 'pooled' }
  | { kind: 'weak' | 'ordinary' }
)

export type JudgeOptions = {
  /** Highest false-alarm rate at which new steps alone are reported. */
  maxFalseRate: number
  /** Share of transactions that may raise an alarm by new steps alone, the first alarm not counted. */
  alarmBudget: number
  /** Highest product of false-alarm rates at which several kinds of broken invariants count without new steps. */
  maxJointRate: number
  /** Highest share of ordinary transactions at least as new, at which novelty is reported whatever the history's length. */
  maxNoveltyRate: number
  /** Multiple of the largest observed value that is still usual. */
  margin: number
  /** Blocks after which a step under alarm counts as judged; null: never. */
  releaseAfterBlocks: number | null
}

/** Observations required before a quantity or a caller can be compared with its past: rule of three at 10 %. */
export const LEAST = 29

/** Transactions known before novelty is reported: the first ones of a protocol are its set-up, which is new in every way. */
export const FEWEST_KNOWN = 10

/**
 * Above this share of equally new ordinary transactions new steps are not reported, and below it a transaction that another
 * detector suspects is. Ten times the rate at which novelty is reported alone: two signs that agree need less each.
 */
export const SUSPECT_RATE = 0.02

/** Determines which invariants of a protocol a transaction breaks, and the verdict. Pure; nothing is learned. */
export function judge(seen: Observation, protocol: ProtocolModel, options: JudgeOptions): Verdict {
  if (seen.kind !== 'use') return { kind: 'ordinary', violations: [], novelty: NO_NOVELTY }
  const violations = violationsOf(seen, protocol, options)
  const unknown = seen.steps.filter(({ key }) => !isKnownStep(key, seen.block, { protocol, options }))
  const novelty = noveltyOf(seen, protocol, { newSteps: unknown, margin: options.margin })
  const own = ownVerdict(seen, violations, { protocol, options })
  if (own !== null && novelty.chance <= SUSPECT_RATE)
    return { kind: own.kind, violations, novelty, rate: own.rate, basis: 'own' }
  const isKnown = historyOf(protocol).times >= FEWEST_KNOWN
  if (isKnown && novelty.isSupported && novelty.chance <= options.maxNoveltyRate)
    return { kind: 'flagged', violations, novelty, rate: novelty.chance, basis: 'pooled' }
  const isRare = novelty.chance <= SUSPECT_RATE || unknown.length > 0
  return { kind: isRare ? 'weak' : 'ordinary', violations, novelty }
}

type Own = { kind: 'flagged' | 'restless'; rate: number }

/** The verdict by the protocol's own history alone; null where it says nothing, or is too short. */
function ownVerdict(
  seen: Observation,
  violations: readonly Violation[],
  { protocol, options }: { protocol: ProtocolModel; options: JudgeOptions },
): Own | null {
  const kinds = kindsOf(violations)
  const rate = jointRate(violations)
  if (kinds.size > 1 && rate <= options.maxJointRate) return { kind: 'flagged', rate }
  if (!kinds.has('step')) return null
  if (supportOf(protocol.trials.step, options.maxFalseRate).kind === 'too-weak') return null
  const { asked, broken } = protocol.alarms
  const isWithinBudget = broken < 1 + asked * options.alarmBudget || isToldBefore(seen, protocol)
  return { kind: isWithinBudget ? 'flagged' : 'restless', rate }
}

/**
 * The independent kinds of broken invariants: a new sequence of calls requires a contract that makes it and more calls
 * than before, so in combination with it those are not separate signs.
 */
export function kindsOf(violations: readonly { family: Family; ofFlow: boolean }[]): ReadonlySet<Family> {
  const hasStep = violations.some(({ family }) => family === 'step')
  return new Set(violations.filter((it) => !(hasStep && it.ofFlow)).map(({ family }) => family))
}

/**
 * The rate at which ordinary transactions would break all of these kinds together, if the kinds were independent; 1 for
 * none.
 */
export function jointRate(violations: readonly Violation[]): number {
  const kinds = kindsOf(violations)
  const rates = new Map(violations.map(({ family, bound }) => [family, bound]))
  return [...rates].reduce((product, [family, bound]) => (kinds.has(family) ? product * bound : product), 1)
}

/** True where an alarm was already raised about every new step: reporting it again adds no new claim. */
export function isToldBefore({ steps }: Observation, protocol: ProtocolModel): boolean {
  return steps.every(({ key }) => protocol.steps.has(key) || protocol.held.has(key))
}

function violationsOf(seen: Observation, protocol: ProtocolModel, options: JudgeOptions): Violation[] {
  const bounds = new Map<Family, number>()
  const bound = (family: Family): number => {
    const known = bounds.get(family) ?? supportOf(protocol.trials[family], 1).bound
    bounds.set(family, known)
    return known
  }
  return [
    ...newSteps(seen, protocol, options),
    ...newFunctions(seen, protocol),
    ...newCallers(seen, protocol),
    ...doubleActors(seen, protocol),
    ...outOfRange(seen, protocol, options),
  ].map((broken) => ({ ...broken, bound: bound(broken.family) }))
}

type Broken = Omit<Violation, 'bound'>

export function isKnownStep(
  key: string,
  block: number,
  { protocol, options }: { protocol: ProtocolModel; options: JudgeOptions },
): boolean {
  if (protocol.steps.has(key)) return true
  const held = protocol.held.get(key)
  const { releaseAfterBlocks } = options
  return held !== undefined && releaseAfterBlocks !== null && block >= held + releaseAfterBlocks
}

function newSteps(seen: Observation, protocol: ProtocolModel, options: JudgeOptions): Broken[] {
  return seen.steps
    .filter(({ key }) => !isKnownStep(key, seen.block, { protocol, options }))
    .map(({ key, frames }) => ({
      family: 'step',
      name: key.includes('(')
        ? 'no unknown re-entry'
        : 'no unknown sequence of calls that depend on each other',
      history: historyOf(protocol),
      found: key,
      frames,
      ofFlow: false,
    }))
}

function newFunctions(seen: Observation, protocol: ProtocolModel): Broken[] {
  return seen.functions
    .filter(({ key }) => !protocol.functions.has(key))
    .map(({ key, frame }) => ({
      family: 'function',
      name: 'only functions that were called before',
      history: historyOf(protocol),
      found: key,
      frames: [frame],
      ofFlow: false,
    }))
}

function newCallers(seen: Observation, protocol: ProtocolModel): Broken[] {
  const broken: Broken[] = []
  for (const { key, direct, frame } of seen.functions) {
    const known = protocol.functions.get(key)
    if (direct || known === undefined || !isDirectOnly(known)) continue
    broken.push({
      family: 'caller',
      name: `${key} is called by senders of transactions only`,
      history: known,
      found: 'called by a contract',
      frames: [frame],
      ofFlow: true,
    })
  }
  return broken
}

/** Trace2Inv's same-origin and same-sender block rules, combined. */
function doubleActors(seen: Observation, protocol: ProtocolModel): Broken[] {
  if (protocol.doubles > 0 || protocol.recorded.senders < LEAST || !actsAgain(seen, protocol)) return []
  return [
    {
      family: 'caller',
      name: 'no account acts twice in a block',
      history: { ...historyOf(protocol), times: protocol.recorded.senders },
      found: 'an account that acted in this block before',
      frames: [],
      ofFlow: true,
    },
  ]
}

/** True where one of the accounts acted earlier in the same block. */
export function actsAgain({ block, accounts }: Observation, { latest }: ProtocolModel): boolean {
  return latest.block === block && accounts.some((account) => latest.accounts.includes(account))
}

/**
 * The kinds of invariant that a transaction could have broken, given the known data: an invariant that was not tested
 * does not count as kept.
 */
export function askedOf(seen: Observation, protocol: ProtocolModel): Family[] {
  if (seen.kind !== 'use') return ['step']
  const hasRange = seen.quantities.some(({ key }) => (protocol.ranges.get(key)?.times ?? 0) >= LEAST)
  const hasCaller = seen.functions.some(({ key }) => {
    const known = protocol.functions.get(key)
    return known !== undefined && isDirectOnly(known)
  })
  const mayDouble = protocol.doubles === 0 && protocol.recorded.senders >= LEAST
  return [
    'step',
    'function',
    ...(hasCaller || mayDouble ? (['caller'] as const) : []),
    ...(hasRange ? (['range'] as const) : []),
  ]
}

function isDirectOnly({ times, direct }: FunctionSeen): boolean {
  return times >= LEAST && direct === times
}

function outOfRange(seen: Observation, protocol: ProtocolModel, { margin }: JudgeOptions): Broken[] {
  return seen.quantities.flatMap((quantity) => {
    const range = protocol.ranges.get(quantity.key)
    if (range === undefined || !exceeds(quantity, range, margin)) return []
    return [
      {
        family: 'range' as const,
        name: `${quantity.key} at most ${short(range.most * margin)} (${margin} times the most seen)`,
        history: range,
        found: `${short(quantity.value)} ${quantity.unit}`,
        frames: [quantity.frame],
        ofFlow: quantity.ofFlow === true,
      },
    ]
  })
}

function exceeds({ value }: Quantity, range: Range, margin: number): boolean {
  return range.times >= LEAST && value > range.most * margin
}

function short(value: number): string {
  return value.toLocaleString('en', { maximumSignificantDigits: 4 })
}
