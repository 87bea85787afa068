import { z } from 'zod'
import { toJson } from '../kit/json.ts'
import { type Finding, findingSchema } from '../model/finding.ts'
import { change, rows, type Store } from './store.ts'

/** Records findings that belong to no incident; a repetition writes nothing. */
export async function insertRemarks(
  store: Store,
  findings: readonly Finding[],
  recordedAt: number,
): Promise<void> {
  if (findings.length === 0) return
  const sql = `INSERT INTO remarks (fingerprint, chain_id, block_hash, detector, shadow, recorded_at, document)
    SELECT a, b, c, d, e, $6, f::json FROM unnest($1::text[], $2::int8[], $3::text[], $4::text[], $5::boolean[],
      $7::text[]) WITH ORDINALITY AS given (a, b, c, d, e, f, n) ORDER BY n ON CONFLICT DO NOTHING`
  await change(store, sql, [
    findings.map(({ fingerprint }) => fingerprint),
    findings.map(({ chainId }) => chainId),
    findings.map(({ blockHash }) => blockHash),
    findings.map(({ detector }) => detector),
    findings.map(({ shadow }) => shadow),
    recordedAt,
    findings.map((finding) => toJson(finding)),
  ])
}

const remarkSchema = z.object({ recordedAt: z.number().int(), finding: findingSchema })
export type Remark = z.infer<typeof remarkSchema>

/** The newest findings that belong to no incident. */
export async function listRemarks(store: Store, limit: number): Promise<Remark[]> {
  const sql = `SELECT recorded_at AS "recordedAt", document AS finding FROM remarks ORDER BY position DESC LIMIT $1`
  return rows(store, remarkSchema, sql, [limit])
}
