import { z } from 'zod'
import { toJson } from '../kit/json.ts'
import { change, row, rows, type Store } from './store.ts'

const storedSchema = z.object({
  blockNumber: z.number().int(),
  blockHash: z.string().nullable(),
  document: z.unknown(),
})
/** The location of an incident's stolen funds after a block; the forensics room defines the document. */
type StoredFlow = z.infer<typeof storedSchema>

/** The newest one of an incident on a chain, or undefined. */
export async function findFundFlow(
  store: Store,
  incidentId: string,
  chainId: number,
): Promise<StoredFlow | undefined> {
  const sql = `SELECT block_number AS "blockNumber", block_hash AS "blockHash", document FROM fund_flows
    WHERE incident_id = $1 AND chain_id = $2 ORDER BY block_number DESC LIMIT 1`
  return row(store, storedSchema, sql, [incidentId, chainId])
}

/** The block after which the funds of incidents were last stored: incident → block. */
export async function listFlowBlocks(store: Store, chainId: number): Promise<ReadonlyMap<string, number>> {
  const sql = `SELECT incident_id AS id, max(block_number) AS block FROM fund_flows WHERE chain_id = $1 GROUP BY 1`
  const found = await rows(store, z.object({ id: z.string(), block: z.number().int() }), sql, [chainId])
  return new Map(found.map(({ id, block }) => [id, block]))
}

/** Stores one; it replaces an existing one of the same block. */
export async function keepFundFlow(
  store: Store,
  { incidentId, chainId }: { incidentId: string; chainId: number },
  { blockNumber, blockHash, document }: StoredFlow,
): Promise<void> {
  const sql = `INSERT INTO fund_flows (incident_id, chain_id, block_number, block_hash, document)
    VALUES ($1, $2, $3, $4, $5) ON CONFLICT (incident_id, chain_id, block_number)
    DO UPDATE SET block_hash = $4, document = $5`
  await change(store, sql, [incidentId, chainId, blockNumber, blockHash, toJson(document)])
}

/** Removes those after a block that is now the head. */
export async function dropFundFlowsAfter(store: Store, chainId: number, block: number): Promise<void> {
  await change(store, 'DELETE FROM fund_flows WHERE chain_id = $1 AND block_number > $2', [chainId, block])
}

/** Of those that can no longer change only the newest is kept. */
export async function pruneFundFlows(store: Store, chainId: number, finalized: number): Promise<void> {
  const sql = `DELETE FROM fund_flows AS old WHERE chain_id = $1 AND block_number < (
    SELECT max(block_number) FROM fund_flows
    WHERE incident_id = old.incident_id AND chain_id = $1 AND block_number <= $2)`
  await change(store, sql, [chainId, finalized])
}
