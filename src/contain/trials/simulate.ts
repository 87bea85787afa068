import type { Rpc } from '../../chain/rpc/rpc.ts'
import { CordonError } from '../../kit/error.ts'
import { toJson } from '../../kit/json.ts'
import { type ContainmentPlan, protectedBy, type Route, type Simulation } from '../../model/containment.ts'
import type { Address, Hex } from '../../model/hex.ts'
import type { Lever, OpEffect } from '../../model/lever.ts'
import { executeCall, scheduleCall } from '../routes/access-manager-route.ts'
import { callOf } from '../routes/route.ts'
import { asymmetryOf, openQuestions } from './asymmetry.ts'
import { believed } from './believed.ts'
import { blastRadius } from './blast-radius.ts'
import { compareLosses, LEAST_SAVED, savedShare, stopsLoss } from './losses.ts'
import { effectsByKind, operationKindOf } from './operation-kinds.ts'
import type { Sequencer, SimulatedCall } from './sequence.ts'
import { overwritten, stateDiff } from './state-diff.ts'
import { lossesOf, type Reproduced, reproduce, runTrial, type Trial } from './trial.ts'

/** A recent ordinary call into the target: the pause is tried on it. */
export type Operation = SimulatedCall & { selector: Hex }

export type SimulateOptions = {
  /** Queried for the storage that pulling changes. */
  rpc: Rpc
  sequencer: Sequencer
  plan: ContainmentPlan
  /** The attack as it was (or would be) sent; null when there is only a suspicion. */
  attack: Trial | null
  /** At most one per selector; each succeeded once, not too long ago. */
  operations: readonly Operation[]
}

/**
 * Pulls the lever on a copy of the chain at the pinned block and checks: whether it succeeds, whether the attack still
 * takes what it takes without it, which ordinary operations it blocks, what it changes, and whether it leaves people
 * liquidatable and unable to act. What the node cannot run is `unknown` or `not-reproduced`, never an error; it is an
 * error only if a node cannot even pull the lever. Throws `contain.NoAuthority` when no account can pull the plan's
 * lever.
 */
export async function simulatePlan(options: SimulateOptions): Promise<Simulation> {
  const { rpc, sequencer, plan, attack, operations } = options
  const { lever, route, pinnedBlock: block } = plan
  const last = pullsOf(lever, route).at(-1)
  if (last === undefined) throw noAuthority(plan)
  const reproduced = attack === null ? null : await reproduce(sequencer, block, attack)
  const [tried, opEffects, changes] = await Promise.all([
    tryLever({ rpc, sequencer, lever, route, block, attack: reproduced, protects: protectedBy(plan) }),
    probeLever({ sequencer, lever, route, block, operations }),
    stateDiff(rpc, last, block),
  ])
  const effects = effectsByKind(lever, opEffects)
  const doubts = reproduced === null || reproduced.doubt === null ? [] : [`the attack: ${reproduced.doubt}`]
  return {
    planId: plan.id,
    method: sequencer.method,
    atBlock: block,
    ...tried,
    opEffects,
    stateDiff: changes,
    blastRadius: await blastRadius({ rpc, block, operations, opEffects }),
    asymmetry: asymmetryOf(effects) ?? null,
    notes: [...doubts, ...notesOf({ lever, opEffects, changes, effects })],
  }
}

type Seen = {
  lever: Lever
  opEffects: Simulation['opEffects']
  changes: Simulation['stateDiff']
  effects: ReturnType<typeof effectsByKind>
}

