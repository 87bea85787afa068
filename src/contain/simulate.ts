import { CordonError } from '../kit/error.ts'
import type { ContainmentPlan, Simulation } from '../model/containment.ts'
import type { Hex } from '../model/hex.ts'
import type { Lever } from '../model/lever.ts'
import type { CallResult, Sequencer, SimulatedCall } from './sequence.ts'

/** A recent ordinary call into the target: what the pause is tried on. */
export type Operation = SimulatedCall & { selector: Hex }

export type SimulateOptions = {
  sequencer: Sequencer
  plan: ContainmentPlan
  /** The attack as it was (or would be) sent; null when there is only a suspicion. */
  attack: SimulatedCall | null
  /** At most one a selector; successful once, not too long ago. */
  operations: readonly Operation[]
}

/**
 * Pulls the lever on a copy of the chain at the pinned block and looks: does it go through, does the attack that
 * works without it fail after it, and which ordinary operations does it block.
 * Throws `contain.NoAuthority` when the plan has nobody to pull it.
 */
export async function simulatePlan({
  sequencer,
  plan,
  attack,
  operations,
}: SimulateOptions): Promise<Simulation> {
  const { lever, pinnedBlock } = plan
  const pull = pullOf(lever)
  if (pull === null) throw noAuthority(plan)
  const [pulled, stopped, opEffects] = await Promise.all([
    sequencer.run(pinnedBlock, [pull]),
    attack === null ? undefined : compare(sequencer, { block: pinnedBlock, pull, call: attack }),
    probeLever({ sequencer, lever, block: pinnedBlock, operations }),
  ])
  const first = pulled[0]
  const notes: string[] = []
  if (stopped !== undefined && !stopped.before)
    notes.push('the attack does not go through at the pinned block by itself')
  return {
    planId: plan.id,
    method: sequencer.method,
    atBlock: pinnedBlock,
    leverSucceeded: first?.succeeded === true,
    gasUsed: first?.gasUsed ?? 0,
    attack: verdictOf(stopped),
    opEffects,
    notes,
  }
}

export type ProbeOptions = {
  sequencer: Sequencer
  lever: Lever
  block: number
  operations: readonly Operation[]
}

/** What a lever does to each operation: the same call with and without it. Empty where nobody may pull it. */
export async function probeLever(options: ProbeOptions): Promise<Simulation['opEffects']> {
  const { sequencer, lever, block, operations } = options
  const pull = pullOf(lever)
  if (pull === null) return {}
  const effects = await Promise.all(operations.map((call) => compare(sequencer, { block, pull, call })))
  return Object.fromEntries(operations.map(({ selector }, i) => [selector, effectOf(effects[i])]))
}

function pullOf({ authority, target, calldata }: Lever): SimulatedCall | null {
  return authority === null ? null : { from: authority.address, to: target, data: calldata, value: 0n }
}

function effectOf(effect: Comparison | undefined): Simulation['opEffects'][string] {
  if (effect === undefined || !effect.before) return 'unknown'
  return effect.after ? 'open' : 'blocked'
}

type Comparison = { before: boolean; after: boolean }

/** The same call on the same state, without and with the lever pulled. */
async function compare(
  sequencer: Sequencer,
  { block, pull, call }: { block: number; pull: SimulatedCall; call: SimulatedCall },
): Promise<Comparison> {
  const [without, withLever] = await Promise.all([
    sequencer.run(block, [call]),
    sequencer.run(block, [pull, call]),
  ])
  const succeeded = (results: readonly CallResult[], i: number): boolean => results[i]?.succeeded === true
  return { before: succeeded(without, 0), after: succeeded(withLever, 1) }
}

function verdictOf(stopped: Comparison | undefined): Simulation['attack'] {
  if (stopped === undefined) return 'not-run'
  if (!stopped.before) return 'not-reproduced'
  return stopped.after ? 'not-stopped' : 'stopped'
}

function noAuthority({ id, lever }: ContainmentPlan): CordonError {
  return new CordonError({
    code: 'contain.NoAuthority',
    message: `Nobody known to Cordon may call ${lever.signature} on ${lever.target}.`,
    facts: { plan: id, target: lever.target, lever: lever.signature },
    fix: 'Give the guardian’s address (and a signer) in cordon.config.ts, roles.guardian and signers.',
  })
}
