import { chmod, chown, mkdir, readdir, readFile, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { sha256 } from '../../kit/json.ts'
import { postgresFailed } from '../errors.ts'

/** The location of a cluster, and the user that PostgreSQL runs as under root. */
export type Folder = { dataDir: string; cluster: string; log: string; owner: Owner | undefined }
type Owner = { uid: number; gid: number }

const OURS = new Set(['cluster', 'password', 'initdb-password', 'postgres.log', 'setup.lock'])

/**
 * Creates the folder, private, and gives it to the user that PostgreSQL runs as. Throws `store.PostgresFailed` if it
 * contains other things.
 */
export async function prepareFolder(dataDir: string): Promise<Folder> {
  const path = await reachable(resolve(dataDir))
  // Folders above keep the ordinary mode: a private one there would exclude PostgreSQL's own user.
  await mkdir(dirname(path), { recursive: true })
  await mkdir(path, { recursive: true, mode: 0o700 })
  await refuseForeignFolder(path)
  const owner = process.getuid?.() === 0 ? await ownerFor(path) : undefined
  if (owner) await chown(path, owner.uid, owner.gid)
  await chmod(path, 0o700)
  return { dataDir: path, cluster: join(path, 'cluster'), log: join(path, 'postgres.log'), owner }
}

/** The location of root's clusters if their own place is closed to other users (a checkout under /root). */
const SHELTER = '/var/lib/cordon'

/** The path itself, except under root where a folder above it is closed to the user that PostgreSQL runs as. */
async function reachable(path: string): Promise<string> {
  if (process.getuid?.() !== 0) return path
  for (let above = dirname(path); above !== dirname(above); above = dirname(above)) {
    const found = await stat(above).catch(() => undefined)
    if (found !== undefined && (found.mode & 0o001) === 0) return join(SHELTER, sha256(path).slice(0, 16))
  }
  return path
}

/** A folder with other things in it must not change its owner. */
async function refuseForeignFolder(path: string): Promise<void> {
  const foreign = (await readdir(path)).find((name) => !OURS.has(name))
  if (foreign === undefined) return
  throw postgresFailed({
    what: `The data folder holds something that is not PostgreSQL's: ${foreign}.`,
    dataDir: path,
    fix: 'Choose a folder only for PostgreSQL, for example a new one inside this one.',
  })
}

/** The user that PostgreSQL runs as under root: the present owner of the folder, else `nobody`. initdb needs a name. */
async function ownerFor(path: string): Promise<Owner> {
  const { uid, gid } = await stat(path)
  if (uid !== 0) return { uid, gid }
  const passwd = await readFile('/etc/passwd', 'utf8').catch(() => '')
  const nobody = /^nobody:[^:]*:(\d+):(\d+):/m.exec(passwd)
  return nobody ? { uid: Number(nobody[1]), gid: Number(nobody[2]) } : { uid: 65_534, gid: 65_534 }
}
