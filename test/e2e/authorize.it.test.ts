import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createRpc, type Rpc } from '../../src/chain/rpc/rpc.ts'
import { type Anvil, startAnvil } from '../../src/chain/sandbox/anvil.ts'
import { addressOf, drillAccount } from '../../src/drills/accounts.ts'
import { sendAttackOnce } from '../../src/drills/attacks.ts'
import { deployDrill } from '../../src/drills/deploy.ts'
import type { DrillDeployment } from '../../src/drills/deployment.ts'
import { type RanCommand, runCordon, startCordon, writeDrillConfig } from '../harness/cordon-process.ts'
import { type FreshDatabase, freshDatabase } from '../harness/postgres.ts'

let anvil: Anvil
let rpc: Rpc
let at: DrillDeployment
let dir: string
let database: FreshDatabase
let env: Record<string, string>

beforeAll(async () => {
  anvil = await startAnvil({ mining: { kind: 'interval', seconds: 1 } })
  rpc = createRpc({ urls: [anvil.url] })
  dir = await mkdtemp(join(tmpdir(), 'cordon-authorize-'))
  at = await deployDrill(anvil.url)
  database = await freshDatabase()
  env = await writeDrillConfig(dir, { deployment: at, rpcUrl: anvil.url, databaseUrl: database.url })
  const file = join(dir, 'cordon.config.json')
  const config = JSON.parse(await readFile(file, 'utf8'))
  const guardian = [...config.roles.guardian, { name: 'The Safe', address: SAFE }]
  await writeFile(
    file,
    JSON.stringify({ ...config, authorisations: [], roles: { ...config.roles, guardian } }),
  )
})

afterAll(async () => {
  await rpc.close()
  await anvil.stop()
  await database.drop()
  await rm(dir, { recursive: true, force: true })
})

const SAFE = `0x${'5a'.repeat(20)}`

const authorize = (...args: string[]): Promise<RanCommand> =>
  runCordon({ args: ['levers', 'authorize', ...args], cwd: dir, env })
const lines = ({ lines }: RanCommand, type: string) => lines.filter((line) => line['type'] === type)

test('an authorisation is made, signed, kept and listed by the command, and revoked by it', async () => {
  const made = await authorize('--for', '2d', '--max-actions', '4')
  expect(made.errors).toEqual([])
  const [standing] = lines(made, 'authorisation-standing')
  expect(standing).toMatchObject({
    standing: { holds: true, left: 4 },
    authorisation: { signer: addressOf('guardian'), maxActions: 4, selectors: ['0x8456cb59'] },
  })
  expect(standing?.['words']).toMatch(
    /4 of 4 actions left; pause\(\) on OptionsVault \(0x[0-9a-f]{40}\), LendingMarket/,
  )
  expect(lines(made, 'alone')).toHaveLength(3)
  for (const { alone, text } of lines(made, 'alone')) {
    expect(alone).toBe(true)
    expect(text).toMatch(/pause\(\) is pulled alone on hard evidence, sent by 0x.*Gus.*4 of 4 actions left/)
  }
  const { hash } = (standing?.['standing'] ?? {}) as { hash: string }
  const revoked = await authorize('--revoke', hash, '--by', 'Ilse')
  expect(revoked.lines).toEqual([{ type: 'authorisation-revoked', hash, isNew: true }])
  const after = await authorize('--list')
  expect(lines(after, 'authorisation-standing')).toMatchObject([
    { standing: { holds: false, reason: expect.stringMatching(/^it was revoked by Ilse/) } },
  ])
})

test('a contract without a pause is named where there is nothing to authorise', async () => {
  const none = await authorize(at.usdc)
  expect(none.errors).toMatchObject([
    { code: 'app.NothingToAuthorise', message: expect.stringMatching(/0x[0-9a-f]{40}.*it has no/) },
  ])
})

test('what is signed in a wallet or by a Safe is taken in; a stranger’s signature is not', async () => {
  const file = join(dir, 'draft.json')
  const drafted = await authorize('--message', '-o', file)
  const [draft] = lines(drafted, 'authorisation-draft')
  expect(draft).toMatchObject({ typedData: { types: { EIP712Domain: expect.any(Array) } } })
  const { typedData } = JSON.parse(await readFile(file, 'utf8'))
  const { EIP712Domain: _, ...types } = typedData.types
  const byStranger = await drillAccount('holder').signTypedData({ ...typedData, types })
  const refused = await authorize(
    '--import',
    file,
    '--signer',
    addressOf('guardian'),
    '--signature',
    byStranger,
  )
  expect(refused.errors).toMatchObject([{ code: 'app.AuthorisationRefused' }])
  const bySafe = ['--import', file, '--signer', SAFE, '--signature', '0x'] as const
  expect((await authorize(...bySafe)).errors).toMatchObject([{ code: 'app.AuthorisationRefused' }])
  // a Safe whose owners have approved the message answers with EIP-1271's word
  await rpc.request('anvil_setCode', [SAFE, '0x631626ba7e60e01b60005260206000f3'])
  const kept = await authorize(...bySafe)
  expect(kept.errors).toEqual([])
  expect(lines(kept, 'alone').every(({ alone, text }) => alone && /The Safe/.test(String(text)))).toBe(true)
  await rpc.request('anvil_setCode', [SAFE, '0x'])
  const signature = await drillAccount('guardian').signTypedData({ ...typedData, types })
  const byGuardian = await authorize(
    '--import',
    file,
    '--signer',
    addressOf('guardian'),
    '--signature',
    signature,
  )
  expect(byGuardian.errors).toEqual([])
})

test('under an authorisation that the command made an attack is contained, and start says so beforehand', async () => {
  const cordon = startCordon({ args: ['start'], cwd: dir, env })
  try {
    const told = await cordon.until(({ type, target }) => type === 'alone' && target === at.ethReserve)
    expect(told).toMatchObject({ alone: true })
    await sendAttackOnce(at, anvil.url, { kind: 'reentrancy' })
    const sent = await cordon.until(({ type, kind }) => type === 'timeline' && kind === 'broadcast')
    expect(sent['message']).toMatch(/^Sent pause\(\).*under authorisation 0x/)
    await cordon.until(
      ({ type, kind, message }) =>
        type === 'timeline' && kind === 'state' && /→ contained/.test(String(message)),
    )
  } finally {
    cordon.child.kill('SIGINT')
    await cordon.ended
  }
  const doctor = await runCordon({ args: ['doctor'], cwd: dir, env })
  const checks = doctor.lines.map(({ name, state, detail }) => `${state} ${name}: ${detail}`).join('\n')
  expect(checks).toMatch(/ok installation: [0-9a-f-]{36}/)
  expect(checks).toMatch(/ok authorisation 0x[0-9a-f]{64}: by Gus.*\d of 6 actions left/)
  expect(checks).toMatch(/warning authorisation 0x[0-9a-f]{64}: .*it was revoked by Ilse/)
  expect(checks).toMatch(/warning authorisation 0x[0-9a-f]{64}: by The Safe.*its signature is not/)
  expect(checks).toMatch(/ok without people on 0x[0-9a-f]{40}: .*is pulled alone on hard evidence/)
})
