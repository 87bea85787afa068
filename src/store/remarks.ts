import { z } from 'zod'
import { toJson } from '../kit/json.ts'
import { type Finding, findingSchema } from '../model/finding.ts'
import { change, rows, type Store } from './store.ts'

/** Puts findings on record that belong to no incident; saying one again writes nothing. */
export async function insertRemarks(
  store: Store,
  findings: readonly Finding[],
  recordedAt: number,
): Promise<void> {
  const sql = `INSERT INTO remarks (fingerprint, chain_id, block_hash, detector, shadow, recorded_at, document)
    VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING`
  for (const finding of findings) {
    const { fingerprint, chainId, blockHash, detector, shadow } = finding
    await change(store, sql, [fingerprint, chainId, blockHash, detector, shadow, recordedAt, toJson(finding)])
  }
}

const remarkSchema = z.object({ recordedAt: z.number().int(), finding: findingSchema })
export type Remark = z.infer<typeof remarkSchema>

/** The newest findings that belong to no incident. */
export async function listRemarks(store: Store, limit: number): Promise<Remark[]> {
  const sql = `SELECT recorded_at AS "recordedAt", document AS finding FROM remarks ORDER BY position DESC LIMIT $1`
  return rows(store, remarkSchema, sql, [limit])
}
