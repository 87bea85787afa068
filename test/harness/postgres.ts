import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { inject } from 'vitest'

export type FreshDatabase = { url: string; drop(): Promise<void> }

/** A separate empty database on the run's PostgreSQL: create one per test file, drop it afterwards. */
export async function freshDatabase(): Promise<FreshDatabase> {
  const server = inject('postgresUrl')
  const name = `t_${randomBytes(6).toString('hex')}`
  await asAdmin(server, `CREATE DATABASE ${name}`)
  const url = new URL(server)
  url.pathname = `/${name}`
  return { url: url.href, drop: () => asAdmin(server, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`) }
}

/** Ends all sessions of a database, as a restart of the server would, without disturbing other tests. */
export async function killSessions(database: FreshDatabase): Promise<void> {
  const name = new URL(database.url).pathname.slice(1)
  const sql = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${name}'`
  await asAdmin(inject('postgresUrl'), sql)
}

/** Runs SQL that bypasses the store. */
export async function sqlOn(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url })
  client.on('error', () => {})
  await client.connect()
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows
  } finally {
    await client.end()
  }
}

async function asAdmin(server: string, sql: string): Promise<void> {
  await sqlOn(server, sql)
}
