import { getBlockNumber } from '../../chain/methods/get-block-number.ts'
import { patiently } from '../../chain/rpc/patiently.ts'
import { durationMs } from '../../kit/duration.ts'
import type { ContainmentPlan } from '../../model/containment.ts'
import { findBroadcast, returnToPool } from '../../store/broadcasts.ts'
import { type LastPull, lastPull, takeLever } from '../../store/lever-pulls.ts'
import { readState } from '../reading/state-view.ts'
import { sendBroadcast } from '../sending/broadcast.ts'
import { hashAt } from '../sending/settle.ts'
import type { ContainedChain, Containing, Means } from './containing.ts'

export type HeldLever =
  /** This plan may pull it. */
  | { kind: 'held' }
  /** Nothing must be sent; `why` is the reason, as the end of a sentence about the lever. */
  | { kind: 'needless'; why: string }
  | { kind: 'limited'; why: string }

type Place = Pick<Containing, 'runId' | 'durable'> & {
  means: Pick<Means, 'store' | 'clock' | 'config'>
  chain: Pick<ContainedChain, 'rpc'>
}
type Holding = { plan: ContainmentPlan; isAutomatic: boolean }

/**
 * Hold: takes the lever for a plan right before the plan is signed. Refuses if another plan is pulling it, if it already
 * holds on the newest block, or, without people, if it would exceed the configured limit.
 */
export function hold(place: Place, holding: Holding): Promise<HeldLever> {
  return place.durable(`hold:${holding.plan.id}`, () => takeIt(place, holding))
}

async function takeIt(place: Place, { plan, isAutomatic }: Holding): Promise<HeldLever> {
  const { means, runId } = place
  const { lever } = plan
  const { most, within } = means.config.respond.automaticPulls
  const taken = await takeLever(means.store, {
    planId: plan.id,
    runId,
    chainId: lever.chainId,
    target: lever.target,
    calldata: lever.calldata,
    automatic: isAutomatic ? { most, sinceMs: durationMs(within) ?? 0 } : null,
    now: means.clock.now(),
  })
  switch (taken.kind) {
    case 'under-way': {
      const what = taken.transactionHash ?? `plan ${taken.planId}`
      return { kind: 'needless', why: `is on its way already (${what}): it is not sent a second time` }
    }
    case 'limited': {
      const times = `${taken.pulls} ${taken.pulls === 1 ? 'time' : 'times'}`
      const why = `${lever.signature} was pulled without people ${times} in the last ${within}, and respond.automaticPulls allows no more`
      return { kind: 'limited', why }
    }
    case 'taken': {
      const why = await needlessBecause(place, plan)
      return why === null ? { kind: 'held' } : { kind: 'needless', why }
    }
  }
}

/** Read after the lever was taken: an earlier holder has finished. */
async function needlessBecause(place: Place, plan: ContainmentPlan): Promise<string | null> {
  const { chainId, target, calldata } = plan.lever
  const last = await lastPull(place.means.store, { chainId, target, calldata, planId: plan.id })
  const again = last === undefined ? null : await onItsWayAgain(place, last)
  if (again !== null) return again
  const block = await heldSince(place, plan, last?.blockNumber ?? null)
  if (block !== null) return `holds already at block ${block}: it is not pulled a second time`
  // the node may have been behind that block at the first look
  return last === undefined ? null : onItsWayAgain(place, last)
}

/** The block at which the lever is observed to hold, or null. A lever without a view holds if it was pulled after the attack. */
async function heldSince(
  { means, chain }: Place,
  { lever, pinnedBlock }: ContainmentPlan,
  pulledIn: number | null,
): Promise<number | null> {
  if (lever.state.length === 0) return pulledIn !== null && pulledIn > pinnedBlock ? pulledIn : null
  // not on a node that has not reached that block
  return patiently(means, async () => {
    const block = Math.max(await getBlockNumber(chain.rpc), pulledIn ?? 0)
    const answers = await readState(chain.rpc, lever.state, block)
    return answers.every(({ isPulled }) => isPulled) ? block : null
  })
}

/**
 * A reorg may have taken an earlier pull out of the chain before the watcher saw it. Its transaction may be mined again
 * at any time, so a second one would be a pause too many: it goes back to the pool, and the watcher tends it. Returns
 * that as the end of a sentence about the lever; null if the earlier pull is where it was, or nobody tends it.
 */
async function onItsWayAgain(
  { means, chain }: Place,
  { planId, transactionHash, blockNumber, blockHash, isTended }: LastPull,
): Promise<string | null> {
  if (!isTended || blockNumber === null) return null
  const present = await patiently(means, () => hashAt(chain.rpc, blockNumber))
  if (present === null || present === blockHash) return null
  const { store, clock } = means
  const mined = await findBroadcast(store, planId)
  const pooled = mined?.blockHash === blockHash ? await returnToPool(store, mined) : undefined
  // a node that does not accept it now is asked again at each block (`tendBroadcasts`)
  if (pooled !== undefined)
    await sendBroadcast(pooled, { rpc: chain.rpc, store, clock }, 'public').catch(() => pooled)
  return `is on its way again (${transactionHash}; a reorg took it out of block ${blockNumber}): it is not sent a second time`
}
