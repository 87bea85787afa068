import { CordonError, messageOf } from '../../kit/error.ts'
import type { Broadcast } from '../../model/containment.ts'
import { authorisationOf } from '../../store/authorisations.ts'
import { withdrawnSince } from '../approval/permit.ts'
import { type BroadcastContext, sendBroadcast } from '../sending/broadcast.ts'
import type { Containing, Permitted } from './containing.ts'
import type { Routed } from './route.ts'
import { meansOf } from './sign.ts'

export type Sending = { broadcast: Broadcast } | { refused: readonly string[] }

/**
 * Broadcast: sends the stored bytes, unless the permission to sign ended since. A transaction that no node takes yet is
 * sent again by `confirm`.
 */
export function send(
  containing: Containing,
  { plan, ground }: Permitted,
  { does, from, signed }: Routed & { signed: Broadcast },
): Promise<Sending> {
  const { means, durable, tell } = containing
  const { to } = meansOf(containing, from)
  return durable(`send:${plan.id}`, async () => {
    const refused = await withdrawnSince(means, { plan, ground })
    if (refused !== null) return { refused }
    const { broadcast, trouble } = await sentOrHeld(signed, to)
    const authorisation = (await authorisationOf(means.store, plan.id)) ?? null
    await tell({ kind: 'sent', plan, does, broadcast, trouble, authorisation })
    return { broadcast }
  })
}

/** Errors that `confirmBroadcast` overcomes: a node that is away, a nonce that is used, a fee that is too low. */
const PASSING = /nonce too low|underpriced|already known/i

async function sentOrHeld(
  signed: Broadcast,
  to: BroadcastContext,
): Promise<{ broadcast: Broadcast; trouble: string | null }> {
  try {
    return { broadcast: await sendBroadcast(signed, to), trouble: null }
  } catch (thrown) {
    const isRefused = thrown instanceof CordonError && thrown.code === 'chain.RpcRefused'
    if (isRefused && !PASSING.test(messageOf(thrown))) throw thrown
    return { broadcast: signed, trouble: messageOf(thrown) }
  }
}
