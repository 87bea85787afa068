import { execFileSync, spawn } from 'node:child_process'
import { chmod, chown, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { sqlOn } from '../../../test/harness/postgres.ts'
import { processesIn } from '../../../test/harness/processes.ts'
import { silentLogger } from '../../kit/logger.ts'
import { findCursor, setProcessed } from '../cursors.ts'
import { databaseSettings } from '../durability.ts'
import { closeStore, openStore } from '../store.ts'
import { startEmbeddedPostgres } from './embedded.ts'
import { readPidFile } from './pid-file.ts'

let dataDir: string

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'cordon-embedded-'))
})
afterAll(async () => {
  await rm(dataDir, { recursive: true, force: true, maxRetries: 10 })
})

const start = () => startEmbeddedPostgres({ dataDir, logger: silentLogger, ephemeral: true })

test('what was written is there after a stop and a start', async () => {
  const first = await start()
  await sqlOn(first.url, 'CREATE TABLE kept AS SELECT 42 AS answer')
  await first.stop()
  await expect(sqlOn(first.url, 'SELECT 1')).rejects.toThrow()
  const second = await start()
  expect(await sqlOn(second.url, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }])
  expect(second.adopted).toBe(false)
  await second.stop()
})

test('the password is asked for and kept from other users', async () => {
  const postgres = await start()
  const wrong = postgres.url.replace(/:[0-9a-f]{48}@/, ':guess@')
  await expect(sqlOn(wrong, 'SELECT 1')).rejects.toThrow(/password authentication failed/)
  const { mode, uid } = await stat(join(dataDir, 'password'))
  expect({ mode: mode & 0o777, uid }).toEqual({ mode: 0o600, uid: process.getuid?.() })
  expect((await stat(dataDir)).mode & 0o077).toBe(0)
  await postgres.stop()
})

test('a password file that an older Cordon gave to the user of PostgreSQL is taken back', async () => {
  await chmod(join(dataDir, 'password'), 0o644)
  if (process.getuid?.() === 0) await chown(join(dataDir, 'password'), 65_534, 65_534)
  const postgres = await start()
  const { mode, uid } = await stat(join(dataDir, 'password'))
  expect({ mode: mode & 0o777, uid }).toEqual({ mode: 0o600, uid: process.getuid?.() })
  await postgres.stop()
})

test('Cordon works as a role that is no superuser and can change nothing that is only added to', async () => {
  const postgres = await start()
  const { url: ownerUrl, workUrl: url } = postgres
  await sqlOn(ownerUrl, 'CREATE SCHEMA dbos CREATE TABLE runs (id serial PRIMARY KEY)')
  const again = await start()
  const store = await openStore({ url: again.workUrl, ownerUrl, logger: silentLogger })
  expect(await databaseSettings(store)).toMatchObject({ superuser: false })
  await setProcessed(store, 3, { number: 9, hash: null })
  expect(await findCursor(store, 3)).toMatchObject({ processed: { number: 9 } })
  for (const sql of [
    "UPDATE timeline SET message = ''",
    'DELETE FROM evidence',
    'TRUNCATE timeline',
    'ALTER TABLE timeline DISABLE TRIGGER ALL',
    'SET session_replication_role = replica',
    'DELETE FROM broadcasts',
    'INSERT INTO cordon_migrations (id, name) VALUES (9999, $$x$$)',
    'CREATE TABLE public.mine ()',
    "COPY (SELECT 1) TO PROGRAM 'true'",
  ])
    await expect(sqlOn(url, sql), sql).rejects.toThrow(/permission denied|must be owner/)
  // the durable runs bring their own tables up to date, in a schema of their own
  await sqlOn(url, 'ALTER TABLE dbos.runs ADD COLUMN name text')
  await sqlOn(url, 'DROP SCHEMA dbos CASCADE')
  await sqlOn(url, 'CREATE SCHEMA dbos')
  await sqlOn(url, 'DROP SCHEMA dbos')
  await closeStore(store)
  await again.stop()
  await postgres.stop()
})

test('two on one folder share a server, and the last one out stops it', async () => {
  const [one, other] = await Promise.all([start(), start()])
  expect([one.adopted, other.adopted].sort()).toEqual([false, true])
  expect(one.port).toBe(other.port)
  await one.stop()
  expect(await sqlOn(other.url, 'SELECT 1 AS up')).toEqual([{ up: 1 }])
  await other.stop()
  await expect(sqlOn(other.url, 'SELECT 1')).rejects.toThrow()
})

test('two that end at the same time leave no PostgreSQL behind', async () => {
  const children = [await startProcess(), await startProcess()]
  const file = await readPidFile(join(dataDir, 'cluster'))
  for (const { stop } of children) stop('SIGTERM')
  await expect.poll(() => isAlive(file?.pid), { timeout: 50_000 }).toBe(false)
})

test('kill -9 of Node leaves a PostgreSQL that the next start adopts', async () => {
  const killed = await startInChild()
  const postgres = await start()
  expect(postgres).toMatchObject({ adopted: true, port: killed.port })
  expect(await sqlOn(postgres.url, 'SELECT 1 AS up')).toEqual([{ up: 1 }])
  await postgres.stop()
})

