import { patiently } from '../../chain/rpc/patiently.ts'
import { toJson } from '../../kit/json.ts'
import { type ContainmentPlan, containmentPlanSchema } from '../../model/containment.ts'
import type { Hex } from '../../model/hex.ts'
import { peopleOf } from '../../model/role.ts'
import { insertPlan } from '../../store/plans.ts'
import { listSafeSignatures } from '../../store/safe-signatures.ts'
import { planContainment } from '../planning/plan.ts'
import type { Related } from '../planning/protocol.ts'
import { trialOf } from '../trials/attack-trial.ts'
import type { Containing } from './containing.ts'

/** Knowledge that planning uses besides the chain. */
export type Surroundings = {
  /** The names of functions, by selector. */
  names: ReadonlyMap<Hex, string>
  /** The other contracts of the protocol. */
  related: () => Promise<readonly Related[]>
}

/** Plan: the best lever of the target against this attack, with who may pull it. Throws `contain.NoLever`. */
export async function makePlan(containing: Containing, surroundings: Surroundings): Promise<ContainmentPlan> {
  const { means, durable } = containing
  const json = await durable(`plan:${planKey(containing)}`, () =>
    patiently(means, async () => toJson(await planned(containing, surroundings))),
  )
  return containmentPlanSchema.parse(JSON.parse(json))
}

/** Two levers of one contract are two plans. */
function planKey({ target, wanted }: Containing): string {
  if (wanted === undefined) return target
  return [target, wanted.template, ...Object.values(wanted.given)].join(':')
}

async function planned(containing: Containing, surroundings: Surroundings): Promise<ContainmentPlan> {
  const { means, chain, incident, attack, attempt, target, wanted, tell } = containing
  const { plan, besides } = await planContainment({
    rpc: chain.rpc,
    sequencer: chain.sequencer,
    chainId: chain.chainId,
    incidentId: incident.id,
    attempt,
    target,
    attackTransaction: attack.hash,
    attack: await trialOf(containing, attack),
    wanted,
    pinnedBlock: attack.pinnedBlock,
    signers: [...means.signers.keys()],
    presigned: await listSafeSignatures(means.store, chain.chainId),
    others: peopleOf(means.config),
    ...surroundings,
  })
  await insertPlan(means.store, plan)
  await tell({ kind: 'planned', plan, besides })
  return plan
}
