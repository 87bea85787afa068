import { z } from 'zod'
import { toJson } from '../kit/json.ts'
import { type StandingAuthorisation, standingAuthorisationSchema } from '../model/containment.ts'
import { type Hash, hashSchema } from '../model/hex.ts'
import { change, row, rows, type Store } from './store.ts'

/** Keeps a standing authorisation for ever; false where it is there already. */
export async function insertAuthorisation(
  store: Store,
  { hash, authorisation, givenAt }: { hash: Hash; authorisation: StandingAuthorisation; givenAt: number },
): Promise<boolean> {
  const sql = `INSERT INTO authorisations (hash, signer, document, given_at) VALUES ($1, $2, $3, $4)
    ON CONFLICT DO NOTHING`
  return (await change(store, sql, [hash, authorisation.signer, toJson(authorisation), givenAt])) === 1
}

/** The standing authorisations that were ever kept, oldest first. */
export async function listAuthorisations(store: Store): Promise<StandingAuthorisation[]> {
  const sql = 'SELECT document FROM authorisations ORDER BY position'
  const found = await rows(store, z.object({ document: standingAuthorisationSchema }), sql)
  return found.map(({ document }) => document)
}

export type Revocation = { hash: Hash; author: string; revokedAt: number }

/**
 * Takes an authorisation back for ever. It waits for a signature that is being made under it: what is signed after this has
 * returned is not signed under it. False where it was taken back before.
 */
export async function revokeAuthorisation(
  tx: Store,
  { hash, author, revokedAt }: Revocation,
): Promise<boolean> {
  await lockAuthorisation(tx, hash)
  const sql = `INSERT INTO revoked_authorisations (hash, author, revoked_at) VALUES ($1, $2, $3)
    ON CONFLICT DO NOTHING`
  return (await change(tx, sql, [hash, author, revokedAt])) === 1
}

/** Who took an authorisation back and when; undefined where nobody did. */
export async function findRevocation(store: Store, hash: Hash): Promise<Revocation | undefined> {
  const sql = `SELECT hash, author, revoked_at AS "revokedAt" FROM revoked_authorisations WHERE hash = $1`
  return row(store, z.object({ hash: hashSchema, author: z.string(), revokedAt: z.number().int() }), sql, [
    hash,
  ])
}

/** Until the end of the transaction nobody else counts, uses up or takes back this authorisation. */
export async function lockAuthorisation(tx: Store, hash: Hash): Promise<void> {
  await change(tx, 'SELECT pg_advisory_xact_lock(hashtextextended($1, 7264006))', [hash])
}

/** Plans whose transaction was signed under an authorisation, also those that were given up; without `exceptPlanId`. */
export async function countActions(
  store: Store,
  { hash, exceptPlanId = '' }: { hash: Hash; exceptPlanId?: string },
): Promise<number> {
  const sql = `SELECT count(*)::int AS count FROM broadcasts WHERE authorisation_hash = $1 AND plan_id <> $2`
  const found = await row(store, z.object({ count: z.number().int() }), sql, [hash, exceptPlanId])
  return found?.count ?? 0
}

/** The authorisation under which a plan was signed; null where people approved it, undefined where nothing was signed. */
export async function authorisationOf(store: Store, planId: string): Promise<Hash | null | undefined> {
  const sql = 'SELECT authorisation_hash AS hash FROM broadcasts WHERE plan_id = $1'
  return (await row(store, z.object({ hash: hashSchema.nullable() }), sql, [planId]))?.hash
}
