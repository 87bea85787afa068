import { z } from 'zod'
import { assert } from '../kit/assert.ts'
import { CordonError } from '../kit/error.ts'
import { type Broadcast, broadcastSchema } from '../model/containment.ts'
import type { Hash } from '../model/hex.ts'
import { type BroadcastAttempt, insertAttempt, listAttempts } from './broadcast-attempts.ts'
import { change, row, rows, type Store, transaction } from './store.ts'

type State = Broadcast['state']

const COLUMNS = `plan_id AS "planId", chain_id AS "chainId", from_address AS "from", nonce,
  raw_transaction AS "rawTransaction", transaction_hash AS "transactionHash", state, block_number AS "blockNumber",
  block_hash AS "blockHash"`

/**
 * signed → sent → mined | reverted | abandoned; back to sent where a reorg removed the block. The database enforces the
 * same.
 */
const before: Record<State, readonly State[]> = {
  signed: [],
  sent: ['signed', 'mined', 'reverted'],
  mined: ['sent'],
  reverted: ['sent'],
  abandoned: ['signed', 'sent'],
}

/**
 * Stores the signed transaction of a plan before it is first sent. A plan has one permanently: a second insert returns
 * the first, whatever its own content. Throws `store.NonceTaken` where another plan signed with that nonce.
 */
export async function insertBroadcast(
  store: Store,
  broadcast: NewBroadcast,
): Promise<{ broadcast: Broadcast; created: boolean }> {
  return transaction(store, (tx) => insertOnce(tx, broadcast), { idempotent: true })
}

/** `authorisation`: the hash of the standing authorisation under which it is signed; none where people approved it. */
export type NewBroadcast = Broadcast & { authorisation?: Hash | null }

async function insertOnce(
  tx: Store,
  { authorisation = null, ...broadcast }: NewBroadcast,
): Promise<{ broadcast: Broadcast; created: boolean }> {
  const { planId, chainId, from, nonce, rawTransaction, transactionHash, state } = broadcast
  // The incident's lock comes first: a withdrawal either sees this broadcast or precedes it.
  await change(
    tx,
    'SELECT 1 FROM incidents JOIN plans ON incidents.id = incident_id WHERE plans.id = $1 FOR UPDATE OF incidents',
    [planId],
  )
  const first = await findBroadcast(tx, planId)
  if (first) return { broadcast: first, created: false }
  await refuseTakenNonce(tx, broadcast)
  const sql = `INSERT INTO broadcasts (plan_id, chain_id, from_address, nonce, raw_transaction, transaction_hash,
    state, block_number, block_hash, authorisation_hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`
  const rest = [broadcast.blockNumber, broadcast.blockHash, authorisation]
  await change(tx, sql, [planId, chainId, from, nonce, rawTransaction, transactionHash, state, ...rest])
  await insertAttempt(tx, { planId, attempt: 1, nonce, rawTransaction, transactionHash, reason: 'first' })
  return { broadcast, created: true }
}

/** One signer's nonces are assigned one at a time, so two concurrent plans cannot both pass this check. */
async function refuseTakenNonce(tx: Store, { chainId, from, nonce, planId }: Broadcast): Promise<void> {
  await change(tx, 'SELECT pg_advisory_xact_lock(hashtextextended($1, 7264003))', [`${chainId}:${from}`])
  const sql = `SELECT plan_id AS id FROM broadcasts
    WHERE chain_id = $1 AND from_address = $2 AND nonce = $3 AND state <> 'abandoned'`
  const holder = await row(tx, z.object({ id: z.string() }), sql, [chainId, from, nonce])
  if (!holder) return
  throw new CordonError({
    code: 'store.NonceTaken',
    message: 'Another plan has already signed a transaction with this nonce.',
    facts: { chainId, from, nonce, planId, holder: holder.id },
    fix: 'Take the next nonce (nextNonce) and sign again.',
    retryable: true,
  })
}

export type BroadcastMove = {
  planId: string
  to: Exclude<State, 'signed'>
  /** Where it was mined, for `mined` and `reverted`. */
  block?: { number: number; hash: Broadcast['blockHash'] }
}

