import {
  type Family,
  type FunctionSeen,
  historyOf,
  type ProtocolModel,
  type Range,
  type Seen,
} from './model.ts'
import type { Observation, Quantity } from './observe.ts'
import type { Support } from './support.ts'
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
 * `flagged`: broken invariants that together are rarer than allowed. `restless`: new steps, but this protocol has had
 * more alarms about new steps than its budget. `weak`: new steps, but the history is too short to call them unusual.
 * `ordinary`: nothing, or nothing rare enough, was broken.
 */
export type Verdict =
  | { kind: 'flagged' | 'restless'; violations: readonly Violation[]; rate: number }
  | { kind: 'weak'; violations: readonly Violation[]; support: Extract<Support, { kind: 'too-weak' }> }
  | { kind: 'ordinary'; violations: readonly Violation[] }

export type JudgeOptions = {
  /** Highest false-alarm rate at which new steps alone are reported. */
  maxFalseRate: number
  /** Share of transactions that may raise an alarm by new steps alone, the first alarm not counted. */
  alarmBudget: number
  /** Highest product of false-alarm rates at which several kinds of broken invariants count without new steps. */
  maxJointRate: number
  /** Multiple of the largest observed value that is still usual. */
  margin: number
  /** Blocks after which a step under alarm counts as judged; null: never. */
  releaseAfterBlocks: number | null
}

/** Observations required before a quantity or a caller can be compared with its past: rule of three at 10 %. */
export const LEAST = 29

/** Determines which invariants of a protocol a transaction breaks, and the verdict. Pure; nothing is learned. */
export function judge(seen: Observation, protocol: ProtocolModel, options: JudgeOptions): Verdict {
  if (seen.kind !== 'use') return { kind: 'ordinary', violations: [] }
  const violations = violationsOf(seen, protocol, options)
  const kinds = kindsOf(violations)
  const rate = jointRate(violations)
  if (kinds.size > 1 && rate <= options.maxJointRate) return { kind: 'flagged', violations, rate }
  if (!kinds.has('step')) return { kind: 'ordinary', violations }
  const support = supportOf(protocol.trials.step, options.maxFalseRate)
  if (support.kind === 'too-weak') return { kind: 'weak', violations, support }
  const { asked, broken } = protocol.alarms
  const isWithinBudget = broken < 1 + asked * options.alarmBudget || isToldBefore(seen, protocol)
  return { kind: isWithinBudget ? 'flagged' : 'restless', violations, rate }
}

/**
 * The independent kinds of broken invariants: a new sequence of calls requires a contract that makes it and more calls
 * than before, so in combination with it those are not separate signs.
 */
export function kindsOf(violations: readonly Violation[]): ReadonlySet<Family> {
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
