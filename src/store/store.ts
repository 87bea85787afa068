import pg from 'pg'
import { z } from 'zod'
import { asError, CordonError } from '../kit/error.ts'
import type { Logger } from '../kit/logger.ts'
import { retry } from '../kit/retry.ts'
import { grantWork } from './embedded/work-role.ts'
import { unreachable } from './errors.ts'
import { migrate } from './migrate.ts'
import { createPool } from './pool.ts'

/** The database, or one transaction on it: the first argument of every function of this room. */
export type Store = {
  url: string
  logger: Logger
  pool: pg.Pool
  /** Set inside {@link transaction}. */
  client: pg.PoolClient | null
}

export type StoreOptions = {
  url: string
  logger: Logger
  /** The URL of the tables' owner, which updates them where `url` may not. It also grants the rights of `url`. */
  ownerUrl?: string
  /** Maximum connections; 10 by default. */
  connections?: number
  /** The maximum wait for an unavailable database, in milliseconds; 30,000 by default. */
  patienceMs?: number
}

const LOST = new Set(['57P01', '57P02', '57P03', '08000', '08001', '08003', '08004', '08006', 'ECONNREFUSED'])
const LOST_SOCKET = new Set(['ECONNRESET', 'EPIPE', 'ETIMEDOUT'])
const LOST_WORDS = /Connection terminated|timeout exceeded when trying to connect|Client has encountered/
const RETRY = { attempts: 14, delayMs: 50, maxDelayMs: 4_000 }

/**
 * Connects, updates the tables and returns the store. It waits for a database that restarts later (about 30 s); a
 * restart never ends the process. Throws `store.Unreachable`, `store.NewerDatabase`.
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  const { url, ownerUrl, logger } = options
  const connections = options.connections ?? 10
  const pool = createPool({ url, logger, connections, name: 'cordon', types: { getTypeParser } })
  const store: Store = { url, logger, pool, client: null }
  const attempts = options.patienceMs === undefined ? RETRY.attempts : attemptsFor(options.patienceMs)
  try {
    const bringUpToDate = () => (ownerUrl === undefined ? migrate(pool, logger) : migrateAs(ownerUrl, logger))
    await retry(bringUpToDate, { ...RETRY, attempts, isRetryable: isConnectionLoss })
  } catch (thrown) {
    await pool.end().catch(() => {})
    if (thrown instanceof CordonError) throw thrown
    throw unreachable(url, thrown)
  }
  return store
}

async function migrateAs(ownerUrl: string, logger: Logger): Promise<void> {
  const pool = createPool({ url: ownerUrl, logger, connections: 1, name: 'cordon-migrations' })
  try {
    await migrate(pool, logger)
  } finally {
    await pool.end()
  }
  await grantWork(ownerUrl)
}

/** Lets running queries finish and closes all connections. */
export async function closeStore(store: Store): Promise<void> {
  await store.pool.end()
}

export type TransactionOptions = {
  /**
   * `act` may run again even after a COMMIT whose answer was lost (it would find its own work done). Without it such a
   * loss is thrown, because it is not known whether the commit happened.
   */
  idempotent?: boolean
}

/**
 * Runs `act` in one transaction: all or nothing. Inside another transaction it joins that one. If the connection is
 * lost before COMMIT it starts over, so `act` must do only database work. Throws `store.Unreachable` (retryable) after
 * about 30 s.
 */
export async function transaction<T>(
  store: Store,
  act: (tx: Store) => Promise<T>,
  options: TransactionOptions = {},
): Promise<T> {
  if (store.client) return act(store)
  let committing = false
  const again = (thrown: unknown): boolean =>
    isConflict(thrown) || (isConnectionLoss(thrown) && (!committing || options.idempotent === true))
  const once = async (): Promise<T> => {
    committing = false
    const client = await store.pool.connect()
    let broken: Error | undefined
    try {
      await client.query('BEGIN')
      const result = await act({ ...store, client })
      committing = true
      await client.query('COMMIT')
      return result
    } catch (thrown) {
      if (isConnectionLoss(thrown)) broken = asError(thrown)
      else await client.query('ROLLBACK').catch(() => {})
      throw thrown
    } finally {
      client.release(broken)
    }
  }
  try {
    return await retry(once, { ...RETRY, isRetryable: again })
  } catch (thrown) {
    if (isConnectionLoss(thrown)) throw unreachable(store.url, thrown)
    throw thrown
  }
}

/**
 * Runs one statement and parses its rows. Outside a transaction it must be a read: it is repeated when the connection
 * is lost.
 */
export async function rows<S extends z.ZodType>(
  store: Store,
  schema: S,
  sql: string,
  values: readonly unknown[] = [],
): Promise<z.output<S>[]> {
  const answer = await run(store, sql, values)
  return z.array(schema).parse(answer.rows)
}

/** Like {@link rows}, for at most one row. */
export async function row<S extends z.ZodType>(
  store: Store,
  schema: S,
  sql: string,
  values: readonly unknown[] = [],
): Promise<z.output<S> | undefined> {
  return (await rows(store, schema, sql, values))[0]
}

/** Runs one statement inside a transaction and returns the number of changed rows. */
export async function change(tx: Store, sql: string, values: readonly unknown[] = []): Promise<number> {
  if (!tx.client) return transaction(tx, (inner) => change(inner, sql, values), { idempotent: true })
  return (await tx.client.query(sql, [...values])).rowCount ?? 0
}

async function run(store: Store, sql: string, values: readonly unknown[]): Promise<pg.QueryResult> {
  if (store.client) return store.client.query(sql, [...values])
  try {
    return await retry(() => store.pool.query(sql, [...values]), { ...RETRY, isRetryable: isConnectionLoss })
  } catch (thrown) {
    if (isConnectionLoss(thrown)) throw unreachable(store.url, thrown)
    throw thrown
  }
}

/** True where the database became unavailable, as opposed to rejecting the statement. */
export function isConnectionLoss(thrown: unknown): boolean {
  if (!(thrown instanceof Error)) return false
  const code = 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : ''
  return LOST.has(code) || LOST_SOCKET.has(code) || LOST_WORDS.test(thrown.message)
}

/** Serialization failure or deadlock: PostgreSQL requires another attempt. */
function isConflict(thrown: unknown): boolean {
  return thrown instanceof Error && 'code' in thrown && (thrown.code === '40001' || thrown.code === '40P01')
}

function attemptsFor(patienceMs: number): number {
  let [attempts, waited] = [1, 0]
  while (waited < patienceMs && attempts < 1_000) {
    waited += Math.min(RETRY.delayMs * 2 ** (attempts - 1), RETRY.maxDelayMs)
    attempts++
  }
  return attempts
}

/** int8 as a number (block numbers, milliseconds): rejected where it would lose digits. Numeric stays text. */
function getTypeParser(oid: number, format?: 'text' | 'binary'): (text: string) => unknown {
  if (oid === pg.types.builtins.INT8 && format !== 'binary') return parseSafeInteger
  return pg.types.getTypeParser(oid, format) as (text: string) => unknown
}

function parseSafeInteger(text: string): number {
  return z.number().int().parse(Number(text))
}
