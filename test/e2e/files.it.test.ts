import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Anvil } from '../../src/chain/sandbox/anvil.ts'
import { startAnvil } from '../../src/chain/sandbox/anvil.ts'
import type { CordonOptions, RanCommand } from '../harness/cordon-process.ts'
import { runCordon } from '../harness/cordon-process.ts'

let anvil: Anvil
let dir: string

beforeAll(async () => {
  anvil = await startAnvil({ mining: { kind: 'manual' } })
  dir = await mkdtemp(join(tmpdir(), 'cordon-e2e-'))
})

afterAll(async () => {
  await anvil.stop()
  await rm(dir, { recursive: true, force: true })
})

const run = (args: readonly string[], env: CordonOptions['env'] = {}): Promise<RanCommand> =>
  runCordon({ args, cwd: dir, env })

test('a key is made in a keystore, listed and checked, and nobody sees it', async () => {
  const keys = await mkdtemp(join(tmpdir(), 'cordon-keys-'))
  const secret = { PAUSE_PASSWORD: 'not-to-be-seen' }
  const path = join(keys, 'pause.json')
  const made = await run(['signers', 'new', '--keystore', path, '--password-env', 'PAUSE_PASSWORD'], secret)
  const [{ address }] = made.lines as [{ address: string }]
  const again = await run(['signers', 'new', '--keystore', path, '--password-env', 'PAUSE_PASSWORD'], secret)
  expect(again.errors).toMatchObject([{ code: 'app.KeystoreNotWritten' }])
  const file = join(keys, 'config.json')
  const signers = [{ kind: 'keystore', path, passwordEnv: 'PAUSE_PASSWORD' }, { env: 'UNSET' }]
  await writeFile(file, JSON.stringify({ chains: [{ chainId: 31_337, rpcUrls: [anvil.url] }], signers }))
  const checked = await run(['signers', 'check', '-c', file], secret)
  expect(checked.lines).toMatchObject([
    { address, kind: 'keystore', problem: null, balances: { 31337: '0' } },
    { address: null, kind: 'env', problem: 'The environment variable UNSET is not set.' },
  ])
  expect(checked.code).toBe(4)
  await writeFile(
    file,
    JSON.stringify({ chains: [{ chainId: 31_337, rpcUrls: [anvil.url] }], signers: [signers[0]] }),
  )
  const listed = await run(['signers', 'list', '-c', file], secret)
  expect(listed.lines).toEqual([{ type: 'signer', address, kind: 'keystore', from: path }])
  expect(JSON.stringify([made, again, checked, listed])).not.toContain('not-to-be-seen')
  await rm(keys, { recursive: true })
})

test('rules: the shipped ones pass; a failing test exits 1 and names the transaction; a broken file is told with its place', async () => {
  const listed = await run(['rules', 'list'])
  expect(listed.code).toBe(0)
  expect(listed.lines).toContainEqual(expect.objectContaining({ type: 'rule', id: 'bank-run' }))
  const file = join(dir, 'rule.yaml')
  const text = (where: string): string =>
    `id: mine\ntitle: T\nowner: me\nlevel: low\nstatus: experimental\ndescription: d\ncategories: [drain]\n` +
    `on: transaction\nwhere: ${where}\nmessage: m\nconfidence: 0.3\n` +
    `tests: [{ name: n, blocks: [{ transactions: [{ from: a, to: b, flags: true }] }] }]\n`
  await writeFile(file, text('tx.failed'))
  const failing = await run(['rules', 'test', file])
  expect(failing.code).toBe(1)
  expect(failing.lines).toMatchObject([
    { type: 'rule-test', rule: 'mine', passed: false, missed: [expect.stringMatching(/^0x/)] },
  ])
  await writeFile(file, text('"!tx.failed"'))
  expect(await run(['rules', 'test', file])).toMatchObject({ code: 0, lines: [{ passed: true }] })
  await writeFile(file, text('tx.nope'))
  expect(await run(['rules', 'check', file])).toMatchObject({
    code: 1,
    errors: [{ code: 'detect.InvalidRule', facts: { file, line: 9, column: 11, field: 'where' } }],
  })
})
