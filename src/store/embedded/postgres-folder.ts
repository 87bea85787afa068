import { chmod, chown, mkdir, readdir, readFile, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { sha256 } from '../../kit/json.ts'
import { postgresFailed } from '../errors.ts'

/** Where a cluster lives, and who PostgreSQL runs as where we are root. */
export type Folder = { dataDir: string; cluster: string; log: string; owner: Owner | undefined }
type Owner = { uid: number; gid: number }

const OURS = new Set(['cluster', 'password', 'initdb-password', 'postgres.log', 'setup.lock'])

/** Makes the folder, private, and gives it to who PostgreSQL runs as. Throws `store.PostgresFailed` for one with other things in it. */
export async function prepareFolder(dataDir: string): Promise<Folder> {
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
