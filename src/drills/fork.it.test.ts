import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bytesToHex, parseTransaction } from 'viem'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type FreshDatabase, freshDatabase, sqlOn } from '../../test/harness/postgres.ts'
import { startDrilled } from '../app/drilled.ts'
import { createEndpoint, type Endpoint } from '../chain/rpc/endpoint.ts'
import { type Anvil, startAnvil } from '../chain/sandbox/anvil.ts'
import { silentLogger } from '../kit/logger.ts'
import type { Config } from '../model/config.ts'
import type { DrillReport } from '../model/drill.ts'
import type { Hash, Hex } from '../model/hex.ts'
import { createHub } from '../notify/hub.ts'
import { listIncidents } from '../store/incidents.ts'
import { listTimeline } from '../store/timeline.ts'
import { drillAccount } from './accounts.ts'
import { sendAttackOnce } from './attacks.ts'
import { drillConfig } from './config.ts'
import { deployDrill } from './deploy.ts'
import type { DrillDeployment } from './deployment.ts'
import { drillOnly } from './drill-only.ts'
import { type DrillHome, openDrillHome } from './home.ts'
import { type PracticeOptions, practise } from './practice.ts'
import { drillSigner } from './team.ts'

const REAL = 1

let real: Anvil
let node: Endpoint
let at: DrillDeployment
let attack: Hash
let config: Config
let database: FreshDatabase
let home: DrillHome
let folder: string

beforeAll(async () => {
  real = await startAnvil({ mining: { kind: 'manual' }, chainId: REAL })
  node = createEndpoint(real.url)
  at = await deployDrill(real.url)
  attack = await sendAttackOnce(at, real.url, { kind: 'reentrancy' })
  await node.request('evm_mine', [])
  await node.request('evm_mine', [])
  folder = await mkdtemp(join(tmpdir(), 'cordon-fork-'))
  const now = Math.floor(Date.now() / 1000)
  const given = { deployment: at, rpcUrl: real.url, dataDir: folder, apiPort: 0, now }
  const made = await drillConfig({ ...given, respond: true, mempool: false })
  config = { ...made.config, signers: [{ kind: 'env', env: 'GUARDIAN_KEY' }] }
  database = await freshDatabase()
})
afterAll(async () => {
  await home?.close()
  await node.close()
  await real.stop()
  await database.drop()
  await rm(folder, { recursive: true, force: true })
})

async function drill(env: Record<string, string>, change: Partial<PracticeOptions>): Promise<DrillReport> {
  await home?.close()
  const all = { ...env, CORDON_DRILL_DATABASE_URL: database.url }
  home = await openDrillHome({ dataDir: folder, env: all, logger: silentLogger })
  const { report } = await practise({
    home,
    start: startDrilled,
    on: { config, forkUrl: real.url, replay: attack },
    attack: 'reentrancy',
    people: 'none',
    pace: 1,
    standing: true,
    mempool: false,
    blockSeconds: 0.25,
    seed: 1,
    hub: createHub(),
    logger: silentLogger,
    write: () => undefined,
    say: () => undefined,
    signal: new AbortController().signal,
    ...change,
  })
  return report
}

function key(): string {
  const { privateKey } = drillAccount('guardian').getHdKey()
  if (privateKey === null) throw new Error('a drill account has a key')
  return bytesToHex(privateKey)
}

async function isPaused(): Promise<boolean> {
  return Number(await node.request('eth_call', [{ to: at.ethReserve, data: '0x5c975abb' }, 'latest'])) === 1
}

test('a recorded attack is replayed and contained on a fork, and nothing that was signed holds on the real chain', async () => {
  const report = await drill({ GUARDIAN_KEY: key() }, {})
  expect(report).toMatchObject({ kind: 'drill', contained: true, attackTransactions: { mined: 1 } })
  expect(report.where).toMatchObject({ kind: 'fork', forkOf: REAL, replayed: attack })
  expect(report.where.chainId).not.toBe(REAL)
  const signed = await sqlOn(database.url, 'SELECT raw_transaction AS raw FROM broadcast_attempts')
  expect(signed).toHaveLength(1)
  for (const { raw } of signed) {
    expect(parseTransaction(raw as Hex).chainId).toBe(report.where.chainId)
    await expect(node.request('eth_sendRawTransaction', [raw])).rejects.toThrow(/chain/i)
  }
  expect(await isPaused()).toBe(false)
  const [incident] = await listIncidents(home.store)
  expect(incident).toMatchObject({ kind: 'drill', chainId: report.where.chainId })
})

test('without the guardian’s key the call is proposed, and the report says that no signer is here', async () => {
  const report = await drill({}, {})
  expect(report).toMatchObject({ contained: false, runState: 'succeeded' })
  expect(report.notes.join('\n')).toMatch(/GUARDIAN_KEY is not available[\s\S]*No signer here/)
  const timeline = await listTimeline(home.store, report.incidentId ?? '')
  expect(
    timeline.some(({ kind, message }) => kind === 'plan' && message.startsWith('Nothing was sent')),
  ).toBe(true)
  expect(await sqlOn(database.url, 'SELECT 1 FROM broadcast_attempts')).toHaveLength(1)
})

test('without a recorded attack the drill’s scene is played beside the protected contracts', async () => {
  const report = await drill({}, { on: { config, forkUrl: real.url, replay: null }, blockSeconds: 1 })
  expect(report).toMatchObject({ contained: true, where: { kind: 'fork', forkOf: REAL, replayed: null } })
  expect(report.funds?.lostBps).toBeLessThan(report.funds?.lostWithoutResponseBps ?? 0)
})

test('a transaction that the node does not know is refused', async () => {
  const replay: Hash = `0x${'ab'.repeat(32)}`
  await expect(drill({}, { on: { config, forkUrl: real.url, replay } })).rejects.toMatchObject({
    code: 'drill.AttackUnknown',
  })
})

test('a signer of a drill signs for the drill’s chain and for no other', async () => {
  const signer = drillOnly(drillSigner('guardian'), 31_337)
  const transaction = {
    nonce: 0,
    to: at.ethReserve,
    data: '0x' as Hex,
    value: 0n,
    gas: 1n,
    maxFeePerGas: 1n,
    maxPriorityFeePerGas: 1n,
  }
  await expect(signer.signTransaction({ ...transaction, chainId: REAL })).rejects.toMatchObject({
    code: 'drill.RealChain',
  })
  await expect(signer.signTransaction({ ...transaction, chainId: 31_337 })).resolves.toMatch(/^0x02/)
  const types = { Word: [{ name: 'word', type: 'string' }] }
  const word = { types, primaryType: 'Word', message: { word: 'yes' } }
  const oldSafe = { verifyingContract: at.ethReserve }
  for (const domain of [{ name: 'Cordon', chainId: REAL }, oldSafe, { name: 'Cordon', ...oldSafe }])
    await expect(signer.signTypedData({ ...word, domain })).rejects.toMatchObject({ code: 'drill.RealChain' })
  await expect(signer.signTypedData({ ...word, domain: { name: 'Cordon' } })).resolves.toMatch(/^0x/)
})
