import { getBlockNumber } from '../../chain/methods/get-block-number.ts'
import type { Rpc } from '../../chain/rpc/rpc.ts'
import type { Broadcast, ContainmentPlan, Simulation, Verification } from '../../model/containment.ts'
import { readState } from '../reading/state-view.ts'
import type { Sequencer, SimulatedCall } from './sequence.ts'
import type { Operation } from './simulate.ts'
import { type Trial, takesAgain } from './trial.ts'

export type VerifyOptions = {
  rpc: Rpc
  sequencer: Sequencer
  plan: ContainmentPlan
  simulation: Simulation
  /** Null where the lever was already pulled before. */
  broadcast: Broadcast | null
  attack: Trial | null
  operations: readonly Operation[]
}

type Check = Verification['checks'][number]

/**
 * Checks the chain, not the receipt, for whether the lever holds: the state view shows it, the attack fails on the
 * present state, and every operation that was blocked in the simulation is blocked.
 */
export async function verifyPlan(options: VerifyOptions): Promise<Verification> {
  const { rpc, plan, broadcast } = options
  const latest = await getBlockNumber(rpc)
  const [promised, check] = plan.purpose === 'contain' ? ['blocked', blockedCheck] : ['open', openCheck]
  const [views, ...others] = await Promise.all([
    viewChecks(options, latest),
    ...(broadcast === null ? [] : [minedCheck(broadcast)]),
    attackCheck(options, latest),
    ...options.operations
      .filter(({ selector }) => options.simulation.opEffects[selector] === promised)
      .map((call) => check(options.sequencer, { name: `operation ${call.selector}`, call, latest })),
  ])
  const checks = [...others.filter((check) => check !== null), ...views]
  const verified = checks.length > 0 && checks.every((check) => check.passed)
  return { planId: plan.id, atBlock: latest, verified, checks }
}

async function minedCheck(broadcast: Broadcast): Promise<Check> {
  return {
    check: 'the containment transaction succeeded',
    passed: broadcast.state === 'mined',
    detail: `${broadcast.transactionHash} is ${broadcast.state} in block ${broadcast.blockNumber ?? 'none'}`,
  }
}

async function viewChecks({ rpc, plan }: VerifyOptions, latest: number): Promise<Check[]> {
  const answers = await readState(rpc, plan.lever.state, latest)
  const isContained = plan.purpose === 'contain'
  return answers.map(({ read, answer, isPulled }) => ({
    check: `${read.text} of ${read.to} says that it is ${isContained ? 'pulled' : 'open'}`,
    passed: isPulled === isContained,
    detail: `it answers ${answer}`,
  }))
}

/** The attack that took something in the simulation; null if it showed none stopped, or it cannot be tried. */
async function attackCheck(
  { sequencer, attack, simulation }: VerifyOptions,
  latest: number,
): Promise<Check | null> {
  if (attack === null || simulation.attack !== 'stopped') return null
  const works = await takesAgain(sequencer, {
    block: latest,
    trial: trialSeen(attack, simulation),
    pulls: [],
  })
  if (works === null) return null
  return {
    check: 'the attack is blocked',
    passed: !works,
    detail: works ? `it still takes at block ${latest}` : `it takes nothing at block ${latest}`,
  }
}

/** The losses that the simulation saw must not occur any more. */
export function trialSeen(trial: Trial, { losses }: Pick<Simulation, 'losses'>): Trial {
  const seen = losses.flatMap(({ account, asset, without }) =>
    without > 0n ? [{ account, asset, amount: without }] : [],
  )
  return seen.length === 0 ? trial : { ...trial, recorded: seen }
}

type Tried = { name: string; call: SimulatedCall; latest: number }

/** Null where the operation cannot be tried: that proves nothing. */
async function blockedCheck(sequencer: Sequencer, tried: Tried): Promise<Check | null> {
  const succeeded = await goesThrough(sequencer, tried)
  const { name, latest } = tried
  if (succeeded === undefined) return null
  return {
    check: `${name} is blocked`,
    passed: !succeeded,
    detail: succeeded ? `it still goes through at block ${latest}` : `it fails at block ${latest}`,
  }
}

async function openCheck(sequencer: Sequencer, tried: Tried): Promise<Check | null> {
  const succeeded = await goesThrough(sequencer, tried)
  const { name, latest } = tried
  if (succeeded === undefined) return null
  return {
    check: `${name} is open again`,
    passed: succeeded,
    detail: succeeded ? `it goes through at block ${latest}` : `it still fails at block ${latest}`,
  }
}

/** Undefined where the node cannot run it. */
async function goesThrough(sequencer: Sequencer, { call, latest }: Tried): Promise<boolean | undefined> {
  const results = await sequencer.run(latest, [call]).catch(() => [])
  return results[0]?.succeeded
}

/** The name of the first call that goes through on the state after a block; undefined where all fail, as they should. */
export async function stillBlocked(
  sequencer: Sequencer,
  { calls, block }: { calls: readonly { name: string; call: SimulatedCall }[]; block: number },
): Promise<string | undefined> {
  const through = await Promise.all(
    calls.map(({ name, call }) => goesThrough(sequencer, { name, call, latest: block })),
  )
  return calls[through.indexOf(true)]?.name
}
