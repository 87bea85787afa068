import { type ChildProcess, spawn } from 'node:child_process'
import { open, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import pg from 'pg'
import { messageOf } from '../../kit/error.ts'
import type { Logger } from '../../kit/logger.ts'
import { postgresFailed } from '../errors.ts'
import { ensureCluster, tailOf } from './cluster.ts'
import { withFolderLock } from './folder-lock.ts'
import { isPostmasterOf, type PidFile, readPidFile } from './pid-file.ts'
import { type PostgresBinaries, preparePostgres } from './postgres-binaries.ts'
import { type Folder, prepareFolder } from './postgres-folder.ts'
import { guardPostmaster, type Sentinel } from './sentinel.ts'
import { ensureWorkRole, workPassword, workUrlOf } from './work-role.ts'

export type EmbeddedPostgresOptions = {
  /**
   * Created if missing. Contains only the cluster, the password and the log: under root, the folder is given to an
   * unprivileged user.
   */
  dataDir: string
  /** A free one by default. */
  port?: number
  logger: Logger
  /** Gives up fsync for speed: for tests only, since a power failure may lose everything. */
  ephemeral?: boolean
}

export type EmbeddedPostgres = {
  /** As the superuser, with the password: for set-up and migrations, never for a log. */
  url: string
  /** As the role that Cordon works as: not a superuser, and not the owner of the tables. */
  workUrl: string
  port: number
  /** True where it took over a server that an earlier process left running. */
  adopted: boolean
  /** Shuts the server down, unless another Cordon on the same folder still uses it. */
  stop(): Promise<void>
}

/** `child` is null where an earlier process started it. */
type Server = { port: number; pid: number; child: ChildProcess | null }

const START_TIMEOUT_MS = 30_000
const DURABLE = ['wal_level=replica', 'shared_buffers=128MB']
// Commits still reach the operating system (synchronous_commit stays on), so a killed server loses nothing even here;
// only a power failure would.
const EPHEMERAL = ['fsync=off', 'full_page_writes=off', 'shared_buffers=64MB']

/**
 * Starts the PostgreSQL 18 that npm installed, listening on 127.0.0.1 with a generated password (kept in the data
 * folder, mode 0600), or adopts the one that a killed process left running on the same folder. As root it runs as an
 * unprivileged uid, because PostgreSQL refuses root. If the server dies unexpectedly it is restarted on the same port.
 * If this process dies without `stop`, the server is shut down cleanly some seconds later, unless another Cordon uses
 * it by then. Throws `store.PostgresMissing`, `store.PostgresFailed`.
 *
 * @example
 * const postgres = await startEmbeddedPostgres({ dataDir: '.cordon/postgres', logger })
 * const store = await openStore({ url: postgres.url, logger })
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const binaries = await preparePostgres()
  const folder = await prepareFolder(options.dataDir)
  const ordered = { stop: false }
  // Before the server: a server that never becomes ready must not outlive this process either.
  const sentinel = guardPostmaster(folder)
  const { password, server } = await withFolderLock(folder.dataDir, async () => {
    const password = await ensureCluster(binaries, folder)
    const server = (await adopt(folder, password)) ?? (await launch({ binaries, folder, options, ordered }))
    await ensureWorkRole(urlOf(server.port, password), workPassword(password))
    return { password, server }
  })
  supervise({ binaries, folder, options: { ...options, port: server.port }, ordered }, server, password)
  const url = urlOf(server.port, password)
  const keeper = await holdKeeper({ url, folder, ordered })
  const adopted = server.child === null
  options.logger.info({ port: server.port, adopted }, 'PostgreSQL is up')
  return {
    url,
    workUrl: workUrlOf(url, workPassword(password)),
    port: server.port,
    adopted,
    stop: () => shutDown({ folder, keeper, sentinel, ordered }),
  }
}

/** Takes over a live server on this folder; undefined where there is none. Never changes the files of a live one. */
async function adopt(folder: Folder, password: string): Promise<Server | undefined> {
  const deadline = Date.now() + START_TIMEOUT_MS
  while (Date.now() < deadline) {
    const file = await readPidFile(folder.cluster)
    if (!file) return undefined
    if (!(await isPostmasterOf(file.pid, folder.cluster))) {
      // The process id may by now belong to another program, which would make PostgreSQL itself refuse to start.
      await rm(join(folder.cluster, 'postmaster.pid'), { force: true })
      return undefined
    }
    if (file.status === 'ready' && (await answers(urlOf(file.port, password)))) {
      return { port: file.port, pid: file.pid, child: null }
    }
    await pause(25)
  }
  throw postgresFailed({
    what: 'A PostgreSQL runs on this data folder but does not answer.',
    dataDir: folder.dataDir,
    logTail: await logTail(folder),
    fix: 'Stop that server (its process id is the first line of cluster/postmaster.pid), then start again.',
  })
}

async function answers(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 3_000 })
  client.on('error', () => {})
  try {
    await client.connect()
    await client.query('SELECT 1')
    return true
  } catch {
    return false
  } finally {
    await client.end().catch(() => {})
  }
}

