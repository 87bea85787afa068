import type { Broadcast } from '../../model/containment.ts'
import { forbiddenNow } from '../approval/permit.ts'
import { confirmBroadcast, REPLACE_AFTER_BLOCKS, type Replacing } from '../sending/confirm.ts'
import type { ContainedChain, Containing, Means, Permitted } from './containing.ts'
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
  const { durable, tell } = containing
  const { to, signer, fees } = meansOf(containing, sent.from)
  return durable(`confirm:${plan.id}`, async () => {
    const replacing = replacingFor(containing, {
      ...{ plan, ground, signer, fees },
      tell: (replaced) => tell({ kind: 'replaced', plan, ...replaced }),
    })
    const broadcast = await confirmBroadcast(sent, { ...CONFIRM, replacing }, to)
    await tell({ kind: 'confirmed', plan, broadcast })
    return broadcast
  })
}

type Replaced = Pick<Replacing, 'signer' | 'fees' | 'tell'> & Pick<Permitted, 'plan' | 'ground'>

/** How a plan's transaction is replaced while it is not mined, for as long as the plan may be signed. */
export function replacingFor(
  { means, chain }: { means: Pick<Means, 'store' | 'clock' | 'config' | 'chains'>; chain: ContainedChain },
  { plan, ground, ...rest }: Replaced,
): Replacing {
  return {
    ...rest,
    afterBlocks: REPLACE_AFTER_BLOCKS,
    publicAfterBlocks: chain.config.publicAfterBlocks,
    forbidden: () => forbiddenNow(means, { plan, ground }),
  }
}
