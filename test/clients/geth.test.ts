import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { probeCapabilities } from '../../src/chain/rpc/capabilities.ts'
import { fetchBundle } from '../../src/chain/rpc/fetch-bundle.ts'
import { createRpc, type Rpc } from '../../src/chain/rpc/rpc.ts'
import { addressOf } from '../../src/drills/accounts.ts'
import { attackers } from '../../src/drills/attackers.ts'
import { launchAttack, sendAttackOnce } from '../../src/drills/attacks.ts'
import { connectDrill, latestBlock, settle } from '../../src/drills/chain.ts'
import { deployDrill } from '../../src/drills/deploy.ts'
import type { DrillDeployment } from '../../src/drills/deployment.ts'
import { fundsAtRisk } from '../../src/drills/funds.ts'
import { runTraffic } from '../../src/drills/traffic.ts'
import { attackKinds } from '../../src/model/attack-kind.ts'
import { type Geth, startGeth } from '../harness/geth.ts'

const binary = inject('geth')

describe.skipIf(binary === null)('geth --dev', () => {
  let geth: Geth
  let at: DrillDeployment
  let rpc: Rpc

  beforeAll(async () => {
    geth = await startGeth(binary ?? '')
    at = await deployDrill(geth.url)
    rpc = createRpc({ urls: [geth.url] })
  })
  afterAll(async () => {
    await rpc?.close()
    await geth?.stop()
  })

  test('the drill deploys on it, and every account of the drill has been paid by the node', async () => {
    const funds = await fundsAtRisk(at, geth.url)
    expect(funds.map(({ amount }) => amount > 0n)).toEqual([true, true, true])
  })

  test('it has all that Cordon asks for but Parity traces', async () => {
    const capabilities = await probeCapabilities(rpc)
    expect(capabilities).toMatchObject({
      chainId: 1337,
      receipts: 'eth_getBlockReceipts',
      traces: 'debug_traceBlockByHash',
      traceLogs: true,
      simulate: true,
      traceCall: true,
    })
    expect(Object.keys(capabilities.missing)).toEqual(['trace_block'])
  })

  test('honest traffic goes through, look-alikes included', async () => {
    const sent = await runTraffic(at, geth.url, { rounds: 1, seed: 3 })
    expect(sent.filter(({ succeeded }) => !succeeded)).toEqual([])
  })

  test('a block comes with its frames, the logs inside them and its receipts', async () => {
    const chain = await connectDrill(geth.url)
    const hash = await sendAttackOnce(at, geth.url, { kind: 'option' })
    const [receipt] = await settle(chain, [hash])
    const bundle = await fetchBundle(receipt?.blockNumber ?? 0, {
      rpc,
      capabilities: await probeCapabilities(rpc),
    })
    expect(bundle.coverage).toEqual({ traces: 'callTracer', logs: 'frames', partial: false })
    const attack = bundle.transactions.find((it) => it.hash === hash)
    expect(attack).toMatchObject({ from: addressOf(attackers.option), succeeded: true })
    expect(attack?.frames.length).toBeGreaterThan(5)
    expect(attack?.frames.flatMap(({ logs }) => logs).length).toBe(attack?.logs?.length)
    expect((await latestBlock(chain)).number).toBeGreaterThanOrEqual(bundle.number)
  })

  test.each(attackKinds)('the %s attack empties its victim where nobody watches', async (kind) => {
    const before = (await fundsAtRisk(at, geth.url)).find(({ attack }) => attack === kind)?.amount ?? 0n
    const { transactions, ended } = await launchAttack(at, geth.url, { kind, rounds: 2 })
    expect(transactions.map(({ succeeded }) => succeeded)).toEqual([true, true])
    expect(ended).toBe('rounds')
    const after = (await fundsAtRisk(at, geth.url)).find(({ attack }) => attack === kind)?.amount ?? 0n
    expect(after).toBeLessThan(before)
  })
})
