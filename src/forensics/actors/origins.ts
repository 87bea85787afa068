import type { Address } from '../../model/hex.ts'
import type { Origin, Placed } from './known.ts'

/** Maximum number of creations that are read; a hostile record may have millions. */
const MOST = 100_000

/**
 * The origins of accounts, as transactions in chain order show them: the creator of a contract, and the number of
 * earlier transactions of a sender.
 */
export function originsIn(placed: readonly Placed[]): Map<Address, Origin> {
  const origins = new Map<Address, Origin>()
  for (const { tx, block } of placed) {
    const { from, nonce, frames, hash } = tx.transaction
    if (origins.size > MOST) break
    for (const { type, to, reverted } of frames) {
      if (!type.startsWith('CREATE') || to === null || reverted) continue
      const createdAt = { block, transactionHash: hash }
      origins.set(to, from === null ? { createdAt } : { createdAt, deployer: from })
    }
    // the first transaction that was read shows how many came before it
    if (from !== null && nonce !== null && !origins.has(from)) origins.set(from, { nonce })
  }
  return origins
}

/** The origins from the record, completed by those that a node reported. */
export function joinOrigins(
  record: ReadonlyMap<Address, Origin>,
  told: ReadonlyMap<Address, Origin>,
): ReadonlyMap<Address, Origin> {
  const joined = new Map<Address, Origin>(told)
  for (const [address, origin] of record) joined.set(address, { ...told.get(address), ...origin })
  return joined
}
