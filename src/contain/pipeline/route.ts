import { z } from 'zod'
import { required } from '../../chain/methods/answer.ts'
import { getBlock } from '../../chain/methods/get-block.ts'
import { patiently } from '../../chain/rpc/patiently.ts'
import type { Rpc } from '../../chain/rpc/rpc.ts'
import { CordonError } from '../../kit/error.ts'
import { toJson } from '../../kit/json.ts'
import type { ContainmentPlan } from '../../model/containment.ts'
import { addressSchema } from '../../model/hex.ts'
import { safeCallSchema } from '../../model/safe.ts'
import { listSafeSignatures } from '../../store/safe-signatures.ts'
import { nextStep } from '../routes/route.ts'
import type { Containing } from './containing.ts'

const callSchema = safeCallSchema
  .extend({ from: addressSchema, does: z.enum(['pull', 'schedule']) })
  .transform(({ from, does, ...call }) => ({ from, does, call }))
/** The transaction of a plan: the call, our account that sends it, and whether it pulls the lever or schedules that. */
export type Routed = z.infer<typeof callSchema>

/** Route: the call to send for a plan, decided once: after a crash the same call is signed. */
export async function route({ means, chain, durable }: Containing, plan: ContainmentPlan): Promise<Routed> {
  const json = await durable(`route:${plan.id}`, async () => {
    const { rpc, chainId } = chain
    const presigned = () => listSafeSignatures(means.store, chainId)
    const now = () => chainTime(rpc)
    const step = await patiently(means, () => nextStep(plan, { rpc, signers: means.signers, presigned, now }))
    // A call that waits was scheduled before: a second schedule would only restart the delay.
    if (step.does === 'wait') throw stillWaiting(plan, step.readyAt)
    const { call, from, does } = step
    return toJson({ ...call, from, does })
  })
  return callSchema.parse(JSON.parse(json))
}

/** The time of the latest block, seconds since the epoch: delays run by the chain's clock. */
export async function chainTime(rpc: Rpc): Promise<number> {
  return required((await getBlock(rpc, 'latest'))?.timestamp, 'block.timestamp')
}

function stillWaiting({ id, lever }: ContainmentPlan, readyAt: number): CordonError {
  const at = new Date(readyAt * 1_000).toISOString()
  return new CordonError({
    code: 'contain.NotReady',
    message: `${lever.signature} of ${lever.target} is scheduled and cannot be executed before ${at}.`,
    facts: { plan: id, target: lever.target, readyAt: at },
    fix: 'Wait for that time, then run the step again; the delay is the chain’s.',
    retryable: true,
  })
}
