/**
 * Prior rates of novelty for a protocol of which little is known, from ordinary transactions of others: learned from a
 * pool of 366 contracts (16,629 transactions: `benign/`, `mev/` and `blocks/`, each contract as its own protocol from
 * its first recorded transaction on) and four whole histories before 2022. `node dist/bench/novelty.js` measures the
 * same pool and prints how well each constant fits it.
 */

/**
 * The chance of something new, after `asked` transactions of which `broken` brought something new: (before + weight ·
 * broken) / (asked + after). A Pitman–Yor predictive rate with a pooled prior: J. Pitman, M. Yor, Ann. Probab. 25
 * (1997); `floor` holds where a rate measured in calm times understates new markets and upgrades. `again` is the share
 * of such transactions that bring a second new thing of the kind, and so on.
 */
export type NoveltyPrior = {
  before: number
  after: number
  weight: number
  floor: number
  again: number
}

/** New steps: after 10 ordinary transactions 1 in 130, after 100 1 in 880. */
export const STEP_PRIOR: NoveltyPrior = { before: 0.12, after: 6, weight: 1, floor: 0, again: 0.25 }

/**
 * How a function is new. `alone`: its direct call is the whole transaction, as set-up and administration are; `within`:
 * called by a contract, or together with other calls; `elsewhere`: another contract of the protocol has it, so a market was
 * added.
 */
export const functionClasses = ['alone', 'within', 'elsewhere'] as const
export type FunctionClass = (typeof functionClasses)[number]

export const FUNCTION_PRIORS: Readonly<Record<FunctionClass, NoveltyPrior>> = {
  alone: { before: 0.2, after: 1, weight: 0.4, floor: 0.01, again: 0.3 },
  within: { before: 0.3, after: 1, weight: 0.5, floor: 0.003, again: 0.3 },
  elsewhere: { before: 0.2, after: 2, weight: 0.5, floor: 0.01, again: 0.4 },
}

/** A contract calls a function that only senders called, by the calls seen of that function. */
export const CALLER_PRIOR: NoveltyPrior = { before: 0.25, after: 2, weight: 0.5, floor: 0.003, again: 1 }

/** At most this many further new things of a kind count. */
export const MOST_AGAIN = 3

/**
 * Record values: among n + 1 exchangeable values the last is the largest with chance 1/(n + 1); `share` corrects it
 * where values repeat. A record exceeds the earlier one r times with chance r^−`tail`, which flattens beyond `MOST_RATIO`.
 */
export type RecordPrior = { share: number; tail: number }
export const RECORD_PRIORS: Readonly<Record<string, RecordPrior>> = {
  calls: { share: 0.3, tail: 1.4 },
  depth: { share: 0.15, tail: 1.3 },
  value: { share: 0.17, tail: 0.6 },
  entry: { share: 1, tail: 1.5 },
  gas: { share: 0.5, tail: 4 },
  in: { share: 0.7, tail: 0.6 },
  out: { share: 0.7, tail: 0.6 },
  ratio: { share: 0.7, tail: 8 },
  up: { share: 1, tail: 0.8 },
  down: { share: 0.5, tail: 0.8 },
  'up:entries': { share: 1, tail: 0.3 },
  'down:entries': { share: 0.6, tail: 0.3 },
}
export const OTHER_RECORD: RecordPrior = { share: 1, tail: 0.3 }
export const MOST_RATIO = 1_000
/** Earlier values required before a record means anything. */
export const FEWEST_VALUES = 3

/**
 * Protocols of a kind: `share` is the share of transactions that reach them through a contract, below which the kind
 * applies. `tail`: ordinary transactions reach a sum of s decades with chance 10^−(offset + slope · s). Kinds of novelty
 * come together more often than chance (a new integration brings steps, functions and amounts at once), so the sum is
 * ranked among sums and not read as a probability.
 */
export type ProtocolKind = { name: string; share: number; tail: { offset: number; slope: number } }
export const PROTOCOL_KINDS: readonly [ProtocolKind, ...ProtocolKind[]] = [
  { name: 'used by people', share: 0.2, tail: { offset: 1.25, slope: 0.42 } },
  { name: 'used by both', share: 0.7, tail: { offset: 0.68, slope: 0.5 } },
  { name: 'used by contracts', share: Number.POSITIVE_INFINITY, tail: { offset: 0.95, slope: 0.4 } },
]

/**
 * Own transactions at which a protocol's own record weighs as much as the pool's: the concentration of a beta-binomial
 * over the pool's contracts is 100 to 1,000 for sums of 2 to 4 decades (maximum likelihood), so contracts of a kind
 * hardly differ in how often they surprise.
 */
export const POOL_WEIGHT = 200
