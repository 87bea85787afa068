import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { postgresFailed } from '../errors.ts'

const PATIENCE_MS = 60_000

/**
 * Runs `act` while no other process sets up the same data folder: two that start at once must not both run initdb. The
 * lock is a file with our process id; a lock of a dead process counts as free.
 */
export async function withFolderLock<T>(dataDir: string, act: () => Promise<T>): Promise<T> {
  const file = join(dataDir, 'setup.lock')
  const deadline = Date.now() + PATIENCE_MS
  while (!(await take(file))) {
    if (Date.now() > deadline) {
      throw postgresFailed({
        what: 'Another process has been setting up this data folder for a minute.',
        dataDir,
        fix: `Wait for it, or, if process ${await holderOf(file)} is not a Cordon, remove ${file}.`,
      })
    }
    await new Promise((settle) => setTimeout(settle, 20))
  }
  try {
    return await act()
  } finally {
    await rm(file, { force: true })
  }
}

async function take(file: string): Promise<boolean> {
  const taken = await writeFile(file, String(process.pid), { flag: 'wx', mode: 0o600 }).then(
    () => true,
    () => false,
  )
  if (taken) return true
  const holder = await holderOf(file)
  if (holder !== undefined && !isAlive(holder)) await rm(file, { force: true })
  return false
}

async function holderOf(file: string): Promise<number | undefined> {
  const pid = Number.parseInt(await readFile(file, 'utf8').catch(() => ''), 10)
  return Number.isInteger(pid) && pid > 0 ? pid : undefined
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (thrown) {
    return thrown instanceof Error && 'code' in thrown && thrown.code === 'EPERM'
  }
}
