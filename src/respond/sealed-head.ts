import { sealRecord } from '../incidents/seal.ts'
import { messageOf } from '../kit/error.ts'
import { within } from '../kit/within.ts'
import type { Seal } from '../model/seal.ts'
import type { App } from './context.ts'
import { recordKey } from './record-key.ts'

/** Maximum wait of a page for the head, in milliseconds. */
const PATIENCE_MS = 1_000

/** The published part of a seal: enough to find it again, and to verify that it belongs to this installation. */
export type SealedHead = Pick<Seal, 'number' | 'hash' | 'publicKey' | 'signature' | 'sealedAt'>

/**
 * Seals the new entries and returns the head of the whole record, to be stored where this database's owner cannot
 * change it; undefined if there is none or it is not available at once: that is logged, and delays nothing.
 */
export async function sealedHead(
  app: Pick<App, 'store' | 'clock' | 'config' | 'logger'>,
): Promise<SealedHead | undefined> {
  const { store, clock, config, logger } = app
  const sealing = recordKey(config.dataDir).then((key) => sealRecord({ store, clock, key }))
  try {
    const sealed = await within(
      sealing.then((seal) => ({ seal })),
      PATIENCE_MS,
    )
    if (sealed === null) logger.warn({ reason: 'not sealed in time' }, 'the record could not be sealed')
    const seal = sealed?.seal
    if (seal === undefined) return undefined
    const { number, hash, publicKey, signature, sealedAt } = seal
    return { number, hash, publicKey, signature, sealedAt }
  } catch (thrown) {
    logger.warn({ reason: messageOf(thrown) }, 'the record could not be sealed')
    return undefined
  }
}
