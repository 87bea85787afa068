import pg from 'pg'
import type { Logger } from '../kit/logger.ts'

export type PoolOptions = {
  url: string
  logger: Logger
  /** Connections at most. */
  connections: number
  /** What the connections are called in `pg_stat_activity`. */
  name: string
  types?: pg.CustomTypesConfig
}

/** A pool of connections. One that dies, whoever holds it at that moment, never ends the process. */
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
  // From the first to the last moment of a connection: pg takes its own listener off before `await connect()`
  // goes on, and the server's goodbye may come in the very same packet as its welcome (seen in tests).
  pool.on('connect', (client) => client.on('error', ignore))
  return pool
}

function ignore(): void {}
