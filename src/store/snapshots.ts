import { z } from 'zod'
import { sha256 } from '../kit/json.ts'
import type { BlockRef } from '../model/block.ts'
import { hashSchema } from '../model/hex.ts'
import { change, row, rows, type Store, transaction } from './store.ts'

/** The packed state of one part of a chain's watcher: a detector, or the context of the detectors. */
export type StoredState = { part: string; version: number; fit: string; state: Uint8Array }

/** All parts at one moment. */
export type StoredSnapshot = {
  /** The final block that the detectors had seen. */
  final: BlockRef
  /** The newest block that their context had seen. */
  newest: number
  parts: readonly StoredState[]
}

/**
 * Replaces a chain's snapshot as a whole. False, with nothing written, where the chain's cursor has not reached
 * `newest` yet: a snapshot is never ahead of the record. `ahead` permits that, for data learned before the first block
 * is judged.
 */
export async function replaceSnapshot(
  store: Store,
  chainId: number,
  snapshot: StoredSnapshot & { takenAt: number; ahead?: boolean },
): Promise<boolean> {
  const { final, newest, parts, takenAt, ahead = false } = snapshot
  const sql = `INSERT INTO snapshots (chain_id, part, final_number, final_hash, newest_number, version, fit, taken_at,
    digest, state) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`
  const act = async (tx: Store): Promise<boolean> => {
    const reached = 'SELECT 1 AS one FROM cursors WHERE chain_id = $1 AND processed_number >= $2'
    const isOnRecord = (await row(tx, z.unknown(), reached, [chainId, newest])) !== undefined
    if (!isOnRecord && !ahead) return false
    await change(tx, 'DELETE FROM snapshots WHERE chain_id = $1', [chainId])
    for (const { part, version, fit, state } of parts) {
      const place = [chainId, part, final.number, final.hash, newest]
      await change(tx, sql, [...place, version, fit, takenAt, sha256(state), Buffer.from(state)])
    }
    return true
  }
  return transaction(store, act, { idempotent: true })
}

const partSchema = z
  .object({
    part: z.string(),
    finalNumber: z.number().int(),
    finalHash: hashSchema.nullable(),
    newest: z.number().int(),
    version: z.number().int(),
    fit: z.string(),
    digest: z.string(),
    state: z.instanceof(Uint8Array),
  })
  .transform(({ digest, ...stored }) => ({ ...stored, isIntact: sha256(stored.state) === digest }))

/** A chain's snapshot and the parts whose bytes differ from those that were written; undefined where there is none. */
export async function findSnapshot(
  store: Store,
  chainId: number,
): Promise<(StoredSnapshot & { broken: string[] }) | undefined> {
  const sql = `SELECT part, final_number AS "finalNumber", final_hash AS "finalHash", newest_number AS newest, version, fit,
    digest, state FROM snapshots WHERE chain_id = $1 ORDER BY part`
  const found = await rows(store, partSchema, sql, [chainId])
  const [first] = found
  if (first === undefined) return undefined
  return {
    final: { number: first.finalNumber, hash: first.finalHash },
    newest: first.newest,
    parts: found.filter(({ isIntact }) => isIntact),
    broken: found.filter(({ isIntact }) => !isIntact).map(({ part }) => part),
  }
}

const sizeSchema = z.object({
  chainId: z.number().int(),
  final: z.number().int(),
  takenAt: z.number().int(),
  bytes: z.number().int(),
})

/** Final block, time (milliseconds since the epoch) and size (bytes, packed) of each chain's snapshot. */
export async function listSnapshots(store: Store): Promise<z.infer<typeof sizeSchema>[]> {
  const sql = `SELECT chain_id AS "chainId", max(final_number) AS final, max(taken_at) AS "takenAt",
    sum(octet_length(state))::int8 AS bytes FROM snapshots GROUP BY chain_id ORDER BY chain_id`
  return rows(store, sizeSchema, sql)
}
