import type { z } from 'zod'
import type { Layer } from './assessment.ts'
import type { BlockFacts } from './fact.ts'
import type { Finding } from './finding.ts'
import type { Address } from './hex.ts'
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
  /** True where arbitrage, sandwiches and liquidations look like what it seeks: it is believed half where one is seen. */
  yieldsToMev?: true
  options: z.ZodType<Options>
  /** View calls whose answers after each block `evaluate` wants in `facts.reads`; none when left out. */
  reads?(options: Options): readonly StateCall[]
  init(options: Options): State
  evaluate(input: DetectorInput, state: State, options: Options): Finding[]
  /** A deep, independent copy: plain data, fit for `structuredClone`. */
  snapshot(state: State): State
  /** The state to go on with under new options, keeping what still holds; without it a change of options begins anew. */
  carry?(state: State, options: Options): State
}

export type DetectorInput = { facts: BlockFacts; scope: Scope }

/** True where the address was named for protection; nobody is while everything is watched. */
export function isNamed(scope: Scope, address: Address): boolean {
  return scope.kind === 'contracts' && scope.addresses.has(address)
}

export function inScope(scope: Scope, address: Address | null): boolean {
  if (address === null) return false
  return scope.kind === 'everything' || scope.addresses.has(address)
}
