import { z } from 'zod'
import { toJson } from '../kit/json.ts'
import { type StandingAuthorisation, standingAuthorisationSchema } from '../model/containment.ts'
import { type Hash, hashSchema } from '../model/hex.ts'
import { change, row, rows, type Store } from './store.ts'

/** Stores a standing authorisation permanently; false where it exists already. */
export async function insertAuthorisation(
  store: Store,
  { hash, authorisation, givenAt }: { hash: Hash; authorisation: StandingAuthorisation; givenAt: number },
): Promise<boolean> {
  const sql = `INSERT INTO authorisations (hash, signer, document, given_at) VALUES ($1, $2, $3, $4)
    ON CONFLICT DO NOTHING`
  return (await change(store, sql, [hash, authorisation.signer, toJson(authorisation), givenAt])) === 1
}

/** All standing authorisations ever stored, oldest first. */
export async function listAuthorisations(store: Store): Promise<StandingAuthorisation[]> {
  const sql = 'SELECT document FROM authorisations ORDER BY position'
  const found = await rows(store, z.object({ document: standingAuthorisationSchema }), sql)
  return found.map(({ document }) => document)
}

export type Revocation = { hash: Hash; author: string; revokedAt: number }

/**
 * Revokes an authorisation permanently. It waits for a signature in progress under it: nothing is signed under it after
 * this has returned. False where it was revoked before.
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

/** The revoker of an authorisation and the time; undefined where it was not revoked. */
export async function findRevocation(store: Store, hash: Hash): Promise<Revocation | undefined> {
  const sql = `SELECT hash, author, revoked_at AS "revokedAt" FROM revoked_authorisations WHERE hash = $1`
  return row(store, z.object({ hash: hashSchema, author: z.string(), revokedAt: z.number().int() }), sql, [
    hash,
  ])
}

/** Until the end of the transaction no other process counts, uses or revokes this authorisation. */
export async function lockAuthorisation(tx: Store, hash: Hash): Promise<void> {
  await change(tx, 'SELECT pg_advisory_xact_lock(hashtextextended($1, 7264006))', [hash])
}

/** Plans whose transaction was signed under an authorisation, including abandoned ones; without `exceptPlanId`. */
export async function countActions(
  store: Store,
  { hash, exceptPlanId = '' }: { hash: Hash; exceptPlanId?: string },
): Promise<number> {
  const sql = `SELECT count(*)::int AS count FROM broadcasts WHERE authorisation_hash = $1 AND plan_id <> $2`
  const found = await row(store, z.object({ count: z.number().int() }), sql, [hash, exceptPlanId])
  return found?.count ?? 0
}

/**
 * The authorisation under which a plan was signed; null where people approved it, undefined where nothing was signed.
 */
export async function authorisationOf(store: Store, planId: string): Promise<Hash | null | undefined> {
  const sql = 'SELECT authorisation_hash AS hash FROM broadcasts WHERE plan_id = $1'
  return (await row(store, z.object({ hash: hashSchema.nullable() }), sql, [planId]))?.hash
}