type Launch = {
  binaries: PostgresBinaries
  folder: Folder
  options: EmbeddedPostgresOptions
  /** Set once this process stops it: from then on no exit causes a restart, whatever the exit code. */
  ordered: { stop: boolean }
}

async function launch(launching: Launch): Promise<Server> {
  const { folder, options } = launching
  const fixed = options.port
  for (let attempt = 1; ; attempt++) {
    const port = fixed ?? (await freePort())
    const child = await spawnServer({ ...launching, port })
    try {
      const file = await untilReady(child, folder)
      return { port, pid: file.pid, child }
    } catch (thrown) {
      // Another program may have taken the free port before its use.
      const portTaken = (await logTail(folder)).includes('Address already in use')
      if (fixed !== undefined || !portTaken || attempt === 3) throw thrown
    }
  }
}

async function spawnServer(launching: Launch & { port: number }): Promise<ChildProcess> {
  const { binaries, folder, options, port } = launching
  const settings = [
    'listen_addresses=127.0.0.1',
    `port=${port}`,
    'unix_socket_directories=',
    'max_connections=100',
    'log_min_messages=warning',
    'timezone=UTC',
    ...(options.ephemeral ? EPHEMERAL : DURABLE),
  ]
  const log = await open(folder.log, 'a', 0o600)
  if (folder.owner) await log.chown(folder.owner.uid, folder.owner.gid)
  // Its own process group: Ctrl-C reaches only this process, which shuts the server down cleanly.
  const child = spawn(binaries.postgres, ['-D', folder.cluster, ...settings.flatMap((s) => ['-c', s])], {
    ...folder.owner,
    cwd: '/',
    detached: true,
    stdio: ['ignore', log.fd, log.fd],
    env: { PATH: process.env['PATH'] ?? '', LC_ALL: 'C', TZ: 'UTC' },
  })
  child.on('error', () => {})
  child.unref()
  await log.close()
  return child
}

async function untilReady(child: ChildProcess, folder: Folder): Promise<PidFile> {
  const deadline = Date.now() + START_TIMEOUT_MS
  while (Date.now() < deadline) {
    const over = child.pid === undefined || child.exitCode !== null || child.signalCode !== null
    if (over) break
    const file = await readPidFile(folder.cluster)
    if (file?.status === 'ready' && file.pid === child.pid) return file
    await pause(10)
  }
  throw postgresFailed({
    what: 'PostgreSQL did not start.',
    dataDir: folder.dataDir,
    logTail: await logTail(folder),
  })
}

/** The interval between checks of a server that an earlier process started, and the wait after a failed start. */
const LOOK_MS = 500
const AGAIN_MS = 5_000

/**
 * Restarts the server, on its port, when it dies. A clean shutdown (by this process or by an administrator) is
 * respected: it exits with 0, and removes its pid file.
 */
function supervise(launching: Launch, server: Server, password: string): void {
  const { ordered } = launching
  const revive = (): void => {
    if (!ordered.stop) void startAgain(launching, password)
  }
  const { child, pid } = server
  if (child !== null) {
    const isOver = child.exitCode !== null || child.signalCode !== null
    if (!isOver) child.once('exit', (code) => code !== 0 && revive())
    else if (child.exitCode !== 0) revive()
    return
  }
  const { cluster } = launching.folder
  const look = async (): Promise<void> => {
    while (!ordered.stop && (await isPostmasterOf(pid, cluster))) await idle(LOOK_MS)
    if ((await readPidFile(cluster)) !== undefined) revive()
  }
  void look()
}

