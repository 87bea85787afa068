import { mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { testRule } from '../backtest/rules/test-rules.ts'
import { getBlockNumber } from '../chain/methods/get-block-number.ts'
import { probeCapabilities } from '../chain/rpc/capabilities.ts'
import { fetchRawBundle } from '../chain/rpc/fetch-bundle.ts'
import { createRpc } from '../chain/rpc/rpc.ts'
import type { Anvil } from '../chain/sandbox/anvil.ts'
import { startAnvil } from '../chain/sandbox/anvil.ts'
import { launchAttack } from '../drills/attacks.ts'
import { deployDrill } from '../drills/deploy.ts'
import type { DrillDeployment } from '../drills/deployment.ts'
import { runTraffic } from '../drills/traffic.ts'
import { loadRules } from '../files/rules.ts'
import { toJson } from '../kit/json.ts'
import { attackKinds } from '../model/attack-kind.ts'
import { investigateTransactions } from './investigate.ts'

let anvil: Anvil
let at: DrillDeployment
let dir: string
let past: string

beforeAll(async () => {
  anvil = await startAnvil({ mining: { kind: 'auto' } })
  dir = await mkdtemp(join(tmpdir(), 'cordon-prevention-'))
  at = await deployDrill(anvil.url)
  const from = await head()
  await runTraffic(at, anvil.url, { rounds: 6 })
  past = join(dir, 'past.ndjson')
  await record(past, from + 1)
})
afterAll(() => anvil.stop())

async function head(): Promise<number> {
  const rpc = createRpc({ urls: [anvil.url] })
  return getBlockNumber(rpc).finally(() => rpc.close())
}

async function record(file: string, from: number): Promise<void> {
  const rpc = createRpc({ urls: [anvil.url] })
  const capabilities = await probeCapabilities(rpc)
  const lines = []
  for (let number = from; number <= (await getBlockNumber(rpc)); number++)
    lines.push(toJson((await fetchRawBundle(number, { rpc, capabilities })).raw))
  await rpc.close()
  await writeFile(file, `${lines.join('\n')}\n`)
}

test.each(attackKinds)(
  'for the %s attack rules are proposed that flag it and are silent on the past, ready to enable',
  async (kind) => {
    const rpc = createRpc({ urls: [anvil.url] })
    const snapshot = await rpc.request('evm_snapshot', [])
    const before = await head()
    const { transactions } = await launchAttack(at, anvil.url, { kind, rounds: 1 })
    const attack = join(dir, `${kind}.ndjson`)
    await record(attack, before + 1)
    await rpc.request('evm_revert', [snapshot])
    await rpc.close()
    const folder = join(dir, kind)
    const { proposals = [] } = await investigateTransactions({
      source: attack,
      hashes: transactions.map(({ hash }) => hash),
      scope: { kind: 'everything' },
      full: false,
      propose: { history: [past], folder, attack },
    })
    const [first] = proposals
    expect(first?.history.falseAlarms).toBe(0)
    expect(first?.history.concerned).toBeGreaterThan(0)
    expect(first?.history.mostLikelyBelow).toBeLessThan(0.2)
    expect(await readdir(folder)).toHaveLength(proposals.length)
    for (const compiled of await loadRules([folder]))
      for await (const result of testRule(compiled))
        expect(result).toMatchObject({ passed: true, problem: null })
  },
)

test('without a past nothing is proposed, and the error says what to record', async () => {
  const { transactions } = await launchAttack(at, anvil.url, { kind: 'option', rounds: 1 })
  const hashes = transactions.map(({ hash }) => hash)
  const options = { source: anvil.url, hashes, scope: { kind: 'everything' } as const, full: false }
  const found = investigateTransactions({ ...options, propose: { history: [] } })
  await expect(found).rejects.toMatchObject({ code: 'app.HistoryTooShort' })
  expect(await readFile(past, 'utf8')).not.toBe('')
})
