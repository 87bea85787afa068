import { ask } from '../../contain/reading/call.ts'
import { sha256 } from '../../kit/json.ts'
import type { BlockRef } from '../../model/block.ts'
import type { Address } from '../../model/hex.ts'
import type { SafeSignature } from '../../model/safe.ts'
import { pageTitle } from '../../notify/title.ts'
import { findNotification } from '../../store/notifications.ts'
import { listSafeSignatures } from '../../store/safe-signatures.ts'
import type { App, ChainHandle } from '../context.ts'
import { deliver } from '../outbox.ts'

/** One call that was signed in advance, with all its signers, and whether its Safe still accepts it. */
export type Presigned = Pick<SafeSignature, 'safe' | 'nonce' | 'safeTxHash' | 'to' | 'data'> & {
  owners: Address[]
  safeNonce: number
  isDead: boolean
}

/** The calls signed in advance on a chain, compared with the nonces of the Safes at a block. */
export async function presignedOn(
  { store }: Pick<App, 'store'>,
  { rpc, chainId }: Pick<ChainHandle, 'rpc' | 'chainId'>,
  block: number,
): Promise<Presigned[]> {
  const given = (await listSafeSignatures(store, chainId)).filter(({ planId }) => planId === null)
  const safes = [...new Set(given.map(({ safe }) => safe))]
  const read = safes.map(async (safe) => {
    const view = 'nonce() view returns (uint256)'
    return [safe, (await ask({ rpc, block }, { to: safe, view }))?.[0]] as const
  })
  const nonces = new Map(await Promise.all(read))
  const calls = new Map<string, Presigned>()
  for (const { safe, nonce, safeTxHash, to, data, owner } of given) {
    const safeNonce = nonces.get(safe)
    // a Safe that does not answer proves nothing: it is asked again at the next block
    if (typeof safeNonce !== 'bigint') continue
    const owners = [...(calls.get(safeTxHash)?.owners ?? []), owner]
    const now = { safeNonce: Number(safeNonce), isDead: Number(safeNonce) > nonce }
    calls.set(safeTxHash, { safe, nonce, safeTxHash, to, data, owners, ...now })
  }
  return [...calls.values()]
}

/**
 * Checks after each block whether the calls signed in advance can still be used. A call that became invalid because its
 * Safe's nonce moved is reported to people once, also if that happened while nobody watched: from then on the pause
 * that they count on is not available.
 */
export async function watchPresigned(app: App, chain: ChainHandle, block: BlockRef): Promise<void> {
  for (const call of await presignedOn(app, chain, block.number)) {
    if (!call.isDead) continue
    const id = sha256(`presigned:${call.safeTxHash}:dead`).slice(0, 32)
    if ((await findNotification(app.store, id)) !== undefined) continue
    await tellDeath(app, chain, { call, id })
  }
}

async function tellDeath(
  app: App,
  { chainId }: ChainHandle,
  { call, id }: { call: Presigned; id: string },
): Promise<void> {
  const { safe, nonce, safeNonce, to, safeTxHash } = call
  const name = app.names.get(to) ?? to
  const message = `The pre-signed call for ${name} is no longer valid: nonce ${nonce} of the Safe ${safe} is used up, it is now at ${safeNonce}`
  app.logger.warn({ chainId, safe, nonce, safeNonce, safeTxHash }, message)
  await deliver(app, {
    id,
    incidentId: null,
    kind: app.kind,
    roles: ['guardian', 'operations'],
    recipients: [],
    severity: 'high',
    title: pageTitle(
      { kind: app.kind, severity: 'high' },
      `A pre-signed pause for ${name} is no longer valid`,
    ),
    body: `${message}. Have the owners sign again: cordon levers presign ${to} --safe ${safe}`,
    at: app.clock.now(),
    facts: { safe, nonce, safeNonce, safeTxHash, target: to },
  })
}
