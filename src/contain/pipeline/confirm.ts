import type { Broadcast } from '../../model/containment.ts'
import { forbiddenNow } from '../approval/permit.ts'
import { confirmBroadcast, REPLACE_AFTER_BLOCKS } from '../sending/confirm.ts'
import type { Containing, Permitted } from './containing.ts'
import { meansOf } from './sign.ts'

/** The time to wait for the chain before the step is tried again; the transaction stays pending meanwhile. */
export const CONFIRM = { timeoutMs: 120_000, pollMs: 50 }

/**
 * Confirm: waits until the transaction is mined, and replaces it while it is not. Throws `contain.NotMined`, retryable.
 */
export function confirm(
  containing: Containing,
  { plan, ground, broadcast: sent }: Permitted & { broadcast: Broadcast },
): Promise<Broadcast> {
  const { means, chain, durable, tell } = containing
  const { to, signer, fees } = meansOf(containing, sent.from)
  return durable(`confirm:${plan.id}`, async () => {
    const replacing = {
      signer,
      fees,
      afterBlocks: REPLACE_AFTER_BLOCKS,
      publicAfterBlocks: chain.config.publicAfterBlocks,
      tell: (replaced: { broadcast: Broadcast; reason: string }) =>
        tell({ kind: 'replaced', plan, ...replaced }),
      forbidden: () => forbiddenNow(means, { plan, ground }),
    }
    const broadcast = await confirmBroadcast(sent, { ...CONFIRM, replacing }, to)
    await tell({ kind: 'confirmed', plan, broadcast })
    return broadcast
  })
}
