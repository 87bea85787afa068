import type { z } from 'zod'
import type { Layer } from './assessment.ts'
import type { BlockFacts } from './fact.ts'
import type { Finding } from './finding.ts'
import type { Address, Hash } from './hex.ts'
import type { StateCall } from './state-read.ts'

/** What a detector cannot work without. Where the source lacks it the detector is reported blind. */
export type DetectorNeed = 'traces' | 'logs'

/** Whom we watch over: named contracts, or everybody. */
export type Scope = { kind: 'everything' } | { kind: 'contracts'; addresses: ReadonlySet<Address> }

/**
 * A detector is a pure function with state that can be copied.
 * The engine snapshots state at finality and replays the unfinalised blocks after a reorg, so
 * `evaluate` must depend on nothing but its arguments and may change only `state`.
 */
export type Detector<State = unknown, Options = unknown> = {
  id: string
  /** One line for people. */
  title: string
  /** What its word rests on: decides how findings are weighed together and what may be done on them alone. */
  layer: Layer
  needs: readonly DetectorNeed[]
  /** Learns what is usual: runs after the others, and is told whom they suspect so as not to learn from them. */
  learns?: boolean
  /** `ignored`: has nothing to say of pending transactions, so its state need not be copied for them. */
  pending?: 'ignored'
  /** True where arbitrage, sandwiches and liquidations look like what it seeks: it is believed half where one is seen. */
  yieldsToMev?: true
  options: z.ZodType<Options>
  /** True where withdrawing one's own money can look like what it seeks: a finding is lowered where takers took no more. */
  yieldsToOwners?: true
  /** Options that may be given as the path of a file. */
  files?: Readonly<Record<string, OptionFile>>
  /** View calls whose answers after the next block `evaluate` wants in `facts.reads`; none when left out. */
  reads?(options: Options, state: State, scope: Scope): readonly StateCall[]
  init(options: Options): State
  evaluate(input: DetectorInput, state: State, options: Options): Finding[]
  /**
   * Weighs what all of them said of the block, once, after `evaluate`, and gives it back with what it changes; may change
   * `state`. Finding objects that are not changed are handed back as they are.
   */
  weigh?(input: DetectorInput, said: Statements, state: State, options: Options): readonly Finding[]
  /**
   * How surprising the newest point of its series is, in decades of their own past, with the seconds between points; null
   * where the last block ended none. What a false-alarm budget in days is kept on.
   */
  surprise?(state: State, options: Options): { decades: number; pointSeconds: number } | null
  /** Raised whenever the shape or the meaning of the state changes: a state of another version is not restored. */
  stateVersion: number
  /** A deep, independent copy: plain data, fit for `structuredClone`. */
  snapshot(state: State): State
  /** The state to go on with under new options, keeping what still holds; without it a change of options begins anew. */
  carry?(state: State, options: Options): State
}

/** What was said of a block, and the ids of the detectors that yield to owners. */
export type Statements = { findings: readonly Finding[]; yielding: ReadonlySet<string> }

/** What stands in the file of an option: JSON, or an address a line. */
export type OptionFile = {
  format: 'json' | 'addresses'
  /** Read where the option is left out: a path within the package. */
  shipped?: string
}

export type DetectorInput = {
  facts: BlockFacts
  scope: Scope
  /** Transactions that others flagged at `medium` or above: empty for all but those that learn. */
  suspects: ReadonlySet<Hash>
}

/** True where the address was named for protection; nobody is while everything is watched. */
export function isNamed(scope: Scope, address: Address): boolean {
  return scope.kind === 'contracts' && scope.addresses.has(address)
}

export function inScope(scope: Scope, address: Address | null): boolean {
  if (address === null) return false
  return scope.kind === 'everything' || scope.addresses.has(address)
}
