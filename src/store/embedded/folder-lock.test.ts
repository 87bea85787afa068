import { spawnSync } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { withFolderLock } from './folder-lock.ts'
import { isPostmasterOf, readPidFile } from './pid-file.ts'
import { prepareFolder } from './postgres-folder.ts'

let dir: string

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'cordon-lock-'))
  return () => rm(dir, { recursive: true, force: true })
})

/** The number of a process that has ended. */
const deadPid = (): number => spawnSync(process.execPath, ['-e', '']).pid

test('of those who set up one folder, one at a time does, and the lock is gone afterwards', async () => {
  let inside = 0
  let most = 0
  const act = async (): Promise<number> => {
    most = Math.max(most, ++inside)
    expect(await readFile(join(dir, 'setup.lock'), 'utf8')).toBe(String(process.pid))
    return inside--
  }
  expect(await Promise.all([1, 2, 3, 4].map(() => withFolderLock(dir, act)))).toEqual([1, 1, 1, 1])
  expect([most, await readdir(dir)]).toEqual([1, []])
})

test('a setup that fails leaves no lock behind', async () => {
  const act = async (): Promise<never> => {
    throw new Error('no space left')
  }
  await expect(withFolderLock(dir, act)).rejects.toThrow('no space left')
  expect(await readdir(dir)).toEqual([])
})

test('the lock of a process that is gone is free', async () => {
  await writeFile(join(dir, 'setup.lock'), String(deadPid()))
  expect(await withFolderLock(dir, async () => 'done')).toBe('done')
})

test('the number, port and state of a server are read from its file; a file half written is none', async () => {
  expect(await readPidFile(dir)).toBeUndefined()
  const write = (text: string) => writeFile(join(dir, 'postmaster.pid'), text)
  await write('4711\n/data\n1700000000\n5433\n/tmp\nlocalhost\n  1 2\nready   \n')
  expect(await readPidFile(dir)).toEqual({ pid: 4_711, port: 5_433, status: 'ready' })
  await write('4711\n/data\n')
  expect(await readPidFile(dir)).toEqual({ pid: 4_711, port: 0, status: '' })
  for (const text of ['', 'abc\n', '-5\n', '0\n']) {
    await write(text)
    expect(await readPidFile(dir)).toBeUndefined()
  }
})

test('a process is the server of a cluster only where it works in that folder', async () => {
  expect(await isPostmasterOf(process.pid, dir)).toBe(false)
  expect(await isPostmasterOf(deadPid(), dir)).toBe(false)
})

test('a folder for PostgreSQL is private, and one that holds anything else is refused by its name', async () => {
  const folder = await prepareFolder(join(dir, 'postgres'))
  expect(folder).toMatchObject({ cluster: join(folder.dataDir, 'cluster') })
  await writeFile(join(folder.dataDir, 'setup.lock'), '1')
  expect(await prepareFolder(join(dir, 'postgres'))).toEqual(folder)
  await writeFile(join(folder.dataDir, 'thesis.txt'), 'mine')
  await expect(prepareFolder(join(dir, 'postgres'))).rejects.toMatchObject({
    code: 'store.PostgresFailed',
    message: expect.stringMatching(/thesis\.txt[\s\S]*Choose a folder only for PostgreSQL/),
  })
})
