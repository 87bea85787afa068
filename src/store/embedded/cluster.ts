import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmod, chown, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { postgresFailed } from '../errors.ts'
import type { PostgresBinaries } from './postgres-binaries.ts'
import type { Folder } from './postgres-folder.ts'

/** Runs initdb once; returns the password of that cluster. */
export async function ensureCluster(binaries: PostgresBinaries, folder: Folder): Promise<string> {
  const passwordFile = join(folder.dataDir, 'password')
  const done = await stat(join(folder.cluster, 'global', 'pg_control')).catch(() => undefined)
  const known = await readFile(passwordFile, 'utf8').catch(() => undefined)
  if (done && known) {
    await keepToOurselves(passwordFile)
    return known
  }
  if (done) {
    throw postgresFailed({
      what: 'The data folder has a database but no password file.',
      dataDir: folder.dataDir,
      fix: `Restore ${passwordFile} from a backup, or move the folder away to begin an empty record.`,
    })
  }
  // A killed initdb leaves a partial cluster: pg_control is written near its end, so nothing is lost.
  await rm(folder.cluster, { recursive: true, force: true })
  const password = randomBytes(24).toString('hex')
  await writeFile(passwordFile, password, { mode: 0o600 })
  await keepToOurselves(passwordFile)
  const pwfile = join(folder.dataDir, 'initdb-password')
  try {
    await writeFile(pwfile, password, { mode: 0o600 })
    if (folder.owner) await chown(pwfile, folder.owner.uid, folder.owner.gid)
    await runInitdb(binaries, folder, pwfile)
  } finally {
    await rm(pwfile, { force: true })
  }
  return password
}

/** Not even the user that PostgreSQL runs as may read it: under root that is `nobody`, which other programs use too. */
async function keepToOurselves(passwordFile: string): Promise<void> {
  const uid = process.getuid?.()
  if (uid === 0) await chown(passwordFile, 0, 0)
  await chmod(passwordFile, 0o600)
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

/** The last lines of PostgreSQL's output. */
export function tailOf(text: string): string {
  return text.trimEnd().split('\n').slice(-12).join('\n')
}
