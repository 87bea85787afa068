import {
  type Family,
  type FunctionSeen,
  historyOf,
  type NoveltyRecord,
  type ProtocolModel,
  type Range,
  type Seen,
} from './model.ts'
import type { Observation, Quantity } from './observe.ts'
import {
  CALLER_PRIOR,
  FEWEST_VALUES,
  FUNCTION_PRIORS,
  type FunctionClass,
  MOST_AGAIN,
  MOST_RATIO,
  type NoveltyPrior,
  OTHER_RECORD,
  POOL_WEIGHT,
  PROTOCOL_KINDS,
  type ProtocolKind,
  RECORD_PRIORS,
  STEP_PRIOR,
} from './prior.ts'
import { addTrial, type Trials } from './support.ts'

/** Something that a transaction is the first to do: how surprising it is, in decades (3 is one in a thousand). */
export type Surprise = {
  family: Family
  name: string
  history: Seen
  found: string
  decades: number
  frames: readonly number[]
  ofFlow: boolean
}

/**
 * How new a transaction is to a protocol. `decades`: the sum over kinds that do not follow from one another. `chance`:
 * the share of ordinary transactions that are at least as new, from the protocol's own past and from others of its kind.
 */
export type Novelty = {
  surprises: readonly Surprise[]
  decades: number
  chance: number
  /** True for new steps, or signs of two kinds: a single large amount or a single new function is how people are. */
  isSupported: boolean
  functionClass: FunctionClass | null
}

export const NO_NOVELTY: Novelty = {
  surprises: [],
  decades: 0,
  chance: 1,
  isSupported: false,
  functionClass: null,
}

type NoveltyOptions = {
  /** Steps unknown to the protocol. */
  newSteps: Observation['steps']
  /** Multiple of the largest observed value that is still usual. */
  margin: number
}

/** Judges from the first transaction on. Pure, linear. */
export function noveltyOf(
  seen: Observation,
  protocol: ProtocolModel,
  { newSteps, margin }: NoveltyOptions,
): Novelty {
  const fresh = newFunctions(seen, protocol)
  const functionClass = fresh.length === 0 ? null : classOf(seen, fresh, protocol)
  const surprises = [
    stepSurprise(newSteps, protocol),
    functionClass === null ? null : functionSurprise(fresh, functionClass, protocol),
    callerSurprise(seen, protocol),
    ...recordSurprises(seen, protocol, margin),
  ].filter((it) => it !== null)
  const of = (filter: (it: Surprise) => boolean): number =>
    surprises.reduce((most, it) => (filter(it) ? Math.max(most, it.decades) : most), 0)
  const flow = of(({ family, ofFlow }) => family === 'step' || family === 'caller' || ofFlow)
  const range = of(({ family, ofFlow }) => family === 'range' && !ofFlow)
  const called = of(({ family }) => family === 'function')
  const decades = flow + range + called
  const kinds = [flow, range, called].filter((part) => part > 0).length
  const chance = chanceOf(decades, protocol.novelty)
  return { surprises, decades, chance, isSupported: newSteps.length > 0 || kinds > 1, functionClass }
}

/** The chance of at least this sum in an ordinary transaction: the pool's, and what the protocol's own past adds to it. */
export function chanceOf(
  decades: number,
  { sums, through }: NoveltyRecord,
  tail: ProtocolKind['tail'] = kindOf(through).tail,
): number {
  const pooled = Math.min(1, 10 ** -(tail.offset + tail.slope * decades))
  let [total, above] = [0, 0]
  sums.forEach((count, bin) => {
    total += count
    if (bin >= binOf(decades)) above += count
  })
  return (POOL_WEIGHT * pooled + above) / (POOL_WEIGHT + total)
}

/** The kind of a protocol by how it is used; by people before anything is known. */
export function kindOf(through: Trials): ProtocolKind {
  const share = (through.broken + 0.5) / (through.asked + 1)
  return PROTOCOL_KINDS.find((kind) => share < kind.share) ?? PROTOCOL_KINDS[0]
}

/** Decades of a bin of the own record, and the number of transactions after which all bins are halved. */
const BIN = 0.25
const BINS = 33
const MEMORY = 4_000

function binOf(decades: number): number {
  return Math.min(BINS - 1, Math.floor(decades / BIN))
}

/** Adds an ordinary transaction to the record of what is new and how often. */
export function countNovelty(seen: Observation, novelty: Novelty, record: NoveltyRecord): NoveltyRecord {
  const sums = Array.from({ length: BINS }, (_, bin) => record.sums[bin] ?? 0)
  const bin = binOf(novelty.decades)
  sums[bin] = (sums[bin] ?? 0) + 1
  const total = sums.reduce((sum, count) => sum + count, 0)
  const kept = { ...record, sums: total > MEMORY ? sums.map((count) => count / 2) : sums }
  if (seen.kind !== 'use') return kept
  const { functionClass, surprises } = novelty
  const own = isAlone(seen) ? 'alone' : 'within'
  const asksCaller = surprises.some(({ family }) => family === 'caller')
  return {
    ...kept,
    through: addTrial(
      kept.through,
      seen.functions.some(({ direct }) => !direct),
    ),
    [own]: addTrial(kept[own], functionClass === own),
    elsewhere: addTrial(kept.elsewhere, functionClass === 'elsewhere'),
    callers: addTrial(kept.callers, asksCaller),
  }
}

