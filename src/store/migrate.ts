import type pg from 'pg'
import { asError, CordonError } from '../kit/error.ts'
import type { Logger } from '../kit/logger.ts'
import { migrations } from './migrations.ts'

/** An arbitrary number, the same in every Cordon: one process migrates, the others wait. */
const MIGRATION_LOCK = 7_264_001

/** Runs the migrations that this database has not had, each in its own transaction. Throws `store.NewerDatabase`. */
export async function migrate(pool: pg.Pool, logger: Logger): Promise<void> {
  const client = await pool.connect()
  let broken: Error | undefined
  try {
    await client.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK])
    const done = await doneMigrations(client)
    refuseNewer(done)
    for (const { id, name, sql } of migrations) {
      if (done.has(id)) continue
      await client.query('BEGIN')
      await client.query(sql)
      await client.query('INSERT INTO cordon_migrations (id, name) VALUES ($1, $2)', [id, name])
      await client.query('COMMIT')
      logger.info({ id, name }, 'Database migrated')
    }
  } catch (thrown) {
    broken = asError(thrown)
    throw thrown
  } finally {
    // A failed migration drops the connection: this releases transaction and advisory lock.
    if (!broken) await client.query('SELECT pg_advisory_unlock($1)', [MIGRATION_LOCK])
    client.release(broken)
  }
}

async function doneMigrations(client: pg.PoolClient): Promise<Set<number>> {
  await client.query(`CREATE TABLE IF NOT EXISTS cordon_migrations (
    id integer PRIMARY KEY, name text NOT NULL, done_at timestamptz NOT NULL DEFAULT now())`)
  const { rows } = await client.query<{ id: number }>('SELECT id FROM cordon_migrations')
  return new Set(rows.map((row) => row.id))
}

function refuseNewer(done: ReadonlySet<number>): void {
  const known = Math.max(...migrations.map((migration) => migration.id))
  const newest = Math.max(0, ...done)
  if (newest <= known) return
  throw new CordonError({
    code: 'store.NewerDatabase',
    message: 'A newer Cordon has already changed this database.',
    facts: { newestMigration: newest, knownMigration: known },
    fix: 'Run the newer Cordon, or point DATABASE_URL at another database.',
  })
}
