import { z } from 'zod'
import { toJson } from '../kit/json.ts'
import type { Address } from '../model/hex.ts'
import { leverSchema } from '../model/lever.ts'
import { change, rows, type Store, transaction } from './store.ts'

const observationSchema = z.object({
  /** Unix milliseconds at which it was put on record. */
  observedAt: z.number().int(),
  /** The block at which it was looked at. */
  block: z.number().int(),
  lever: leverSchema,
})
export type LeverObservation = z.infer<typeof observationSchema>

/** Puts on record what was found of levers at a block. Every observation is kept, except the same again. */
export function insertLevers(store: Store, observations: readonly LeverObservation[]): Promise<void> {
  const sql = `INSERT INTO levers (lever_id, chain_id, target, block, observed_at, document)
    SELECT $1, $2, $3, $4, $5, $6::json WHERE NOT EXISTS (
      SELECT 1 FROM levers WHERE lever_id = $1 AND block = $4 AND document::text = $6::json::text)`
  return transaction(store, async (tx) => {
    for (const { lever, block, observedAt } of observations)
      await change(tx, sql, [lever.id, lever.chainId, lever.target, block, observedAt, toJson(lever)])
  })
}

const COLUMNS = 'observed_at AS "observedAt", block, document AS lever'

/** The newest observation of each lever, by the block at which it was looked at. */
export function listLevers(store: Store): Promise<LeverObservation[]> {
  const sql = `SELECT "observedAt", block, lever FROM (
      SELECT DISTINCT ON (lever_id) position, target, ${COLUMNS} FROM levers
      ORDER BY lever_id, block DESC, position DESC) AS newest
    ORDER BY target, position`
  return rows(store, observationSchema, sql, [])
}

/** All observations of the levers called on a contract, oldest first. */
export function listLeverObservations(store: Store, target: Address): Promise<LeverObservation[]> {
  const sql = `SELECT ${COLUMNS} FROM levers WHERE target = $1 ORDER BY position`
  return rows(store, observationSchema, sql, [target])
}
