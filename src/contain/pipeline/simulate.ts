import { balancesAt } from '../../chain/rpc/balances.ts'
import { patiently } from '../../chain/rpc/patiently.ts'
import type { ContainmentPlan, Simulation } from '../../model/containment.ts'
import { insertSimulation } from '../../store/plans.ts'
import { trialOf } from '../trials/attack-trial.ts'
import { simulateReopen } from '../trials/reopen.ts'
import { simulatePlan } from '../trials/simulate.ts'
import type { Containing, Simulated } from './containing.ts'

/**
 * Simulate: pulls the plan's lever on a copy of the chain at `block`, the plan's own if left out, and tries the attack
 * and the recent operations against it.
 */
export async function simulate(
  containing: Containing,
  { plan, block = plan.pinnedBlock }: { plan: ContainmentPlan; block?: number },
): Promise<Simulated> {
  const { means, durable } = containing
  const tried = { ...plan, pinnedBlock: block }
  const simulation = await durable(`simulate:${plan.id}`, () =>
    patiently(means, () =>
      plan.purpose === 'reopen' ? simulateReopening(containing, tried) : simulatePulling(containing, tried),
    ),
  )
  return { plan, simulation }
}

async function simulatePulling(containing: Containing, plan: ContainmentPlan): Promise<Simulation> {
  const { means, chain, attack, operations, tell } = containing
  const { rpc, sequencer } = chain
  const trial = await trialOf(containing, attack)
  // in parallel: the balances of losers are for the text alone, and nobody acts before it is written
  const [simulation, before] = await Promise.all([
    simulatePlan({ rpc, sequencer, plan, attack: trial, operations }),
    balancesAt({ rpc, clock: means.clock }, trial?.recorded ?? [], plan.pinnedBlock),
  ])
  await insertSimulation(means.store, simulation)
  await tell({ kind: 'simulated', plan, simulation, before })
  return simulation
}

/** The same for a plan that takes a lever back: what is open after it, and whether the attack works again. */
async function simulateReopening(containing: Containing, plan: ContainmentPlan): Promise<Simulation> {
  const { means, chain, attack, operations, tell } = containing
  const { rpc, sequencer } = chain
  const trial = await trialOf(containing, attack)
  const at = { block: plan.pinnedBlock, attack: trial, operations }
  const simulation = await simulateReopen({ rpc, sequencer, plan, ...at })
  await insertSimulation(means.store, simulation)
  await tell({ kind: 'reopening-simulated', plan, simulation, tried: operations.length })
  return simulation
}
