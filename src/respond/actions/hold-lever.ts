import { getBlockNumber } from '../../chain/methods/get-block-number.ts'
import { sendBroadcast } from '../../contain/broadcast.ts'
import { hashAt } from '../../contain/settle.ts'
import { readState } from '../../contain/state-view.ts'
import { durationMs } from '../../kit/duration.ts'
import type { ContainmentPlan } from '../../model/containment.ts'
import type { ActionContext } from '../../playbooks/action.ts'
import { findBroadcast, returnToPool } from '../../store/broadcasts.ts'
import { type LastPull, lastPull, takeLever } from '../../store/lever-pulls.ts'
import type { App, ChainHandle } from '../context.ts'
import { tellRoles } from './notify.ts'
import { patiently, type Work } from './work.ts'

export type HeldLever =
  /** This plan may pull it. */
  | { kind: 'held' }
  /** Nothing must be sent; `why` is the reason, as the end of a sentence about the lever. */
  | { kind: 'needless'; why: string }
  | { kind: 'limited'; why: string }

type Holding = {
  app: Pick<App, 'store' | 'clock' | 'config'>
  chain: Pick<ChainHandle, 'rpc'>
  context: Pick<ActionContext, 'run'>
}

/**
 * Takes the lever for a plan right before the plan is sent. Refuses if another plan is pulling it, if it already holds
 * on the newest block, or, without people, if it would exceed the configured limit. Reaching a limit sends a page.
 */
export async function holdLever(
  work: Holding,
  { plan, isAutomatic }: { plan: ContainmentPlan; isAutomatic: boolean },
): Promise<HeldLever> {
  const { app, context } = work
  const { lever } = plan
  const { most, within } = app.config.respond.automaticPulls
  const taken = await takeLever(app.store, {
    planId: plan.id,
    runId: context.run.id,
    chainId: lever.chainId,
    target: lever.target,
    calldata: lever.calldata,
    automatic: isAutomatic ? { most, sinceMs: durationMs(within) ?? 0 } : null,
    now: app.clock.now(),
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
      const { chainId, target, calldata } = lever
      const last = await lastPull(app.store, { chainId, target, calldata, planId: plan.id })
      const again = last === undefined ? null : await onItsWayAgain(work, last)
      if (again !== null) return { kind: 'needless', why: again }
      const block = await heldSince(work, plan, last?.blockNumber ?? null)
      if (block !== null)
        return { kind: 'needless', why: `holds already at block ${block}: it is not pulled a second time` }
      // the node may have been behind that block at the first look
      const since = last === undefined ? null : await onItsWayAgain(work, last)
      return since === null ? { kind: 'held' } : { kind: 'needless', why: since }
    }
  }
}

/**
 * The block at which the lever is observed to hold, or null. Read after the lever was taken: an earlier holder has
 * finished. A lever without a view holds if it was pulled after the attack.
 */
async function heldSince(
  { app, chain }: Holding,
  { lever, pinnedBlock }: ContainmentPlan,
  pulledIn: number | null,
): Promise<number | null> {
  if (lever.state.length === 0) return pulledIn !== null && pulledIn > pinnedBlock ? pulledIn : null
  // not on a node that has not reached that block
  return patiently(app, async () => {
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
  { app, chain }: Holding,
  { planId, transactionHash, blockNumber, blockHash, isTended }: LastPull,
): Promise<string | null> {
  if (!isTended || blockNumber === null) return null
  const present = await patiently(app, () => hashAt(chain.rpc, blockNumber))
  if (present === null || present === blockHash) return null
  const mined = await findBroadcast(app.store, planId)
  const pooled = mined?.blockHash === blockHash ? await returnToPool(app.store, mined) : undefined
  const to = { rpc: chain.rpc, store: app.store, clock: app.clock }
  // a node that does not accept it now is asked again at each block (`tendBroadcasts`)
  if (pooled !== undefined) await sendBroadcast(pooled, to, 'public').catch(() => pooled)
  return `is on its way again (${transactionHash}; a reorg took it out of block ${blockNumber}): it is not sent a second time`
}

/** Pages the people who can act: automation has reached its limit, and the attack continues. */
export async function pageLimit(
  { app, context }: Pick<Work, 'app' | 'context'>,
  { plan, why }: { plan: ContainmentPlan; why: string },
): Promise<void> {
  const target = app.names.get(plan.lever.target) ?? plan.lever.target
  await tellRoles(app, context, {
    roles: ['incident-leader', 'guardian', 'operations'],
    title: `Nothing was sent to ${target}`,
    body: `Nothing was sent because ${why}. Approve plan ${plan.id}, or pull it by hand.`,
    part: `:limit:${plan.id}`,
  })
}
