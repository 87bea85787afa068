import { z } from 'zod'
import type { BlockBundle } from '../../../model/block.ts'
import type { Detector } from '../../../model/detector.ts'
import type { BlockFacts } from '../../../model/fact.ts'
import type { Finding } from '../../../model/finding.ts'
import { buildFinding } from '../../lib/build-finding.ts'
import {
  copyNetwork,
  type NetworkBaselines,
  type NetworkObservation,
  networkBaselines,
  readNetwork,
  shockText,
} from './series.ts'

const options = z.strictObject({
  /** Blocks of history required before a series can have a shock. */
  minBlocks: z.number().int().min(100).default(1_000),
  /** Blocks that each series remembers. */
  memory: z.number().int().min(200).max(20_000).default(2_000),
  /** Rarity, in decades, from which a departure is a shock: 6 is one in a million by the series' own tail. */
  minSurprise: z.number().min(3).max(12).default(6),
})
type Options = z.infer<typeof options>

type State = {
  baselines: NetworkBaselines
  previous: { number: number; timestamp: number } | null
}

/**
 * Network: block time, base fee, transactions, failures and gas of the chain itself against their own past. Context,
 * never proof of an attack: `low` for one series, `medium` for several together. Reorg depth, finality lag and
 * disagreement between endpoints come from the chain's follower (`facts.network`).
 */
export const network: Detector<State, Options> = {
  id: 'network',
  title: 'The chain itself left its usual course: block time, fees, failures, gas',
  layer: 'baseline',
  pending: 'ignored',
  needs: [],
  options,
  init: ({ memory }) => ({ baselines: networkBaselines(memory), previous: null }),
  stateVersion: 2,
  snapshot: ({ baselines, previous }) => ({
    baselines: copyNetwork(baselines),
    previous: previous === null ? null : { ...previous },
  }),
  evaluate: ({ facts }, state, options) => evaluate(facts, state, options),
}

function evaluate(facts: BlockFacts, state: State, options: Options): Finding[] {
  const { bundle } = facts
  const { number, timestamp } = bundle
  if (bundle.pending || bundle.coverage.partial || timestamp === null) return []
  const observation = { ...observe(bundle, state.previous), ...facts.network }
  const all = readNetwork(state.baselines, { at: timestamp, block: number, observation }, options)
  state.previous = { number, timestamp }
  if (all.length === 0) return []
  return [
    buildFinding(null, bundle, {
      detector: 'network',
      severity: all.length > 1 ? 'medium' : 'low',
      confidence: 0.5,
      categories: ['network'],
      protected: [],
      victims: [],
      actors: [],
      profit: [],
      loss: [],
      evidence: all.map((shock) => ({ statement: shockText(shock), frames: [], amounts: [] })),
      message: `The network left its usual course: ${all.map(shockText).join('; ')}.`,
    }),
  ]
}

function observe(bundle: BlockBundle, previous: State['previous']): NetworkObservation {
  const { number, timestamp, transactions, baseFeePerGas } = bundle
  const outcomes = transactions.filter(({ succeeded }) => succeeded !== null)
  const gas = transactions.map(({ frames }) => frames[0]?.gasUsed ?? -1)
  return {
    transactions: transactions.length,
    ...(previous !== null && timestamp !== null && number === previous.number + 1
      ? { blockTime: timestamp - previous.timestamp }
      : {}),
    ...(baseFeePerGas === null ? {} : { baseFee: Number(baseFeePerGas) }),
    ...(outcomes.length === 0
      ? {}
      : { reverts: outcomes.filter(({ succeeded }) => succeeded === false).length / outcomes.length }),
    ...(gas.length > 0 && gas.every((used) => used >= 0)
      ? { gas: gas.reduce((sum, used) => sum + used, 0) }
      : {}),
  }
}
