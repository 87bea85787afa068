import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { createEndpoint } from '../../src/chain/rpc/endpoint.ts'
import type { Anvil } from '../../src/chain/sandbox/anvil.ts'
import { startAnvil } from '../../src/chain/sandbox/anvil.ts'
import { addressOf } from '../../src/drills/accounts.ts'
import { launchAttack } from '../../src/drills/attacks.ts'
import { deployDrill } from '../../src/drills/deploy.ts'
import type { DrillDeployment } from '../../src/drills/deployment.ts'
import { startCordon, writeDrillConfig } from '../harness/cordon-process.ts'
import { freshDatabase } from '../harness/postgres.ts'

/** Every place where a containment can die, in order. */
const CRASH_POINTS = [
  'playbooks.run-created',
  'playbooks.step-started:contain',
  'contain.planned',
  'contain.simulated',
  'contain.before-sign',
  'contain.signed',
  'contain.persisted',
  'contain.before-send',
  'contain.sent',
  'contain.mined',
  'contain.verified',
  'playbooks.step-finished:contain',
]

const closers: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

async function stage(): Promise<{
  anvil: Anvil
  deployment: DrillDeployment
  dir: string
  env: Record<string, string>
}> {
  const anvil = await startAnvil({ mining: { kind: 'auto' } })
  closers.push(anvil.stop)
  const deployment = await deployDrill(anvil.url)
  const database = await freshDatabase()
  closers.push(database.drop)
  const dir = await mkdtemp(join(tmpdir(), 'cordon-crash-'))
  closers.push(() => rm(dir, { recursive: true, force: true }))
  const env = await writeDrillConfig(dir, { deployment, rpcUrl: anvil.url, databaseUrl: database.url })
  return { anvil, deployment, dir, env }
}

/** Transactions that the guardian got mined: the pause and nothing else. */
async function pausesMined(url: string): Promise<number> {
  const endpoint = createEndpoint(url)
  return Number(await endpoint.request('eth_getTransactionCount', [addressOf('guardian'), 'latest']))
}

const isReady = (line: Record<string, unknown>): boolean => line['type'] === 'ready'
const isContained = (line: Record<string, unknown>): boolean =>
  line['type'] === 'timeline' && line['kind'] === 'step' && line['message'] === 'Step report succeeded'

test.each(CRASH_POINTS)('killed at %s and started again, exactly one pause is mined', async (point) => {
  const { anvil, deployment, dir, env } = await stage()
  const first = startCordon({ args: ['start'], cwd: dir, env: { ...env, CORDON_CRASH_AT: point } })
  await first.until(isReady)
  await launchAttack(deployment, anvil.url, { kind: 'reentrancy', rounds: 1 })
  expect(await first.ended).toMatchObject({ signal: 'SIGKILL' })

  const second = startCordon({ args: ['start'], cwd: dir, env })
  await second.until(isContained)
  expect(await pausesMined(anvil.url)).toBe(1)
  const late = await launchAttack(deployment, anvil.url, { kind: 'reentrancy', rounds: 1 })
  expect(late.transactions.map(({ succeeded }) => succeeded)).toEqual([false])
  second.child.kill('SIGINT')
  expect(await second.ended).toMatchObject({ code: 130 })
})
