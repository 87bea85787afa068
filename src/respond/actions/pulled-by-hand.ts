import type { ContainmentPlan, HandPull } from '../../model/containment.ts'
import type { Lever } from '../../model/lever.ts'
import { listPlans, listVerifications } from '../../store/plans.ts'
import type { Store } from '../../store/store.ts'

/** The person who made the call of a plan by hand, if the chain shows that it holds; undefined if nobody did. */
export async function pulledByHand(
  store: Store,
  { incidentId, lever }: ContainmentPlan,
): Promise<HandPull | undefined> {
  for (const other of (await listPlans(store, incidentId)).toReversed()) {
    const { target, calldata } = other.lever
    if (other.byHand === null || target !== lever.target || calldata !== lever.calldata) continue
    if ((await listVerifications(store, other.id)).at(-1)?.verified === true) return other.byHand
  }
  return undefined
}

/** The person, call, chain and time, in the words of the record. */
export function handPullText(
  { signature, target }: Pick<Lever, 'signature' | 'target'>,
  { who, by, sender, transactionHash, blockNumber }: HandPull,
  names: ReadonlyMap<string, string>,
): string {
  const sent = sender === null || sender === by ? '' : `, sent by ${sender}`
  return `${who} called ${signature} of ${names.get(target) ?? target} by hand in ${transactionHash} (block ${blockNumber}${sent})`
}
