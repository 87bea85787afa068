import { type SafeSignature, safeSignatureSchema } from '../model/safe.ts'
import { change, rows, type Store } from './store.ts'

const COLUMNS = `chain_id AS "chainId", safe, nonce, safe_tx_hash AS "safeTxHash", owner, signature,
  to_address AS "to", data, value::text AS value, plan_id AS "planId", given_at AS "givenAt"`

/** Stores an owner's signature; false where this owner has signed this before. The database rejects changes of it. */
export async function insertSafeSignature(tx: Store, given: SafeSignature): Promise<boolean> {
  const sql = `INSERT INTO safe_signatures (chain_id, safe, nonce, safe_tx_hash, owner, signature, to_address, data,
    value, plan_id, given_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT DO NOTHING`
  const { chainId, safe, nonce, safeTxHash, owner, signature, to, data, value, planId, givenAt } = given
  const call = [to, data, value.toString()]
  const values = [chainId, safe, nonce, safeTxHash, owner, signature, ...call, planId, givenAt]
  return (await change(tx, sql, values)) === 1
}

/** All signatures ever given for the Safes of a chain, in order of arrival. */
export async function listSafeSignatures(store: Store, chainId: number): Promise<SafeSignature[]> {
  const sql = `SELECT ${COLUMNS} FROM safe_signatures WHERE chain_id = $1 ORDER BY position`
  return rows(store, safeSignatureSchema, sql, [chainId])
}
