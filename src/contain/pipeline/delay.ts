import { sha256 } from '../../kit/json.ts'
import type { Broadcast, ContainmentPlan } from '../../model/containment.ts'
import { insertPlan } from '../../store/plans.ts'
import { readyAtOf } from '../routes/route.ts'
import { CONFIRM } from './confirm.ts'
import type { Containing } from './containing.ts'
import { chainTime } from './route.ts'

/** A plan whose call is scheduled and stops nothing yet. Times in seconds since the epoch, by the chain's clock. */
export type Scheduled = {
  kind: 'scheduled'
  plan: ContainmentPlan
  broadcast: Broadcast
  /** When it can be executed; null if it is not scheduled. */
  readyAt: number | null
  now: number
}

/** Reads when a scheduled call can be executed. */
export async function scheduled(
  { chain, durable, tell }: Containing,
  { plan, broadcast }: Pick<Scheduled, 'plan' | 'broadcast'>,
): Promise<Scheduled> {
  const times = await durable(`ready:${plan.id}`, async () => {
    const now = await chainTime(chain.rpc)
    const readyAt = await readyAtOf(plan, chain.rpc)
    await tell({ kind: 'scheduled', plan, readyAt })
    return { readyAt, now }
  })
  return { kind: 'scheduled', plan, broadcast, ...times }
}

/** The plan that executes a scheduled call, once the chain has a block of that time: its clock is not ours. */
export async function executionOf(
  { means, chain, durable }: Containing,
  { plan, readyAt }: { plan: ContainmentPlan; readyAt: number },
): Promise<ContainmentPlan> {
  const execution = { ...plan, id: sha256(`${plan.id}:execute`).slice(0, 32), executes: plan.id }
  await durable(`execution:${plan.id}`, () => insertPlan(means.store, execution))
  await durable(`blocks:${plan.id}`, async () => {
    const until = means.clock.now() + CONFIRM.timeoutMs
    while ((await chainTime(chain.rpc)) < readyAt && means.clock.now() < until)
      await means.clock.sleep(CONFIRM.pollMs)
  })
  return execution
}