test('one that was adopted comes back as well when it is killed, and two that share it start one', async () => {
  await startInChild()
  const [one, other] = await Promise.all([start(), start()])
  expect([one.adopted, other.adopted]).toEqual([true, true])
  const store = await openStore({ url: one.url, logger: silentLogger })
  const file = await readPidFile(join(dataDir, 'cluster'))
  process.kill(file?.pid ?? 0, 'SIGKILL')
  await setProcessed(store, 2, { number: 8, hash: null })
  expect(await findCursor(store, 2)).toMatchObject({ processed: { number: 8 } })
  await closeStore(store)
  const keepers = `SELECT count(*)::int AS n FROM pg_stat_activity WHERE application_name = 'cordon-keeper'`
  await expect.poll(async () => (await sqlOn(one.url, keepers))[0], { timeout: 20_000 }).toEqual({ n: 2 })
  await one.stop()
  expect(await sqlOn(other.url, 'SELECT 1 AS up')).toEqual([{ up: 1 }])
  await other.stop()
  await expect(sqlOn(other.url, 'SELECT 1')).rejects.toThrow()
})

test('kill -9 of Node stops PostgreSQL some seconds later, in order, where nobody has adopted it', async () => {
  await startInChild()
  const file = await readPidFile(join(dataDir, 'cluster'))
  await expect.poll(() => isAlive(file?.pid), { timeout: 50_000 }).toBe(false)
  const log = await readFile(join(dataDir, 'postgres.log'), 'utf8')
  const postgres = await start()
  // it was not found dead: there is nothing to recover
  expect((await readFile(join(dataDir, 'postgres.log'), 'utf8')).slice(log.length)).not.toMatch(/recovery/)
  await postgres.stop()
})

test('an adopted PostgreSQL outlives the sentinel of who started it', async () => {
  const killed = await startInChild()
  const postgres = await start()
  // between two looks a sentinel sleeps: a second sleep says that it has looked, and gone on
  const sleeps = new Set<number>()
  const looks = (): number => {
    for (const { pid } of processesIn(dataDir)) for (const sleep of childrenOf(pid)) sleeps.add(sleep)
    return sleeps.size
  }
  await expect.poll(looks, { timeout: 50_000 }).toBeGreaterThan(1)
  expect(await sqlOn(postgres.url, 'SELECT 1 AS up')).toEqual([{ up: 1 }])
  expect(postgres.port).toBe(killed.port)
  await postgres.stop()
})

test('a stale pid file whose number now is another program does not stop a start', async () => {
  await writeFile(join(dataDir, 'cluster', 'postmaster.pid'), `${process.pid}\n${dataDir}/cluster\n1\n5432\n`)
  const postgres = await start()
  expect(postgres.adopted).toBe(false)
  await postgres.stop()
})

test('a server that is killed comes back on the same port, and an open store goes on over it', async () => {
  const postgres = await start()
  const store = await openStore({ url: postgres.url, logger: silentLogger })
  const file = await readPidFile(join(dataDir, 'cluster'))
  process.kill(file?.pid ?? 0, 'SIGKILL')
  await setProcessed(store, 1, { number: 7, hash: null })
  expect(await findCursor(store, 1)).toMatchObject({ processed: { number: 7 } })
  await closeStore(store)
  await postgres.stop()
})

test('a data folder without its password file says how to get on', async () => {
  const password = await readFile(join(dataDir, 'password'))
  await rm(join(dataDir, 'password'))
  const failure = await start().catch((thrown: unknown) => String(thrown).replaceAll(dataDir, '<dir>'))
  expect(failure).toMatchInlineSnapshot(`
    "store.PostgresFailed: The data folder has a database but no password file.
      dataDir: <dir>
    Fix: Restore <dir>/password from a backup, or move the folder away to begin an empty record."
  `)
  await writeFile(join(dataDir, 'password'), password, { mode: 0o600 })
})

test('a folder with other things in it is left as it is', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'cordon-foreign-'))
  await writeFile(join(folder, 'signer.key'), 'precious', { mode: 0o600 })
  const failing = startEmbeddedPostgres({ dataDir: folder, logger: silentLogger })
  await expect(failing).rejects.toMatchObject({ code: 'store.PostgresFailed' })
  expect((await stat(folder)).uid).toBe(process.getuid?.())
  await rm(folder, { recursive: true })
})

/** The `sleep` programs that a shell waits for. */
function childrenOf(pid: number): number[] {
  const children = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,comm=']).toString().split('\n')
  return children.flatMap((line) => {
    const [child, parent, name] = line.trim().split(/ +/)
    return Number(parent) === pid && name === 'sleep' ? [Number(child)] : []
  })
}

function isAlive(pid: number | undefined): boolean {
  try {
    return process.kill(pid ?? 0, 0)
  } catch {
    return false
  }
}

/** Starts PostgreSQL in a process of its own and kills that process. */
async function startInChild(): Promise<{ port: number }> {
  const { port, stop } = await startProcess()
  await stop('SIGKILL')
  return { port }
}

/** A process that uses the PostgreSQL of the folder: SIGTERM stops it in order. */
async function startProcess(): Promise<{ port: number; stop(signal: NodeJS.Signals): Promise<void> }> {
  const child = spawn(process.execPath, ['.cordon/test-build/test/fixtures/start-postgres.js', dataDir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const output = await new Promise<string>((settle) =>
    child.stdout.once('data', (data) => settle(String(data))),
  )
  return {
    port: z.object({ port: z.number() }).parse(JSON.parse(output)).port,
    async stop(signal) {
      const gone = new Promise((settle) => child.once('exit', settle))
      child.kill(signal)
      await gone
    },
  }
}