/** Moves a broadcast to another state; a move to the present state changes the block. Throws `store.ForbiddenMove`. */
export async function moveBroadcast(store: Store, move: BroadcastMove): Promise<Broadcast> {
  const sql = `UPDATE broadcasts SET state = $2, block_number = $3, block_hash = $4
    WHERE plan_id = $1 AND (state = $2 OR state = ANY($5)) RETURNING ${COLUMNS}`
  const place = [move.block?.number ?? null, move.block?.hash ?? null]
  return transaction(
    store,
    async (tx) => {
      const moved = await row(tx, broadcastSchema, sql, [move.planId, move.to, ...place, before[move.to]])
      if (moved) return moved
      const found = await findBroadcast(tx, move.planId)
      throw new CordonError({
        code: 'store.ForbiddenMove',
        message: `A broadcast cannot become ${move.to} from its current state.`,
        facts: { planId: move.planId, state: found?.state ?? 'no broadcast' },
        fix: `Only ${before[move.to].join(' or ')} becomes ${move.to}; read the broadcast again before moving it.`,
      })
    },
    { idempotent: true },
  )
}

/** Returns to the pool a transaction whose block was removed; undefined where another process has done that. */
export async function returnToPool(store: Store, mined: Broadcast): Promise<Broadcast | undefined> {
  const sql = `UPDATE broadcasts SET state = 'sent', block_number = NULL, block_hash = NULL
    WHERE plan_id = $1 AND state IN ('mined', 'reverted') AND block_hash IS NOT DISTINCT FROM $2 RETURNING ${COLUMNS}`
  const values = [mined.planId, mined.blockHash]
  return transaction(store, (tx) => row(tx, broadcastSchema, sql, values))
}

/** The broadcast of a plan, or undefined. */
export async function findBroadcast(store: Store, planId: string): Promise<Broadcast | undefined> {
  return row(store, broadcastSchema, `SELECT ${COLUMNS} FROM broadcasts WHERE plan_id = $1`, [planId])
}

/** Broadcasts that are signed or sent and not yet known to be mined. */
export async function listOpenBroadcasts(store: Store): Promise<Broadcast[]> {
  const sql = `SELECT ${COLUMNS} FROM broadcasts WHERE state IN ('signed', 'sent') ORDER BY chain_id, nonce`
  return rows(store, broadcastSchema, sql)
}

/** Broadcasts of an incident's plans. */
export async function listBroadcasts(store: Store, incidentId: string): Promise<Broadcast[]> {
  const sql = `SELECT ${COLUMNS} FROM broadcasts WHERE plan_id IN (SELECT id FROM plans WHERE incident_id = $1)
    ORDER BY chain_id, nonce`
  return rows(store, broadcastSchema, sql, [incidentId])
}

/** More nonces than this between two nonces of a key are not a gap: one of the two is false. */
export const MOST_NONCE_GAPS = 8

/**
 * The first nonce, from `floor` (the chain's own count) and after the known mined ones, that no plan has signed with. A
 * transaction with a nonce far above the rest (a node lied about the count) can never be mined, and does not block
 * others.
 */
export async function nextNonce(
  store: Store,
  signer: { chainId: number; from: string },
  floor: number,
): Promise<number> {
  const mined = await usedNonces(store, signer)
  let next = Math.max(floor, mined)
  const held = [...(await holdersOf(store, signer, next))].sort((a, b) => a - b)
  for (const nonce of held) if (nonce - next <= MOST_NONCE_GAPS) next = nonce + 1
  return next
}

/** Nonces of a key below this are used, as our own mined transactions show. */
export async function usedNonces(store: Store, signer: { chainId: number; from: string }): Promise<number> {
  const sql = `SELECT max(nonce) + 1 AS nonce FROM broadcasts
    WHERE chain_id = $1 AND from_address = $2 AND state IN ('mined', 'reverted')`
  const schema = z.object({ nonce: z.number().int().nullable() })
  return (await row(store, schema, sql, [signer.chainId, signer.from]))?.nonce ?? 0
}

/** The nonces from `floor` on that any plan has signed with. */
export async function holdersOf(
  store: Store,
  signer: { chainId: number; from: string },
  floor: number,
): Promise<ReadonlySet<number>> {
  const sql = `SELECT DISTINCT broadcast_attempts.nonce FROM broadcast_attempts JOIN broadcasts USING (plan_id)
    WHERE chain_id = $1 AND from_address = $2 AND state <> 'abandoned' AND broadcast_attempts.nonce >= $3`
  const schema = z.object({ nonce: z.number().int() })
  const found = await rows(store, schema, sql, [signer.chainId, signer.from, floor])
  return new Set(found.map(({ nonce }) => nonce))
}