function notesOf({ lever, opEffects, changes, effects }: Seen): string[] {
  const notes = openQuestions(effects)
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

export type TryOptions = Omit<ProbeOptions, 'operations'> & {
  rpc: Rpc
  /** The attack's result without the lever. */
  attack: Reproduced | null
  /** The protected contract that the lever is for. */
  protects: Address
}

type Tried = Pick<Simulation, 'leverSucceeded' | 'gasUsed' | 'attack' | 'losses'>

/** The trials for ranking are reused when the best lever is simulated: by reproduced attack, lever, route and place. */
const trials = new WeakMap<Reproduced, Map<string, Tried>>()

/** Whether a lever can be pulled by its authority, its gas cost, and whether the attack still takes what it took. */
export async function tryLever(options: TryOptions): Promise<Tried> {
  const { lever, route, block, attack, protects } = options
  if (attack === null) return tryNow(options)
  const key = toJson([lever.id, lever.calldata, lever.authority?.address, route, block, protects])
  const byLever = trials.get(attack) ?? new Map<string, Tried>()
  trials.set(attack, byLever)
  const known = byLever.get(key)
  if (known !== undefined) return known
  const tried = await tryNow(options)
  if (tried.attack !== 'not-reproduced') byLever.set(key, tried)
  return tried
}

async function tryNow(options: TryOptions): Promise<Tried> {
  const { sequencer, lever, route, block, attack } = options
  const pulls = pullsOf(lever, route)
  if (pulls.length === 0) return { leverSucceeded: false, gasUsed: 0, attack: 'not-run', losses: [] }
  const [pulled, verdict] = await Promise.all([
    sequencer.run(block, pulls),
    verdictOn(options, { pulls, reproduced: attack }),
  ])
  return {
    leverSucceeded: pulled.length === pulls.length && pulled.every(({ succeeded }) => succeeded),
    gasUsed: pulled.at(-1)?.gasUsed ?? 0,
    ...verdict,
  }
}

/** Whether a reproduced attack still takes what it took after these calls. */
async function verdictOn(
  { rpc, sequencer, block, protects }: Pick<TryOptions, 'rpc' | 'sequencer' | 'block' | 'protects'>,
  { pulls, reproduced }: { pulls: readonly SimulatedCall[]; reproduced: Reproduced | null },
): Promise<Pick<Simulation, 'attack' | 'losses'>> {
  if (reproduced === null) return { attack: 'not-run', losses: [] }
  const { trial, losses: without } = reproduced
  if (reproduced.doubt !== null) return { attack: 'not-reproduced', losses: compareLosses(without, without) }
  const result = await runTrial(sequencer, { block, trial, pulls }).catch(() => undefined)
  if (result === undefined) return { attack: 'not-reproduced', losses: compareLosses(without, without) }
  const compared = compareLosses(without, lossesOf(trial, result))
  if (without.length === 0) return { attack: result.succeeded ? 'not-stopped' : 'stopped', losses: compared }
  const losses = await believed(rpc, { compared, protects, block })
  if (stopsLoss(losses, protects)) return { attack: 'stopped', losses }
  return { attack: savedShare(losses, protects) >= LEAST_SAVED ? 'reduced' : 'not-stopped', losses }
}

export type ProbeOptions = {
  sequencer: Sequencer
  lever: Lever
  /** Direct when left out. */
  route?: Route
  block: number
  operations: readonly Operation[]
}

/** The effect of a lever on each operation: the same call with and without it. Empty where no account may pull it. */
export async function probeLever(options: ProbeOptions): Promise<Simulation['opEffects']> {
  const { sequencer, lever, route, block, operations } = options
  const pulls = pullsOf(lever, route)
  if (pulls.length === 0) return {}
  const effects = await Promise.all(
    operations.map(
      async (call) => [call.selector, await effectOf(sequencer, { block, pulls, call })] as const,
    ),
  )
  return Object.fromEntries(effects)
}

/**
 * The calls that pull a lever, none where no account may: its authority makes the call itself, whatever the route. Only
 * an AccessManager blocks all calls until they are scheduled and the delay is over.
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

/** The same call on the same state, without and with the lever pulled; unknown where it cannot be run. */
async function effectOf(
  sequencer: Sequencer,
  { block, pulls, call }: { block: number; pulls: readonly SimulatedCall[]; call: SimulatedCall },
): Promise<OpEffect> {
  try {
    const [without, withLever] = await Promise.all([
      sequencer.run(block, [call]),
      sequencer.run(block, [...pulls, call]),
    ])
    const after = withLever[pulls.length]
    if (without[0]?.succeeded !== true || after === undefined) return 'unknown'
    return after.succeeded ? 'open' : 'blocked'
  } catch {
    return 'unknown'
  }
}

function noAuthority({ id, lever }: ContainmentPlan): CordonError {
  return new CordonError({
    code: 'contain.NoAuthority',
    message: `Nobody known to Cordon may call ${lever.signature} on ${lever.target}.`,
    facts: { plan: id, target: lever.target, lever: lever.signature },
    fix: 'Give the guardian’s address (and a signer) in cordon.config.ts, roles.guardian and signers.',
  })
}
