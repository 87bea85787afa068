import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { keepingLogger } from '../../test/harness/api.ts'
import { installationAt } from '../../test/harness/installation.ts'
import { type FreshDatabase, freshDatabase, sqlOn } from '../../test/harness/postgres.ts'
import { createEndpoint } from '../chain/rpc/endpoint.ts'
import { type Anvil, startAnvil } from '../chain/sandbox/anvil.ts'
import { keystoreOf } from '../contain/signers/keystore.ts'
import { drillAccount } from '../drills/accounts.ts'
import { sendAttackOnce } from '../drills/attacks.ts'
import { drillConfig } from '../drills/config.ts'
import { deployDrill } from '../drills/deploy.ts'
import { configSchema } from '../model/config.ts'
import type { Hex } from '../model/hex.ts'
import { createHub, type LiveEvent } from '../notify/hub.ts'
import { type RunningApp, startApp } from './start.ts'

/*
 * One real incident, contained with a key from an encrypted keystore, while a second signer's key is in the
 * environment: then everything that Cordon wrote anywhere is searched for both keys and the password.
 */
const PASSWORD = 'Tr0ub4dor-und-noch-mehr'
const OTHER_KEY = `0x${'4c'.repeat(31)}4d`
const TOKEN = 'ghosttoken0123456789'

let anvil: Anvil
let database: FreshDatabase
let folder: string
let running: RunningApp
const logger = keepingLogger()
const events: LiveEvent[] = []
const written: string[] = []
let env: Record<string, string>

const guardianKey = (): Hex => {
  const { privateKey } = drillAccount('guardian').getHdKey()
  return `0x${Buffer.from(privateKey ?? []).toString('hex')}`
}

beforeAll(async () => {
  anvil = await startAnvil({ mining: { kind: 'auto' } })
  database = await freshDatabase()
  folder = await mkdtemp(join(tmpdir(), 'cordon-secrets-'))
  const keystore = join(folder, 'guardian.json')
  const { text } = await keystoreOf(guardianKey(), PASSWORD, {
    n: 1_024,
    r: 8,
    p: 1,
  })
  await writeFile(keystore, text)
  const deployment = await deployDrill(anvil.url)
  const now = Math.floor(Date.now() / 1000)
  const made = await drillConfig({
    deployment,
    rpcUrl: anvil.url,
    dataDir: folder,
    apiPort: 0,
    respond: true,
    mempool: false,
    now,
    installation: await installationAt(database.url),
  })
  const signers = [
    { kind: 'keystore', path: keystore, passwordEnv: 'GUARDIAN_PASSWORD' },
    { env: 'OTHER_KEY' },
  ]
  const config = configSchema.parse({ ...made.config, signers })
  env = { DATABASE_URL: database.url, GUARDIAN_PASSWORD: PASSWORD, OTHER_KEY, REMOTE_TOKEN: TOKEN }
  const hub = createHub()
  const contained = new Promise<void>((resolve) => {
    hub.listen((event) => {
      events.push(event)
      if (event.type === 'timeline' && /^Step report succeeded$/.test(event.message)) resolve()
    })
  })
  running = await startApp({ config, env, logger, hub, write: (line) => written.push(line) })
  const node = createEndpoint(anvil.url)
  await sendAttackOnce(deployment, anvil.url, { kind: 'reentrancy' })
  await node.close()
  await contained
})
afterAll(async () => {
  await running?.stop()
  await anvil?.stop()
  await database?.drop()
  await rm(folder, { recursive: true, force: true })
})

/** Every row of every table of every schema, as text. */
async function everyRow(): Promise<string> {
  const tables = await sqlOn(
    database.url,
    "SELECT table_schema AS s, table_name AS t FROM information_schema.tables WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')",
  )
  const texts = await Promise.all(
    tables.map(({ s, t }) => sqlOn(database.url, `SELECT x::text AS row FROM "${s}"."${t}" x`)),
  )
  return texts.flatMap((rows) => rows.map(({ row }) => String(row))).join('\n')
}

/** Every file that was written next to the keystore: reports and all others. */
async function everyFile(): Promise<string> {
  const names = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = names.filter((entry) => entry.isFile() && entry.name !== 'guardian.json')
  return (await Promise.all(files.map((file) => readFile(join(file.parentPath, file.name), 'utf8')))).join(
    '\n',
  )
}

/** A secret in every spelling in which it could leak. */
function spellings(secret: string): string[] {
  const bare = secret.replace(/^0x/, '')
  const bytes = /^[0-9a-f]{64}$/.test(bare) ? Buffer.from(bare, 'hex') : Buffer.from(secret)
  return [bare, bare.toUpperCase(), bytes.toString('base64'), bytes.toString('base64url'), bytes.join(',')]
}

test('an incident is contained with a key from a keystore', () => {
  expect(events.some((event) => event.type === 'timeline' && /open → contained/.test(event.message))).toBe(
    true,
  )
})

test('no key and no password stands in the database, the log, the channels, the events or the reports', async () => {
  const places = {
    database: await everyRow(),
    log: JSON.stringify(logger.lines),
    channels: written.join('\n'),
    events: JSON.stringify(events, (_, value) => (typeof value === 'bigint' ? String(value) : value)),
    files: await everyFile(),
  }
  for (const [place, text] of Object.entries(places)) {
    expect(text.length, place).toBeGreaterThan(100)
    for (const secret of [guardianKey(), OTHER_KEY, PASSWORD].flatMap(spellings))
      expect(text.includes(secret), `a secret in the ${place}`).toBe(false)
  }
})

test('no error of a signer shows what it was given', async () => {
  const bad = [
    { kind: 'keystore', path: join(folder, 'guardian.json'), passwordEnv: 'OTHER_KEY' },
    { kind: 'keystore', path: join(folder, 'none.json'), passwordEnv: 'GUARDIAN_PASSWORD' },
    { kind: 'env', env: 'GUARDIAN_PASSWORD' },
    { kind: 'env', env: 'ZERO' },
    {
      kind: 'remote',
      url: 'http://127.0.0.1:1/hidden-path',
      address: `0x${'ab'.repeat(20)}`,
      tokenEnv: 'REMOTE_TOKEN',
    },
    { kind: 'aws-kms', keyId: 'alias/x' },
  ]
  const { checkSigners } = await import('../contain/signers/configured.ts')
  const config = configSchema.parse({ ...running.app.config, signers: bad })
  const checks = await checkSigners(config, { ...env, ZERO: `0x${'0'.repeat(64)}` })
  expect(checks.map(({ problem }) => problem)).not.toContain(null)
  const said = JSON.stringify(checks, (_, value) => (typeof value === 'bigint' ? String(value) : value))
  for (const secret of [guardianKey(), OTHER_KEY, PASSWORD, TOKEN, 'hidden-path'].flatMap(spellings))
    expect(said.includes(secret)).toBe(false)
})
