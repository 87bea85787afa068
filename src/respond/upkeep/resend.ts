import { sendBroadcast } from '../../contain/sending/broadcast.ts'
import { note } from '../../incidents/context.ts'
import { messageOf } from '../../kit/error.ts'
import type { BlockRef } from '../../model/block.ts'
import type { Broadcast } from '../../model/containment.ts'
import { listMinedIn, returnToPool } from '../../store/broadcasts.ts'
import { findPlan } from '../../store/plans.ts'
import type { App, ChainHandle } from '../context.ts'
import { keptAlive } from './keep-alive.ts'

/** Puts a containment transaction that a reorg takes out of the chain back into the pool, with the same bytes. */
export async function resendRemoved(
  app: App,
  chain: ChainHandle,
  removed: readonly BlockRef[],
): Promise<void> {
  const hashes = removed.flatMap(({ hash }) => (hash === null ? [] : [hash]))
  for (const mined of await listMinedIn(app.store, chain.chainId, hashes)) await resend(app, chain, mined)
}

/**
 * Returns a transaction whose block is gone to the pool; if the reorg also released a nonce that was stolen before,
 * that nonce is used up first.
 */
export async function resend(app: App, chain: ChainHandle, mined: Broadcast): Promise<void> {
  const { store, clock } = app
  const broadcast = await returnToPool(store, mined)
  // the recorder and the upkeep may both notice that its block is gone
  if (broadcast === undefined) return
  const plan = await findPlan(store, mined.planId)
  if (plan === undefined) return
  try {
    if (app.signers.has(broadcast.from))
      await keptAlive({ app, chain }, { broadcast, plan, isOverdue: false })
    else await sendBroadcast(broadcast, { rpc: chain.rpc, store, clock }, 'public')
  } catch (thrown) {
    // a node that does not accept it now is asked again at each block (`tendBroadcasts`)
    app.logger.warn({ planId: plan.id, reason: messageOf(thrown) }, 'could not send again yet')
  }
  await note(
    { store, clock },
    {
      incidentId: plan.incidentId,
      kind: 'broadcast',
      message: `A reorg removed the containment transaction ${mined.transactionHash} from block ${mined.blockNumber}; Cordon sent the same bytes again.`,
      facts: { transactionHash: mined.transactionHash, blockNumber: mined.blockNumber },
    },
  )
}
