import { getBlockNumber } from '../../chain/methods/get-block-number.ts'
import { patiently } from '../../chain/rpc/patiently.ts'
import { durationMs } from '../../kit/duration.ts'
import type { ContainmentPlan } from '../../model/containment.ts'
import { lastPull, takeLever } from '../../store/lever-pulls.ts'
import { readState } from '../reading/state-view.ts'
import type { Containing } from './containing.ts'

export type HeldLever =
  /** This plan may pull it. */
  | { kind: 'held' }
  /** Nothing must be sent; `why` is the reason, as the end of a sentence about the lever. */
  | { kind: 'needless'; why: string }
  | { kind: 'limited'; why: string }

type Holding = { plan: ContainmentPlan; isAutomatic: boolean }

/**
 * Hold: takes the lever for a plan right before the plan is signed. Refuses if another plan is pulling it, if it already
 * holds on the newest block, or, without people, if it would exceed the configured limit.
 */
export function hold(containing: Containing, holding: Holding): Promise<HeldLever> {
  return containing.durable(`hold:${holding.plan.id}`, () => takeIt(containing, holding))
}

async function takeIt(containing: Containing, { plan, isAutomatic }: Holding): Promise<HeldLever> {
  const { means, runId } = containing
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
      const block = await heldSince(containing, plan)
      if (block === null) return { kind: 'held' }
      return { kind: 'needless', why: `holds already at block ${block}: it is not pulled a second time` }
    }
  }
}

/**
 * The block at which the lever is observed to hold, or null. Read after the lever was taken: an earlier holder has
 * finished. A lever without a view holds if it was pulled after the attack.
 */
async function heldSince({ means, chain }: Containing, plan: ContainmentPlan): Promise<number | null> {
  const { lever, id: planId, pinnedBlock } = plan
  const { chainId, target, calldata } = lever
  const last = await lastPull(means.store, { chainId, target, calldata, planId })
  const pulledIn = last?.blockNumber ?? null
  if (lever.state.length === 0) return pulledIn !== null && pulledIn > pinnedBlock ? pulledIn : null
  // not on a node that has not reached that block
  return patiently(means, async () => {
    const block = Math.max(await getBlockNumber(chain.rpc), pulledIn ?? 0)
    const answers = await readState(chain.rpc, lever.state, block)
    return answers.every(({ isPulled }) => isPulled) ? block : null
  })
}
