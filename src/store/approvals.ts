import { z } from 'zod'
import { canonicalJson, sha256, toJson } from '../kit/json.ts'
import { type Approval, approvalSchema } from '../model/approval.ts'
import type { Lever } from '../model/lever.ts'
import { change, row, rows, type Store } from './store.ts'

/**
 * Stores a person's signed statement permanently; false where exactly the same is on record. A validly signed one is
 * identified by its terms: a second signature over them (every signature can be converted into another one) adds
 * nothing.
 */
export async function insertApproval(tx: Store, approval: Approval, isTrue = false): Promise<boolean> {
  const sql = `INSERT INTO approvals (plan_id, signer, document, digest) VALUES ($1, $2, $3, $4)
    ON CONFLICT DO NOTHING`
  const { givenAt: _givenAt, signature, ...words } = approval
  const digest = sha256(canonicalJson(isTrue ? words : { ...words, signature }))
  return (await change(tx, sql, [approval.planId, approval.signer, toJson(approval), digest])) === 1
}

/** Until the end of the transaction no other process signs this plan's transaction or records a statement about it. */
export async function lockApprovals(tx: Store, planId: string): Promise<void> {
  await change(tx, 'SELECT pg_advisory_xact_lock(hashtextextended($1, 7264007))', [planId])
}

/** The signed statements about a plan, in order of arrival. */
export async function listApprovals(store: Store, planId: string): Promise<Approval[]> {
  const sql = 'SELECT document FROM approvals WHERE plan_id = $1 ORDER BY position'
  const found = await rows(store, z.object({ document: approvalSchema }), sql, [planId])
  return found.map(({ document }) => document)
}

/** Calls that other plans have sent on a lever’s lane: the same function of the same contract. */
export async function countLane(
  store: Store,
  { chainId, target, calldata }: Pick<Lever, 'chainId' | 'target' | 'calldata'>,
  exceptPlanId: string,
): Promise<number> {
  const sql = `SELECT count(*)::int AS sent FROM broadcasts JOIN plans ON plans.id = plan_id
    WHERE plans.chain_id = $1 AND plans.id <> $4 AND state <> 'abandoned'
      AND document->'lever'->>'target' = $2 AND left(document->'lever'->>'calldata', 10) = $3`
  const values = [chainId, target, calldata.slice(0, 10), exceptPlanId]
  return (await row(store, z.object({ sent: z.number().int() }), sql, values))?.sent ?? 0
}
