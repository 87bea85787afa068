import type { Rpc } from '../chain/rpc/rpc.ts'
import type { Broadcast, ContainmentPlan, Simulation, Verification } from '../model/containment.ts'
import type { Sequencer, SimulatedCall } from './sequence.ts'
import type { Operation } from './simulate.ts'
import { readState } from './state-view.ts'

export type VerifyOptions = {
  rpc: Rpc
  sequencer: Sequencer
  plan: ContainmentPlan
  simulation: Simulation
  /** Null where the lever was already pulled when we came. */
  broadcast: Broadcast | null
  attack: SimulatedCall | null
  operations: readonly Operation[]
}

type Check = Verification['checks'][number]

/**
 * Asks the chain, not the receipt, whether the lever holds: the state view says so, the attack fails on the state as it
 * is now, and every operation that the simulation saw blocked is blocked.
 */
export async function verifyPlan(options: VerifyOptions): Promise<Verification> {
  const { rpc, plan, broadcast } = options
  const latest = Number(await rpc.request('eth_blockNumber', []))
  const views = viewChecks(options, latest)
  const checks = await Promise.all([
    ...(broadcast === null ? [] : [minedCheck(broadcast)]),

    ...(options.attack === null || options.simulation.attack !== 'stopped'
      ? []
      : [blockedCheck(options.sequencer, { name: 'the attack', call: options.attack, latest })]),
    ...options.operations
      .filter(({ selector }) => options.simulation.opEffects[selector] === 'blocked')
      .map((call) => blockedCheck(options.sequencer, { name: `operation ${call.selector}`, call, latest })),
  ])
  checks.push(...(await views))
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
  return answers.map(({ read, answer, isPulled }) => ({
    check: `${read.text} of ${read.to} says that it is pulled`,
    passed: isPulled,
    detail: `it answers ${answer}`,
  }))
}

async function blockedCheck(
  sequencer: Sequencer,
  { name, call, latest }: { name: string; call: SimulatedCall; latest: number },
): Promise<Check> {
  const [result] = await sequencer.run(latest, [call])
  const passed = result !== undefined && !result.succeeded
  return {
    check: `${name} is blocked`,
    passed,
    detail: passed ? `it fails at block ${latest}` : `it still goes through at block ${latest}`,
  }
}
