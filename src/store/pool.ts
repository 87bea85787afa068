import pg from 'pg'
import type { Logger } from '../kit/logger.ts'

export type PoolOptions = {
  url: string
  logger: Logger
  /** Maximum connections. */
  connections: number
  /** The name of the connections in `pg_stat_activity`. */
  name: string
  types?: pg.CustomTypesConfig
}

/** A pool of connections. A connection that dies, in use or idle, never ends the process. */
export function createPool({ url, logger, connections, name, types }: PoolOptions): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    max: connections,
    application_name: name,
    connectionTimeoutMillis: 5_000,
    idle_in_transaction_session_timeout: 60_000,
    keepAlive: true,
    ...(types ? { types } : {}),
  })
  pool.on('error', (error) => logger.warn({ error: error.message }, 'An idle database connection was lost'))
  // For the whole life of a connection: pg removes its own listener before `await connect()` resolves, and the server's
  // termination message may arrive in the same packet as its greeting (seen in tests).
  pool.on('connect', (client) => client.on('error', ignore))
  return pool
}

function ignore(): void {}
