import type { Rpc } from '../chain/rpc/rpc.ts'
import { CordonError } from '../kit/error.ts'
import type { ContainmentPlan, Route, Simulation } from '../model/containment.ts'
import type { Hex } from '../model/hex.ts'
import type { Lever } from '../model/lever.ts'
import { asymmetryOf, openQuestions } from './asymmetry.ts'
import { blastRadius } from './blast-radius.ts'
import { effectsByKind, operationKindOf } from './operation-kinds.ts'
import { callOf } from './route.ts'
import { executeCall, scheduleCall } from './routes/access-manager-route.ts'
import type { CallResult, Sequencer, SimulatedCall } from './sequence.ts'
import { overwritten, stateDiff } from './state-diff.ts'

/** A recent ordinary call into the target: what the pause is tried on. */
export type Operation = SimulatedCall & { selector: Hex }

export type SimulateOptions = {
  /** Asked for the storage that pulling changes. */
  rpc: Rpc
  sequencer: Sequencer
  plan: ContainmentPlan
  /** The attack as it was (or would be) sent; null when there is only a suspicion. */
  attack: SimulatedCall | null
  /** At most one a selector; successful once, not too long ago. */
  operations: readonly Operation[]
}

/**
 * Pulls the lever on a copy of the chain at the pinned block and looks: does it go through, does the attack that
 * works without it fail after it, which ordinary operations does it block, what does it change, and does it leave people
 * liquidatable who cannot help themselves. Throws `contain.NoAuthority` when the plan has nobody to pull it.
 */
export async function simulatePlan(options: SimulateOptions): Promise<Simulation> {
  const { rpc, sequencer, plan, attack, operations } = options
  const { lever, route, pinnedBlock: block } = plan
  const last = pullsOf(lever, route).at(-1)
  if (last === undefined) throw noAuthority(plan)
  const [tried, opEffects, changes] = await Promise.all([
    tryLever({ sequencer, lever, route, block, attack }),
    probeLever({ sequencer, lever, route, block, operations }),
    stateDiff(rpc, last, block),
  ])
  const effects = effectsByKind(lever, opEffects)
  return {
    planId: plan.id,
    method: sequencer.method,
    atBlock: block,
    ...tried,
    opEffects,
    stateDiff: changes,
    blastRadius: await blastRadius({ rpc, block, operations, opEffects }),
    asymmetry: asymmetryOf(effects) ?? null,
    notes: notesOf({ lever, opEffects, changes, attack: tried.attack, effects }),
  }
}

type Seen = {
  lever: Lever
  opEffects: Simulation['opEffects']
  changes: Simulation['stateDiff']
  attack: Simulation['attack']
  effects: ReturnType<typeof effectsByKind>
}

function notesOf({ lever, opEffects, changes, attack, effects }: Seen): string[] {
  const notes = openQuestions(effects)
  if (attack === 'not-reproduced') notes.push('the attack does not go through at the pinned block by itself')
  for (const { address, slot, before, after } of overwritten(changes ?? []))
    notes.push(`overwrites slot ${slot} of ${address}: ${before} becomes ${after}`)
  for (const [selector, effect] of Object.entries(opEffects)) {
    const kind = operationKindOf(selector as Hex)
    if (kind !== undefined && lever.claims[kind] === 'open' && effect === 'blocked')
      notes.push(`${kind} (${selector}) is said to stay open and is blocked`)
  }
  if (lever.trap !== null) notes.push(`trap: ${lever.trap}`)
  return notes
}

export type TryOptions = Omit<ProbeOptions, 'operations'> & { attack: SimulatedCall | null }

/** Whether a lever can be pulled by its authority, what that costs in gas, and whether the attack fails after it. */
export async function tryLever({
  sequencer,
  lever,
  route,
  block,
  attack,
}: TryOptions): Promise<Pick<Simulation, 'leverSucceeded' | 'gasUsed' | 'attack'>> {
  const pulls = pullsOf(lever, route)
  if (pulls.length === 0) return { leverSucceeded: false, gasUsed: 0, attack: 'not-run' }
  const [pulled, stopped] = await Promise.all([
    sequencer.run(block, pulls),
    attack === null ? undefined : compare(sequencer, { block, pulls, call: attack }),
  ])
  return {
    leverSucceeded: pulled.length === pulls.length && pulled.every(({ succeeded }) => succeeded),
    gasUsed: pulled.at(-1)?.gasUsed ?? 0,
    attack: verdictOf(stopped),
  }
}

export type ProbeOptions = {
  sequencer: Sequencer
  lever: Lever
  /** Direct when left out. */
  route?: Route
  block: number
  operations: readonly Operation[]
}

/** What a lever does to each operation: the same call with and without it. Empty where nobody may pull it. */
export async function probeLever(options: ProbeOptions): Promise<Simulation['opEffects']> {
  const { sequencer, lever, route, block, operations } = options
  const pulls = pullsOf(lever, route)
  if (pulls.length === 0) return {}
  const effects = await Promise.all(operations.map((call) => compare(sequencer, { block, pulls, call })))
  return Object.fromEntries(operations.map(({ selector }, i) => [selector, effectOf(effects[i])]))
}

/**
 * The calls that pull a lever, none where nobody may: its authority makes the call itself, whatever way leads to that. Only an
 * AccessManager lets nobody call before it was scheduled and the delay is over.
 */
function pullsOf(lever: Lever, route: Route = { kind: 'direct' }): SimulatedCall[] {
  const { authority } = lever
  if (authority === null) return []
  const call = callOf({ lever })
  if (route.kind !== 'access-manager') return [{ ...call, from: authority.address }]
  const { manager, member, delaySeconds } = route
  return [
    { ...scheduleCall(manager, call), from: member },
    { ...executeCall(manager, call), from: member, laterBy: delaySeconds + 1 },
  ]
}

function effectOf(effect: Comparison | undefined): Simulation['opEffects'][string] {
  if (effect === undefined || !effect.before) return 'unknown'
  return effect.after ? 'open' : 'blocked'
}

type Comparison = { before: boolean; after: boolean }

/** The same call on the same state, without and with the lever pulled. */
async function compare(
  sequencer: Sequencer,
  { block, pulls, call }: { block: number; pulls: readonly SimulatedCall[]; call: SimulatedCall },
): Promise<Comparison> {
  const [without, withLever] = await Promise.all([
    sequencer.run(block, [call]),
    sequencer.run(block, [...pulls, call]),
  ])
  const succeeded = (results: readonly CallResult[], i: number): boolean => results[i]?.succeeded === true
  return { before: succeeded(without, 0), after: succeeded(withLever, pulls.length) }
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