/** Under the folder's lock: another Cordon on this folder may be about to do the same, then its server is ours too. */
async function startAgain(launching: Launch, password: string): Promise<void> {
  const { folder, ordered, options } = launching
  options.logger.error({ port: options.port }, 'PostgreSQL died; starting it again')
  while (!ordered.stop) {
    try {
      const server = await withFolderLock(
        folder.dataDir,
        async () => (await adopt(folder, password)) ?? (await launch(launching)),
      )
      return supervise(launching, server, password)
    } catch (thrown) {
      options.logger.error({ error: messageOf(thrown) }, 'PostgreSQL did not start; trying again')
      await idle(AGAIN_MS)
    }
  }
}

/** A pause that does not keep the process alive. */
function idle(ms: number): Promise<void> {
  return new Promise((settle) => setTimeout(settle, ms).unref())
}

type Keeper = { client: pg.Client }
type Keeping = { url: string; folder: Folder; ordered: Launch['ordered'] }

/** A session whose only purpose is to be visible to others on this folder: the last one to leave stops the server. */
async function holdKeeper({ url, folder, ordered }: Keeping): Promise<Keeper> {
  const connect = async (): Promise<pg.Client> => {
    const client = new pg.Client({
      connectionString: url,
      application_name: 'cordon-keeper',
      keepAlive: true,
    })
    client.on('error', () => {})
    await client.connect()
    client.once('end', () => void again())
    return client
  }
  const again = async (): Promise<void> => {
    while (!ordered.stop) {
      await idle(LOOK_MS)
      const client = ordered.stop ? undefined : await connect().catch(() => undefined)
      if (client === undefined) continue
      keeper.client = client
      return
    }
  }
  const keeper: Keeper = {
    client: await connect().catch((cause: unknown) => {
      throw postgresFailed({ what: 'PostgreSQL refused us.', dataDir: folder.dataDir, cause })
    }),
  }
  return keeper
}

type ShutDown = { folder: Folder; keeper: Keeper; sentinel: Sentinel; ordered: Launch['ordered'] }

async function shutDown({ folder, keeper, sentinel, ordered }: ShutDown): Promise<void> {
  // From here on this process must not restart it, even if others still use it.
  ordered.stop = true
  const others = await othersUsing(keeper.client)
  await keeper.client.end().catch(() => {})
  // The sentinel stays: two processes that stop at the same time each see the other here.
  if (others) return
  await stopServer(folder)
  // Last: if the process dies during a shutdown, it must not leave the server behind.
  sentinel.end()
}

async function stopServer(folder: Folder): Promise<void> {
  const file = await readPidFile(folder.cluster)
  if (!file || !(await isPostmasterOf(file.pid, folder.cluster))) return
  process.kill(file.pid, 'SIGINT')
  const deadline = Date.now() + START_TIMEOUT_MS
  while (await isPostmasterOf(file.pid, folder.cluster)) {
    if (Date.now() > deadline) {
      throw postgresFailed({ what: 'PostgreSQL did not stop.', dataDir: folder.dataDir })
    }
    await pause(10)
  }
}

async function othersUsing(keeper: pg.Client): Promise<boolean> {
  const sql = `SELECT 1 FROM pg_stat_activity WHERE application_name = 'cordon-keeper' AND pid <> pg_backend_pid()`
  return keeper.query(sql).then(
    (result) => (result.rowCount ?? 0) > 0,
    () => false,
  )
}

function urlOf(port: number, password: string): string {
  return `postgresql://cordon:${password}@127.0.0.1:${port}/postgres`
}

function freePort(): Promise<number> {
  return new Promise((settle, fail) => {
    const probe = createServer()
    probe.once('error', fail)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => settle(typeof address === 'object' && address ? address.port : 0))
    })
  })
}

async function logTail(folder: Folder): Promise<string> {
  return tailOf(await readFile(folder.log, 'utf8').catch(() => ''))
}

function pause(ms: number): Promise<void> {
  return new Promise((settle) => setTimeout(settle, ms))
}
