import { patiently } from '../../chain/rpc/patiently.ts'
import { crashPoint } from '../../kit/crash-point.ts'
import type { Broadcast, Verification } from '../../model/containment.ts'
import { insertVerification } from '../../store/plans.ts'
import { trialOf } from '../trials/attack-trial.ts'
import { verifyPlan } from '../trials/verify.ts'
import type { Containing, Simulated } from './containing.ts'

/** Polls the chain until it shows the promised state, about 10 s: the node that answers may lag. */
const VERIFY = { looks: 10, waitMs: 1_000 }

type Mined = Simulated & { broadcast: Broadcast }

/** Verify: checks on the chain whether the lever holds, by a repeat of what the simulation promised to stop. */
export async function verify(containing: Containing, mined: Mined): Promise<Verification> {
  const { means, durable } = containing
  const verification = await durable(`verify:${mined.plan.id}`, () =>
    patiently(means, () => verifyNow(containing, mined)),
  )
  crashPoint('contain.verified')
  return verification
}

async function verifyNow(
  containing: Containing,
  { plan, simulation, broadcast }: Mined,
): Promise<Verification> {
  const { means, chain, operations, tell } = containing
  const { rpc, sequencer } = chain
  const attack = await trialOf(containing, containing.attack)
  const look = () => verifyPlan({ rpc, sequencer, attack, plan, simulation, broadcast, operations })
  let verification = await look()
  for (let looks = 1; !verification.verified && looks < VERIFY.looks; looks++) {
    await means.clock.sleep(VERIFY.waitMs)
    verification = await look()
  }
  await insertVerification(means.store, verification)
  await tell({ kind: 'verified', plan, verification })
  return verification
}
