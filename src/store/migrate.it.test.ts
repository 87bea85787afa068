import { beforeEach, expect, test } from 'vitest'
import { type FreshDatabase, freshDatabase, sqlOn } from '../../test/harness/postgres.ts'
import { silentLogger } from '../kit/logger.ts'
import { openDatabase } from './database.ts'
import { databaseSettings } from './durability.ts'
import { migrate } from './migrate.ts'
import { migrations } from './migrations.ts'
import { createPool } from './pool.ts'

let database: FreshDatabase

beforeEach(async () => {
  database = await freshDatabase()
  return () => database.drop()
})

const pool = () => createPool({ url: database.url, logger: silentLogger, connections: 2, name: 'test' })

test('no two migrations have one number', () => {
  expect(new Set(migrations.map(({ id }) => id)).size).toBe(migrations.length)
})

test('of processes that start at once on an empty database each migration is run by one', async () => {
  const pools = [pool(), pool(), pool()]
  await Promise.all(pools.map((one) => migrate(one, silentLogger)))
  await Promise.all(pools.map((one) => one.end()))
  const done = await sqlOn(database.url, 'SELECT id FROM cordon_migrations ORDER BY id')
  expect(done.map(({ id }) => id)).toEqual(migrations.map(({ id }) => id).sort((a, b) => a - b))
})

test('a database that a newer Cordon has changed is refused and left as it is', async () => {
  const first = pool()
  await migrate(first, silentLogger)
  await sqlOn(database.url, "INSERT INTO cordon_migrations (id, name) VALUES (999999, 'from the future')")
  await expect(migrate(first, silentLogger)).rejects.toMatchObject({
    code: 'store.NewerDatabase',
    facts: { newestMigration: 999_999 },
  })
  await first.end()
  const [{ count } = {}] = await sqlOn(database.url, 'SELECT count(*)::int FROM cordon_migrations')
  expect(count).toBe(migrations.length + 1)
})

test('a named database is used as it is, and tells how safely it keeps what it is given', async () => {
  const opened = await openDatabase({
    dataDir: '/nowhere',
    env: { DATABASE_URL: database.url },
    logger: silentLogger,
  })
  expect(opened).toMatchObject({ origin: 'DATABASE_URL', url: database.url })
  const settings = await databaseSettings(opened.store)
  expect(settings.version).toMatch(/^PostgreSQL \d+/)
  expect(Math.abs(settings.now - Date.now() / 1_000)).toBeLessThan(3_600)
  await opened.close()
})
