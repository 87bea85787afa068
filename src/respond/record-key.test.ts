import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { isSigned, makeSeal } from '../incidents/seal.ts'
import { recordKey } from './record-key.ts'

const folders: string[] = []
afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true })
})

async function aFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'cordon-key-'))
  folders.push(folder)
  return folder
}

test('a key is made once, whoever comes at the same time, and is for this user alone', async () => {
  const folder = await aFolder()
  const keys = await Promise.all([1, 2, 3].map(() => recordKey(join(folder, 'data'))))
  expect(new Set(keys.map(({ publicKey }) => publicKey)).size).toBe(1)
  expect((await recordKey(join(folder, 'data'))).publicKey).toBe(keys[0]?.publicKey)
  expect(await readdir(join(folder, 'data'))).toEqual(['record.key'])
  expect((await stat(join(folder, 'data', 'record.key'))).mode & 0o777).toBe(0o600)
})

test('what it signs is checked with the key that the seal names, and nothing else passes', async () => {
  const seal = makeSeal({ newest: undefined, incidents: [], sealedAt: 1 }, await recordKey(await aFolder()))
  const other = makeSeal({ newest: undefined, incidents: [], sealedAt: 1 }, await recordKey(await aFolder()))
  expect(isSigned(seal)).toBe(true)
  expect(isSigned({ ...seal, hash: 'ab'.repeat(32) })).toBe(false)
  expect(isSigned({ ...seal, publicKey: other.publicKey })).toBe(false)
  expect(isSigned({ ...seal, signature: '' })).toBe(false)
  expect(isSigned({ ...seal, publicKey: 'zz' })).toBe(false)
})

test('a file that is no key is an error with a way out, and is left as it is', async () => {
  const folder = await aFolder()
  await writeFile(join(folder, 'record.key'), 'precious')
  await expect(recordKey(folder)).rejects.toMatchObject({ code: 'app.RecordKeyUnreadable' })
  expect(await readdir(folder)).toEqual(['record.key'])
})
