import { getBlockNumber } from '../../chain/methods/get-block-number.ts'
import { crashPoint } from '../../kit/crash-point.ts'
import type { Broadcast, ContainmentPlan, Verification } from '../../model/containment.ts'
import { isScheduling } from '../routes/route.ts'
import { authorise } from './authorise.ts'
import { send } from './broadcast.ts'
import { confirm } from './confirm.ts'
import type { Containing, Permitted } from './containing.ts'
import { decide, type Suspicion } from './decide.ts'
import { executionOf, type Scheduled, scheduled } from './delay.ts'
import { hold } from './hold.ts'
import { makePlan, type Surroundings } from './plan.ts'
import { route } from './route.ts'
import { sign } from './sign.ts'
import { simulate } from './simulate.ts'
import { verify } from './verify.ts'

/** All that is known about the attack and the protocol besides the chain. */
export type Known = Surroundings & {
  /** The knowledge of detection about the attack of a plan; null if nothing was weighed. */
  suspicionOn: (plan: ContainmentPlan) => Promise<Suspicion | null>
}

/** A transaction that nodes have, or get until it is mined. */
export type Sent = Permitted & { kind: 'sent'; broadcast: Broadcast }
/** The permission ended before the signature, or before the transaction was sent. */
export type NotPermitted = { kind: 'not-permitted'; plan: ContainmentPlan; reasons: readonly string[] }
/** The lever is on its way, or already holds: `why`, as the end of a sentence about the lever. */
export type Needless = { kind: 'needless'; plan: ContainmentPlan; why: string }
/** The lever does not work in the simulation on the present state. */
export type Fails = { kind: 'fails'; plan: ContainmentPlan }
export type Unsent =
  | { kind: 'already-pulled'; plan: ContainmentPlan }
  | Needless
  /** `isWorthIt`: the plan would work against this attack, and something else prevents it. */
  | { kind: 'for-people'; plan: ContainmentPlan; reasons: readonly string[]; isWorthIt: boolean }
  | NotPermitted

/**
 * Plan → simulate → decide → authorise → hold → sign and keep → broadcast, for one contract, without people. `finish`
 * continues with what was sent: several contracts are sent before the first is waited for, because a block is short.
 */
export async function pull(containing: Containing, known: Known): Promise<Sent | Unsent> {
  const { tell } = containing
  const plan = await makePlan(containing, known)
  if (!plan.lever.armed) {
    await tell({ kind: 'needless', plan, why: 'is already pulled' })
    return { kind: 'already-pulled', plan }
  }
  crashPoint('contain.planned')
  if (plan.lever.authority === null)
    return { kind: 'for-people', plan, reasons: ['nobody known may pull it'], isWorthIt: true }
  const simulated = await simulate(containing, { plan })
  crashPoint('contain.simulated')
  const { reasons, isWorthIt } = await decide(containing, simulated, known.suspicionOn)
  const verdict = await authorise(containing, plan)
  const objections = verdict.allowed ? reasons : [...reasons, ...verdict.reasons]
  if (objections.length > 0) return { kind: 'for-people', plan, reasons: objections, isWorthIt }
  const held = await hold(containing, { plan, isAutomatic: true })
  if (held.kind !== 'held') await tell({ kind: held.kind, plan, why: held.why })
  if (held.kind === 'limited') return { kind: 'for-people', plan, reasons: [held.why], isWorthIt }
  if (held.kind === 'needless') return { kind: 'needless', plan, why: held.why }
  return signAndSend(containing, { ...simulated, ground: { kind: 'authorised' } })
}

/**
 * The same for a plan that people approved (`approve.ts`): simulate on the present state, because people may have taken
 * their time → hold → sign and keep → broadcast.
 */
export async function pullApproved(
  containing: Containing,
  plan: ContainmentPlan,
): Promise<Sent | Needless | NotPermitted | Fails> {
  const { chain, durable } = containing
  const block = await durable(`latest:${plan.id}`, async () => await getBlockNumber(chain.rpc))
  const simulated = await simulate(containing, { plan, block })
  if (!simulated.simulation.leverSucceeded) return { kind: 'fails', plan }
  if (plan.purpose === 'contain') {
    const held = await hold(containing, { plan, isAutomatic: false })
    if (held.kind !== 'held') return { kind: 'needless', plan, why: held.why }
  }
  return signAndSend(containing, { ...simulated, ground: { kind: 'approved' } })
}

/** From here the plan is in `means.containing`, until the caller takes it out after `finish`. */
async function signAndSend(containing: Containing, permitted: Permitted): Promise<Sent | NotPermitted> {
  const { plan } = permitted
  const routed = await route(containing, plan)
  const carried = containing.means.containing.add(plan.id)
  try {
    const signed = await sign(containing, permitted, routed)
    const sent = 'signed' in signed ? await send(containing, permitted, { ...routed, ...signed }) : signed
    if ('broadcast' in sent) return { kind: 'sent', ...permitted, broadcast: sent.broadcast }
    carried.delete(plan.id)
    return { kind: 'not-permitted', plan, reasons: sent.refused }
  } catch (thrown) {
    carried.delete(plan.id)
    throw thrown
  }
}

export type Verified = {
  kind: 'verified'
  plan: ContainmentPlan
  broadcast: Broadcast
  verification: Verification
}

/** Confirm → verify; a transaction that only schedules a call ends with the time at which it can be executed. */
export async function finish(containing: Containing, sent: Sent): Promise<Verified | Scheduled> {
  const { plan } = sent
  const broadcast = await confirm(containing, sent)
  if (isScheduling(plan, broadcast.rawTransaction)) return scheduled(containing, { plan, broadcast })
  const verification = await verify(containing, { ...sent, broadcast })
  return { kind: 'verified', plan, broadcast, verification }
}

/** Sends the execution of a scheduled call, as a plan of its own, after its delay. */
export async function execute(
  containing: Containing,
  sent: Permitted,
  readyAt: number,
): Promise<Sent | NotPermitted> {
  const plan = await executionOf(containing, { plan: sent.plan, readyAt })
  return signAndSend(containing, { ...sent, plan })
}
