import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmod, chown, mkdir, open, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { dirname, join, resolve } from 'node:path'
import pg from 'pg'
import { CordonError } from '../kit/error.ts'
import { sha256 } from '../kit/json.ts'
import type { Logger } from '../kit/logger.ts'
import { postgresFailed } from './errors.ts'
import { withFolderLock } from './folder-lock.ts'
import { isPostmasterOf, type PidFile, readPidFile } from './pid-file.ts'
import { type PostgresBinaries, preparePostgres } from './postgres-binaries.ts'

export type EmbeddedPostgresOptions = {
  /**
   * Made if missing. Holds the cluster, the password and the log, nothing else: as root, the folder is given
   * to an unprivileged user.
   */
  dataDir: string
  /** A free one by default. */
  port?: number
  logger: Logger
  /** Gives up fsync for speed: for tests only, since a power cut may lose all. */
  ephemeral?: boolean
}

export type EmbeddedPostgres = {
  /** With the password: for `openStore`, never for a log. */
  url: string
  port: number
  /** True where a server that an earlier process left behind was taken over. */
  adopted: boolean
  /** Shuts the server down, unless another Cordon on the same folder still uses it. */
  stop(): Promise<void>
}

type Folder = { dataDir: string; cluster: string; log: string; owner: Owner | undefined }
type Owner = { uid: number; gid: number }
type Server = { port: number; pid: number; adopted: boolean }

const OURS = new Set(['cluster', 'password', 'postgres.log', 'setup.lock'])
const START_TIMEOUT_MS = 30_000
const DURABLE = ['wal_level=replica', 'shared_buffers=128MB']
// Commits still reach the operating system (synchronous_commit stays on), so a killed server loses nothing even
// here; only a power cut would.
const EPHEMERAL = ['fsync=off', 'full_page_writes=off', 'shared_buffers=64MB']

/**
 * Starts the PostgreSQL 18 that npm brought, listening on 127.0.0.1 with a generated password (kept in the
 * data folder, mode 0600), or adopts the one that a killed process left running on the same folder.
 * As root it runs as an unprivileged uid, because PostgreSQL refuses root. If the server dies by itself it is
 * started again on the same port. Throws `store.PostgresMissing`, `store.PostgresFailed`.
 *
 * @example
 * const postgres = await startEmbeddedPostgres({ dataDir: '.cordon/postgres', logger })
 * const store = await openStore({ url: postgres.url, logger })
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const binaries = await preparePostgres()
  const folder = await prepareFolder(options.dataDir)
  const ordered = { stop: false }
  const { password, server } = await withFolderLock(folder.dataDir, async () => {
    const password = await ensureCluster(binaries, folder)
    const server = (await adopt(folder, password)) ?? (await launch({ binaries, folder, options, ordered }))
    return { password, server }
  })
  const url = urlOf(server.port, password)
  const keeper = await holdKeeper(url, folder)
  options.logger.info({ port: server.port, adopted: server.adopted }, 'PostgreSQL is up')
  return {
    url,
    port: server.port,
    adopted: server.adopted,
    stop: () => shutDown({ folder, keeper, ordered }),
  }
}

async function prepareFolder(dataDir: string): Promise<Folder> {
  const path = await reachable(resolve(dataDir))
  // Folders above keep the ordinary mode: a private one there would shut PostgreSQL's own user out.
  await mkdir(dirname(path), { recursive: true })
  await mkdir(path, { recursive: true, mode: 0o700 })
  await refuseForeignFolder(path)
  const owner = process.getuid?.() === 0 ? await ownerFor(path) : undefined
  if (owner) await chown(path, owner.uid, owner.gid)
  await chmod(path, 0o700)
  return { dataDir: path, cluster: join(path, 'cluster'), log: join(path, 'postgres.log'), owner }
}

/** Where root's clusters live whose own place is closed to everybody else (a checkout under /root). */
const SHELTER = '/var/lib/cordon'

/** The path itself, unless we are root and a folder above it is closed to the user that PostgreSQL runs as. */
async function reachable(path: string): Promise<string> {
  if (process.getuid?.() !== 0) return path
  for (let above = dirname(path); above !== dirname(above); above = dirname(above)) {
    const found = await stat(above).catch(() => undefined)
    if (found !== undefined && (found.mode & 0o001) === 0) return join(SHELTER, sha256(path).slice(0, 16))
  }
  return path
}

/** A folder with other things in it must not change hands. */
async function refuseForeignFolder(path: string): Promise<void> {
  const foreign = (await readdir(path)).find((name) => !OURS.has(name))
  if (foreign === undefined) return
  throw postgresFailed({
    what: `The data folder holds something that is not PostgreSQL's: ${foreign}.`,
    dataDir: path,
    fix: 'Choose a folder for PostgreSQL alone, for example a new one inside this one.',
  })
}

/** Who PostgreSQL runs as when we are root: who owns the folder already, else `nobody`. initdb wants a name. */
async function ownerFor(path: string): Promise<Owner> {
  const { uid, gid } = await stat(path)
  if (uid !== 0) return { uid, gid }
  const passwd = await readFile('/etc/passwd', 'utf8').catch(() => '')
  const nobody = /^nobody:[^:]*:(\d+):(\d+):/m.exec(passwd)
  return nobody ? { uid: Number(nobody[1]), gid: Number(nobody[2]) } : { uid: 65_534, gid: 65_534 }
}

