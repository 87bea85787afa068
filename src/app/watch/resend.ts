import { sendBroadcast } from '../../contain/broadcast.ts'
import { note } from '../../incidents/context.ts'
import { messageOf } from '../../kit/error.ts'
import type { BlockRef } from '../../model/block.ts'
import type { Broadcast } from '../../model/containment.ts'
import { listMinedIn, moveBroadcast } from '../../store/broadcasts.ts'
import { findPlan } from '../../store/plans.ts'
import type { App, ChainHandle } from '../context.ts'

/** A reorg that takes a containment transaction out of the chain puts the same bytes back into the pool. */
export async function resendRemoved(
  app: App,
  chain: ChainHandle,
  removed: readonly BlockRef[],
): Promise<void> {
  const hashes = removed.flatMap(({ hash }) => (hash === null ? [] : [hash]))
  for (const mined of await listMinedIn(app.store, chain.chainId, hashes)) await resend(app, chain, mined)
}

/** Back to the pool with a transaction whose block is gone. */
export async function resend(app: App, chain: ChainHandle, mined: Broadcast): Promise<void> {
  const broadcast = await moveBroadcast(app.store, { planId: mined.planId, to: 'sent' })
  // a node that does not take it now is asked again block by block (`tendBroadcasts`)
  await sendBroadcast(broadcast, { rpc: chain.rpc, store: app.store, clock: app.clock }, 'public').catch(
    (thrown) => app.logger.warn({ reason: messageOf(thrown) }, 'could not send again yet'),
  )
  const plan = await findPlan(app.store, mined.planId)
  if (plan === undefined) return
  await note(
    { store: app.store, clock: app.clock },
    {
      incidentId: plan.incidentId,
      kind: 'broadcast',
      message: `A reorg took the containment transaction ${mined.transactionHash} out of block ${mined.blockNumber}; the same bytes were sent again.`,
      facts: { transactionHash: mined.transactionHash, blockNumber: mined.blockNumber },
    },
  )
}
