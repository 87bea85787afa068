import { z } from 'zod'
import type { BlockBundle } from '../../../model/block.ts'
import type { Detector, DetectorInput } from '../../../model/detector.ts'
import type { Finding } from '../../../model/finding.ts'
import type { Address } from '../../../model/hex.ts'
import { buildFinding } from '../../lib/build-finding.ts'
import {
  type ContractBaselines,
  contractBaselines,
  copyBaselines,
  type Departure,
  readBucket,
} from './series.ts'
import { count, emptyTally, type Tally } from './tally.ts'

const options = z.strictObject({
  /** Length of a bucket, seconds of block time. */
  bucketSeconds: z.number().int().min(12).max(86_400).default(300),
  /** Buckets of history before a series may be called unusual. */
  minBuckets: z.number().int().min(100).default(500),
  /** Buckets that each series remembers. */
  memory: z.number().int().min(200).max(20_000).default(1_000),
  /**
   * Rarity, in decades, from which a departure is reported: 4 is one bucket in ten thousand (35 days of them) by its
   * own tail.
   */
  minSurprise: z.number().min(2).max(12).default(4),
})
type Options = z.infer<typeof options>

type State = {
  contracts: Map<Address, ContractBaselines>
  tallies: Map<Address, Tally>
  /** Start of the open bucket, seconds; null before the first block. */
  bucket: number | null
  /** The most surprising series of the bucket that ended with the last block, decades; null where none ended. */
  surprise: number | null
}

/** Contracts followed: about 1 MB each when full. */
const MOST_CONTRACTS = 24
/** A gap longer than this many buckets is not filled with empty ones: the contract was not watched. */
const LONGEST_GAP = 24

/**
 * Activity of each protected contract against its own past, by the time of day and week: calls, failures, callers,
 * approvals, borrows, liquidations, and the flows of its main assets; individually and together (half-space trees).
 * Statistics, never proof: `low` for one series, `medium` for several. Learns nothing from suspected transactions.
 */
export const activity: Detector<State, Options> = {
  id: 'activity',
  title: 'A protected contract is used as never before: flows, calls, failures, liquidations',
  layer: 'baseline',
  needs: ['traces'],
  learns: true,
  pending: 'ignored',
  options,
  init: () => ({ contracts: new Map(), tallies: new Map(), bucket: null, surprise: null }),
  stateVersion: 1,
  snapshot: ({ contracts, tallies, bucket, surprise }) => ({
    contracts: new Map([...contracts].map(([address, known]) => [address, copyBaselines(known)])),
    tallies: structuredClone(tallies),
    bucket,
    surprise,
  }),
  surprise: ({ surprise }, { bucketSeconds }) =>
    surprise === null ? null : { decades: surprise, pointSeconds: bucketSeconds },
  evaluate,
}

function evaluate(input: DetectorInput, state: State, options: Options): Finding[] {
  const { bundle, transactions } = input.facts
  const { timestamp } = bundle
  if (input.scope.kind === 'everything' || bundle.pending || timestamp === null) return []
  const findings = close(timestamp, state, { bundle, options })
  for (const tx of transactions) {
    if (input.suspects.has(tx.transaction.hash)) continue
    count(tx, input.scope, (contract) => tallyOf(contract, state))
  }
  return findings
}

type Closing = { bundle: BlockBundle; options: Options }

/** Ends the buckets before the block and returns the findings about them. */
function close(timestamp: number, state: State, { bundle, options }: Closing): Finding[] {
  const start = timestamp - (timestamp % options.bucketSeconds)
  state.surprise = null
  if (state.bucket === null || start - state.bucket > LONGEST_GAP * options.bucketSeconds) {
    state.bucket = start
    state.tallies = new Map()
    return []
  }
  const findings: Finding[] = []
  for (; state.bucket < start; state.bucket += options.bucketSeconds) {
    for (const [contract, tally] of talliesOf(state)) {
      const baselines = state.contracts.get(contract) ?? contractBaselines(options.memory)
      state.contracts.set(contract, baselines)
      const { departures, surprise } = readBucket(baselines, { at: state.bucket, tally }, options)
      if (baselines.buckets > options.minBuckets) state.surprise = Math.max(state.surprise ?? 0, surprise)
      if (departures.length > 0) findings.push(findingOf(contract, departures, bundle))
    }
    state.tallies = new Map()
  }
  return findings
}

/** The tallies of every contract ever seen: a bucket without a call is an observation too. */
function talliesOf({ contracts, tallies }: State): Map<Address, Tally> {
  const all = new Map(tallies)
  for (const contract of contracts.keys()) if (!all.has(contract)) all.set(contract, emptyTally())
  return all
}

function tallyOf(contract: Address, { contracts, tallies }: State): Tally | null {
  const known = tallies.get(contract)
  if (known !== undefined) return known
  if (!contracts.has(contract) && contracts.size + tallies.size >= MOST_CONTRACTS) return null
  const tally = emptyTally()
  tallies.set(contract, tally)
  return tally
}

function findingOf(contract: Address, departures: readonly Departure[], bundle: BlockBundle): Finding {
  const sorted = [...departures].sort((a, b) => b.surprise - a.surprise)
  return buildFinding(null, bundle, {
    detector: 'activity',
    severity: departures.length > 1 ? 'medium' : 'low',
    confidence: departures.length > 1 ? 0.5 : 0.3,
    categories: ['activity'],
    protected: [contract],
    victims: [contract],
    actors: [],
    profit: [],
    loss: [],
    evidence: sorted.slice(0, 8).map((departure) => ({
      statement: departureText(departure),
      frames: [],
      amounts: [],
    })),
    message: `${contract} is used as never before: ${sorted.map(departureText).join('; ')}.`,
  })
}

/** `out of native 3.2e+21 in a bucket, usually 4e+17: 1 in 10^5.4 by n = 600 buckets before`. */
function departureText({ series, value, expected, surprise, n }: Departure): string {
  const rarity = `1 in 10^${surprise.toFixed(1)} by n = ${n} buckets before`
  if (series === 'all together') return `${series}: ${rarity}`
  return `${series} ${Number(value.toPrecision(3))} in a bucket, usually ${Number(expected.toPrecision(3))}: ${rarity}`
}