/** Runs initdb once; gives back the password of that cluster. */
async function ensureCluster(binaries: PostgresBinaries, folder: Folder): Promise<string> {
  const passwordFile = join(folder.dataDir, 'password')
  const done = await stat(join(folder.cluster, 'global', 'pg_control')).catch(() => undefined)
  const known = await readFile(passwordFile, 'utf8').catch(() => undefined)
  if (done && known) return known
  if (done) {
    throw postgresFailed({
      what: 'The data folder has a database but no password file.',
      dataDir: folder.dataDir,
      fix: `Restore ${passwordFile} from a backup, or move the folder away to begin an empty record.`,
    })
  }
  // Half a cluster is what a killed initdb leaves: pg_control is written near its end, so nothing is lost.
  await rm(folder.cluster, { recursive: true, force: true })
  const password = randomBytes(24).toString('hex')
  await writeFile(passwordFile, password, { mode: 0o600 })
  if (folder.owner) await chown(passwordFile, folder.owner.uid, folder.owner.gid)
  await runInitdb(binaries, folder, passwordFile)
  return password
}

async function runInitdb(binaries: PostgresBinaries, folder: Folder, passwordFile: string): Promise<void> {
  const flags = [
    '--username=cordon',
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale=C',
    '--no-instructions',
    '--no-sync',
  ]
  const child = spawn(binaries.initdb, ['-D', folder.cluster, ...flags], {
    ...folder.owner,
    cwd: '/',
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { PATH: process.env['PATH'] ?? '', LC_ALL: 'C', TZ: 'UTC' },
  })
  let said = ''
  child.stderr?.on('data', (chunk: Buffer) => {
    said += chunk.toString()
  })
  const code = await new Promise<number | string>((settle) => {
    child.once('error', (thrown) => settle(thrown.message))
    child.once('close', (status, signal) => settle(status ?? signal ?? 'unknown'))
  })
  if (code === 0) return
  await rm(folder.cluster, { recursive: true, force: true })
  throw postgresFailed({
    what: `initdb ended with ${code}.`,
    dataDir: folder.dataDir,
    logTail: tailOf(said),
    fix: folder.owner
      ? `PostgreSQL runs as uid ${folder.owner.uid}, which must be able to enter every folder above this one: choose a data folder outside /root, or run Cordon as a normal user.`
      : 'Check that the data folder can be written and that the disk is not full.',
  })
}

/** Takes over a live server on this folder; undefined where there is none. Never touches a live one's files. */
async function adopt(folder: Folder, password: string): Promise<Server | undefined> {
  const deadline = Date.now() + START_TIMEOUT_MS
  while (Date.now() < deadline) {
    const file = await readPidFile(folder.cluster)
    if (!file) return undefined
    if (!(await isPostmasterOf(file.pid, folder.cluster))) {
      // The number may by now belong to a stranger, which would make PostgreSQL itself refuse to start.
      await rm(join(folder.cluster, 'postmaster.pid'), { force: true })
      return undefined
    }
    if (file.status === 'ready' && (await answers(urlOf(file.port, password)))) {
      return { port: file.port, pid: file.pid, adopted: true }
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
  /** Set once we ourselves stop it: from then on no death is answered by a start, whatever the exit code. */
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
      restartWhenItDies({ ...launching, options: { ...options, port } }, child)
      return { port, pid: file.pid, adopted: false }
    } catch (thrown) {
      // Between asking for a free port and using it somebody else may have taken it.
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
  // Its own process group: Ctrl-C reaches us only, and we shut it down in order.
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

/** An ordered shutdown (by us or by an administrator) exits 0; anything else is a death, answered by a start. */
function restartWhenItDies(launching: Launch, child: ChildProcess): void {
  const { logger } = launching.options
  child.once('exit', (code, signal) => {
    if (code === 0 || launching.ordered.stop) return
    logger.error({ code, signal }, 'PostgreSQL died; starting it again')
    launch(launching).catch((thrown: unknown) =>
      logger.error(
        { error: thrown instanceof CordonError ? thrown.message : String(thrown) },
        'No PostgreSQL',
      ),
    )
  })
}

/** A session whose only use is to be seen by others on this folder: the last one out stops the server. */
async function holdKeeper(url: string, folder: Folder): Promise<pg.Client> {
  const keeper = new pg.Client({ connectionString: url, application_name: 'cordon-keeper', keepAlive: true })
  keeper.on('error', () => {})
  try {
    await keeper.connect()
    return keeper
  } catch (cause) {
    throw postgresFailed({ what: 'PostgreSQL refused us.', dataDir: folder.dataDir, cause })
  }
}

type ShutDown = { folder: Folder; keeper: pg.Client; ordered: Launch['ordered'] }

async function shutDown({ folder, keeper, ordered }: ShutDown): Promise<void> {
  const others = await othersUsing(keeper)
  await keeper.end().catch(() => {})
  const file = await readPidFile(folder.cluster)
  if (others || !file || !(await isPostmasterOf(file.pid, folder.cluster))) return
  ordered.stop = true
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

function tailOf(text: string): string {
  return text.trimEnd().split('\n').slice(-12).join('\n')
}

function pause(ms: number): Promise<void> {
  return new Promise((settle) => setTimeout(settle, ms))
}