/** Set-up and administration: one function, called directly, is the whole transaction. */
function isAlone({ functions }: Observation): boolean {
  return functions.length === 1 && functions[0]?.direct === true
}

function newFunctions({ functions }: Observation, protocol: ProtocolModel): Observation['functions'] {
  return functions.filter(({ key }) => !protocol.functions.has(key))
}

function classOf(seen: Observation, fresh: Observation['functions'], protocol: ProtocolModel): FunctionClass {
  const selectors = new Set([...protocol.functions.keys()].map(selectorIn))
  if (fresh.every(({ key }) => selectors.has(selectorIn(key)))) return 'elsewhere'
  return isAlone(seen) ? 'alone' : 'within'
}

function selectorIn(key: string): string {
  return key.slice(key.indexOf(':') + 1)
}

/** −log10 of the predictive chance of something new, and of the further new things with it. */
function decadesOf({ asked, broken }: Trials, prior: NoveltyPrior, count: number): number {
  const rate = (prior.before + prior.weight * broken) / (asked + prior.after)
  const first = Math.min(1, Math.max(prior.floor, rate))
  return -Math.log10(first * prior.again ** Math.min(MOST_AGAIN, count - 1))
}

function stepSurprise(newSteps: Observation['steps'], protocol: ProtocolModel): Surprise | null {
  const [first] = newSteps
  if (first === undefined) return null
  return {
    family: 'step',
    name: first.key.includes('(')
      ? 'no unknown re-entry'
      : 'no unknown sequence of calls that depend on each other',
    history: historyOf(protocol),
    found: newSteps
      .slice(0, 5)
      .map(({ key }) => key)
      .join(', '),
    decades: decadesOf(protocol.trials.step, STEP_PRIOR, newSteps.length),
    frames: first.frames,
    ofFlow: false,
  }
}

function functionSurprise(
  fresh: Observation['functions'],
  kind: FunctionClass,
  protocol: ProtocolModel,
): Surprise {
  const count = new Set(fresh.map(({ key }) => selectorIn(key))).size
  return {
    family: 'function',
    name: 'only functions that were called before',
    history: historyOf(protocol),
    found: fresh
      .slice(0, 5)
      .map(({ key }) => key)
      .join(', '),
    decades: decadesOf(protocol.novelty[kind], FUNCTION_PRIORS[kind], count),
    frames: fresh.slice(0, 5).map(({ frame }) => frame),
    ofFlow: false,
  }
}

function callerSurprise(seen: Observation, protocol: ProtocolModel): Surprise | null {
  let best: { key: string; known: FunctionSeen; frame: number } | null = null
  for (const { key, direct, frame } of seen.functions) {
    const known = protocol.functions.get(key)
    if (direct || known === undefined || known.direct !== known.times) continue
    if (best === null || known.times > best.known.times) best = { key, known, frame }
  }
  if (best === null) return null
  const { key, known, frame } = best
  const trials = { asked: known.times, broken: protocol.novelty.callers.broken }
  return {
    family: 'caller',
    name: `${key} is called by senders of transactions only`,
    history: known,
    found: 'called by a contract',
    decades: decadesOf(trials, CALLER_PRIOR, 1),
    frames: [frame],
    ofFlow: true,
  }
}

/** Records beyond `margin` times the largest value; those that are not about flow share the chance of being the largest of several. */
function recordSurprises(seen: Observation, protocol: ProtocolModel, margin: number): Surprise[] {
  const asked = seen.quantities.filter(({ key }) => (protocol.ranges.get(key)?.times ?? 0) >= FEWEST_VALUES)
  const several = Math.log10(Math.max(1, asked.filter(({ ofFlow }) => ofFlow !== true).length))
  return asked.flatMap((quantity) => {
    const range = protocol.ranges.get(quantity.key)
    if (range === undefined || quantity.value <= range.most * margin) return []
    const decades = recordDecades(quantity, range) - (quantity.ofFlow === true ? 0 : several)
    if (decades <= 0 || (quantity.ofFlow === true && isAlone(seen))) return []
    return [
      {
        family: 'range' as const,
        name: `${quantity.key} at most ${short(range.most * margin)} (${margin} times the most seen)`,
        history: range,
        found: `${short(quantity.value)} ${quantity.unit}`,
        decades,
        frames: [quantity.frame],
        ofFlow: quantity.ofFlow === true,
      },
    ]
  })
}

function recordDecades({ key, value }: Quantity, range: Range): number {
  const kind = key.slice(0, key.includes(':') ? key.indexOf(':') : undefined)
  const prior = RECORD_PRIORS[key.endsWith(':entries') ? `${kind}:entries` : kind] ?? OTHER_RECORD
  const ratio = range.most > 0 ? Math.min(MOST_RATIO, value / range.most) : 1
  return prior.tail * Math.log10(ratio) - Math.log10(prior.share / (range.times + 1))
}

function short(value: number): string {
  return value.toLocaleString('en', { maximumSignificantDigits: 4 })
}
