import { copyScorer, type SeriesScorer, scorePoint, seriesScorer } from '../../baselines/scorer.ts'
import { scaled, type Unit, unscaled } from '../../baselines/unit.ts'

/** The chain-health values of a block; absent where they are not recorded or not known. */
export type NetworkObservation = {
  /** Seconds since the parent block. */
  blockTime?: number
  /** wei per gas unit */
  baseFee?: number
  transactions?: number
  /** Share of transactions that failed, 0 to 1. */
  reverts?: number
  /** Gas units used by all transactions. */
  gas?: number
  /** Blocks removed by the last reorganisation, 0 for none. From the chain's follower. */
  reorgDepth?: number
  /** Blocks between the head and the last finalised one. From the chain's follower. */
  finalityLag?: number
  /** How often endpoints gave different hashes for the same height. From the chain's follower. */
  disagreement?: number
}
export type SeriesName = keyof NetworkObservation

type SeriesTraits = {
  title: string
  /** For people. */
  unit: string
  /** True where a fall counts too; otherwise only a rise does. */
  fallMatters: boolean
  /** How two values are compared. */
  compared: Unit
  /** Nearly always 0: then the surprise is limited to that of a value never seen in as many blocks. */
  isRare: boolean
}

const ordinary = { fallMatters: false, compared: 'plain', isRare: false } satisfies Partial<SeriesTraits>
const traits: Readonly<Record<SeriesName, SeriesTraits>> = {
  blockTime: { ...ordinary, title: 'block time', unit: 's', compared: 'ratio' },
  baseFee: { ...ordinary, title: 'base fee', unit: 'wei', compared: 'ratio' },
  transactions: {
    ...ordinary,
    title: 'transactions a block',
    unit: '',
    fallMatters: true,
    compared: 'count',
  },
  reverts: { ...ordinary, title: 'share of failed transactions', unit: '' },
  gas: { ...ordinary, title: 'gas used', unit: 'gas', fallMatters: true },
  reorgDepth: { ...ordinary, title: 'reorg depth', unit: 'blocks', isRare: true },
  finalityLag: { ...ordinary, title: 'finality lag', unit: 'blocks', compared: 'ratio' },
  disagreement: { ...ordinary, title: 'endpoints that disagree', unit: '', isRare: true },
}
const names = Object.keys(traits) as SeriesName[]

/** The baselines of one chain. Plain data, bounded by `memory`. */
export type NetworkBaselines = {
  memory: number
  blocks: Partial<Record<SeriesName, { seen: number; scorer: SeriesScorer }>>
}

/** A departure of one series from its past. */
export type Shock = {
  series: SeriesName
  block: number
  value: number
  expected: number
  /** Decades: −log10 of how rare it is in the series' own past. */
  surprise: number
  /** The number of blocks in the comparison. */
  n: number
}

export type ShockRule = { minBlocks: number; minSurprise: number }
export type ObservedBlock = { at: number; block: number; observation: NetworkObservation }

export function networkBaselines(memory: number): NetworkBaselines {
  return { memory, blocks: {} }
}

/** Scores a block's observation against the past, learns it, and returns the shocks by `rule`. */
export function readNetwork(baselines: NetworkBaselines, seen: ObservedBlock, rule: ShockRule): Shock[] {
  return names.flatMap((series) => {
    const value = seen.observation[series]
    if (value === undefined) return []
    const { compared, fallMatters } = traits[series]
    const known = baselines.blocks[series] ?? { seen: 0, scorer: scorerOf(series, baselines, rule) }
    baselines.blocks[series] = known
    const score = scorePoint(known.scorer, { at: seen.at, value: scaled(value, compared) })
    known.seen++
    if (known.seen <= rule.minBlocks || !score.alarm) return []
    if (!fallMatters && scaled(value, compared) <= score.expected) return []
    const expected = unscaled(score.expected, compared)
    const n = Math.min(known.seen - 1, baselines.memory)
    return [{ series, block: seen.block, value, expected, surprise: score.surprise, n }]
  })
}

function scorerOf(series: SeriesName, { memory }: NetworkBaselines, rule: ShockRule): SeriesScorer {
  return seriesScorer({
    memory,
    alarmAt: traits[series].isRare ? Math.log10(rule.minBlocks) : rule.minSurprise,
  })
}

export function copyNetwork({ memory, blocks }: NetworkBaselines): NetworkBaselines {
  const copy: NetworkBaselines = { memory, blocks: {} }
  for (const name of names) {
    const known = blocks[name]
    if (known !== undefined) copy.blocks[name] = { seen: known.seen, scorer: copyScorer(known.scorer) }
  }
  return copy
}

/** `block time 96 s at block 7, usually 12 s: 1 in 10^6.1 by 2,000 blocks before`. */
export function shockText({ series, block, value, expected, surprise, n }: Shock): string {
  const { title, unit } = traits[series]
  const figure = (number: number): string =>
    `${Number(number.toPrecision(3))}${unit === '' ? '' : ` ${unit}`}`
  return `${title} ${figure(value)} at block ${block}, usually ${figure(expected)}: 1 in 10^${surprise.toFixed(1)} by n = ${n} blocks before`
}