/** Broadcasts of a chain's open and contained incidents that are not mined yet, or were mined above this block. */
export async function listUnsettled(store: Store, chainId: number, above: number): Promise<Broadcast[]> {
  const sql = `SELECT ${COLUMNS} FROM broadcasts WHERE chain_id = $1
    AND (state IN ('signed', 'sent') OR (state IN ('mined', 'reverted') AND block_number > $2))
    AND plan_id IN (SELECT plans.id FROM plans JOIN incidents ON incidents.id = incident_id
      WHERE incidents.state IN ('open', 'contained')) ORDER BY nonce`
  return rows(store, broadcastSchema, sql, [chainId, above])
}

/** Broadcasts that were mined in one of these blocks. */
export async function listMinedIn(
  store: Store,
  chainId: number,
  hashes: readonly string[],
): Promise<Broadcast[]> {
  if (hashes.length === 0) return []
  const sql = `SELECT ${COLUMNS} FROM broadcasts
    WHERE chain_id = $1 AND block_hash = ANY($2) AND state IN ('mined', 'reverted') ORDER BY nonce`
  return rows(store, broadcastSchema, sql, [chainId, [...hashes]])
}

/** Which of these transactions we broadcast ourselves. */
export async function ownTransactions(
  store: Store,
  chainId: number,
  hashes: readonly Hash[],
): Promise<ReadonlySet<string>> {
  if (hashes.length === 0) return new Set()
  const sql = `SELECT broadcast_attempts.transaction_hash AS hash FROM broadcast_attempts JOIN broadcasts USING (plan_id)
     WHERE chain_id = $1 AND broadcast_attempts.transaction_hash = ANY($2)`
  const found = await rows(store, z.object({ hash: z.string() }), sql, [chainId, hashes])
  return new Set(found.map(({ hash }) => hash))
}

export type Replacement = Omit<BroadcastAttempt, 'attempt'> & {
  /** The transaction that it replaces: where another worker was faster, nothing is written. */
  instead: string
}

/**
 * Stores a further signed transaction and makes it the plan's broadcast, before it is first sent. Returns the resulting
 * broadcast.
 */
export async function replaceBroadcast(store: Store, { instead, ...next }: Replacement): Promise<Broadcast> {
  const act = async (tx: Store): Promise<Broadcast> => {
    const sql = `SELECT ${COLUMNS} FROM broadcasts WHERE plan_id = $1 FOR UPDATE`
    const standing = await row(tx, broadcastSchema, sql, [next.planId])
    assert(standing !== undefined, 'what is replaced was kept')
    const isOpen = standing.state === 'signed' || standing.state === 'sent'
    if (!isOpen || standing.transactionHash !== instead) return standing
    const attempts = await listAttempts(tx, next.planId)
    await insertAttempt(tx, { ...next, attempt: attempts.length + 1 })
    return adopt(tx, next)
  }
  return transaction(store, act, { idempotent: true })
}

/**
 * Stores a further signed transaction in addition to the plan's broadcast, before it is first sent. Once: a repetition
 * writes nothing.
 */
export async function keepAttempt(store: Store, next: Omit<BroadcastAttempt, 'attempt'>): Promise<void> {
  const act = async (tx: Store): Promise<void> => {
    await change(tx, 'SELECT 1 FROM broadcasts WHERE plan_id = $1 FOR UPDATE', [next.planId])
    const attempts = await listAttempts(tx, next.planId)
    if (attempts.some(({ transactionHash }) => transactionHash === next.transactionHash)) return
    await insertAttempt(tx, { ...next, attempt: attempts.length + 1 })
  }
  return transaction(store, act, { idempotent: true })
}

/** Makes one of a plan's attempts its broadcast: for example the mined one. */
export async function adopt(
  store: Store,
  { planId, nonce, rawTransaction, transactionHash }: Omit<BroadcastAttempt, 'attempt' | 'reason'>,
): Promise<Broadcast> {
  const sql = `UPDATE broadcasts SET nonce = $2, raw_transaction = $3, transaction_hash = $4 WHERE plan_id = $1
    RETURNING ${COLUMNS}`
  const adopted = await row(store, broadcastSchema, sql, [planId, nonce, rawTransaction, transactionHash])
  assert(adopted !== undefined, 'a plan with attempts has a broadcast')
  return adopted
}
