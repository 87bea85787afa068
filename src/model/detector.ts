import type { z } from 'zod'
import type { Layer } from './assessment.ts'
import type { BlockFacts } from './fact.ts'
import type { Finding } from './finding.ts'
import type { Address, Hash } from './hex.ts'
import type { StateCall } from './state-read.ts'

/** The data that a detector requires. Where the source lacks it, the detector is reported blind. */
export type DetectorNeed = 'traces' | 'logs'

/** The watched contracts: named ones, or all. */
export type Scope = { kind: 'everything' } | { kind: 'contracts'; addresses: ReadonlySet<Address> }

/**
 * A detector is a pure function with state that can be copied. The engine snapshots state at finality and replays the
 * unfinalised blocks after a reorg, so `evaluate` must depend only on its arguments and may change only `state`.
 */
export type Detector<State = unknown, Options = unknown> = {
  id: string
  /** One line for people. */
  title: string
  /** The basis of its findings: decides how findings are combined and which actions they alone permit. */
  layer: Layer
  needs: readonly DetectorNeed[]
  /**
   * Learns what is usual: runs after the others, and receives the transactions that they suspect so as not to learn
   * from them.
   */
  learns?: boolean
  /** `ignored`: reports nothing about pending transactions, so its state need not be copied for them. */
  pending?: 'ignored'
  /**
   * True where arbitrage, sandwiches and liquidations resemble what it detects: its confidence is halved where one is
   * recognised.
   */
  yieldsToMev?: true
  options: z.ZodType<Options>
  /**
   * True where one transaction shows the pattern, no matter who loses by it: each is also judged as if everything were
   * watched, without memory of earlier ones.
   */
  everywhere?: true
  /**
   * True where a withdrawal of one's own money can resemble what it detects: a finding is lowered where takers took no
   * more than their own.
   */
  yieldsToOwners?: true
  /** Options that may be given as a file path. */
  files?: Readonly<Record<string, OptionFile>>
  /** View calls whose answers after the next block `evaluate` needs in `facts.reads`; none when left out. */
  reads?(options: Options, state: State, scope: Scope): readonly StateCall[]
  init(options: Options): State
  evaluate(input: DetectorInput, state: State, options: Options): Finding[]
  /**
   * Reviews the findings of all detectors on the block, once, after `evaluate`, and returns them with its changes; may
   * change `state`. Unchanged finding objects are returned as they are.
   */
  weigh?(input: DetectorInput, said: Statements, state: State, options: Options): readonly Finding[]
  /**
   * How surprising the newest point of its series is, in decades of the series' own past, with the seconds between
   * points; null where the last block completed no point. A false-alarm budget in days is based on it.
   */
  surprise?(state: State, options: Options): { decades: number; pointSeconds: number } | null
  /** Increase it whenever the shape or the meaning of the state changes: a state of another version is not restored. */
  stateVersion: number
  /** A deep, independent copy: plain data, suitable for `structuredClone`. */
  snapshot(state: State): State
  /**
   * The state to continue with under new options, which keeps what is still valid; without it a change of options
   * starts afresh.
   */
  carry?(state: State, options: Options): State
}

/** The findings on a block, and the ids of the detectors that yield to owners. */
export type Statements = { findings: readonly Finding[]; yielding: ReadonlySet<string> }

/** The format of an option's file: JSON, or one address per line. */
export type OptionFile = {
  format: 'json' | 'addresses'
  /** The file that is read where the option is left out: a path within the package. */
  shipped?: string
}

export type DetectorInput = {
  facts: BlockFacts
  scope: Scope
  /** Transactions that others flagged at `medium` or above: empty except for detectors that learn. */
  suspects: ReadonlySet<Hash>
}

/** True where the address was named for protection; no address is while everything is watched. */
export function isNamed(scope: Scope, address: Address): boolean {
  return scope.kind === 'contracts' && scope.addresses.has(address)
}

export function inScope(scope: Scope, address: Address | null): boolean {
  if (address === null) return false
  return scope.kind === 'everything' || scope.addresses.has(address)
}
