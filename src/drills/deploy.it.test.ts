import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Anvil, startAnvil } from '../chain/sandbox/anvil.ts'
import type { Hash } from '../model/hex.ts'
import { launchAttack } from './attacks.ts'
import { call } from './calls.ts'
import { type BlockTag, connectDrill, type DrillChain, settle, submit } from './chain.ts'
import { deployDrill } from './deploy.ts'
import { type DrillDeployment, drillDeploymentSchema } from './deployment.ts'
import { fundsAtRisk, tokenBalance } from './funds.ts'
import { ETHER, USDC } from './seed.ts'
import { runTraffic } from './traffic.ts'

let anvil: Anvil
let chain: DrillChain
let drill: DrillDeployment
let snapshot: unknown

beforeAll(async () => {
  anvil = await startAnvil({ mining: { kind: 'manual' } })
  drill = await deployDrill(anvil.url)
  chain = await connectDrill(anvil.url)
})
beforeEach(async () => {
  snapshot = await chain.request('evm_snapshot')
})
afterEach(async () => {
  await chain.request('anvil_dropAllTransactions')
  await chain.request('evm_revert', [snapshot])
})
afterAll(() => anvil.stop())

describe('the deployment', () => {
  test('two blocks hold it where blocks come on demand', () => {
    expect(drill.firstBlock).toBe(1)
    expect(drill.readyBlock).toBe(2)
  })

  test('it is plain data that survives being written down', () => {
    const text = JSON.stringify(drill, (_name, value) => (typeof value === 'bigint' ? `${value}` : value))
    expect(drillDeploymentSchema.parse(JSON.parse(text))).toEqual(drill)
  })

  test('money is where an attacker would look for it', async () => {
    expect(await fundsAtRisk(drill, anvil.url)).toEqual([
      { attack: 'option', contract: drill.optionsVault, asset: drill.usdc, amount: 800_000n * USDC },
      { attack: 'oracle', contract: drill.lendingMarket, asset: drill.usdc, amount: 775_000n * USDC },
      { attack: 'reentrancy', contract: drill.ethReserve, asset: 'native', amount: 120n * ETHER },
    ])
  })

  test('what is at stake is all that the contract holds, of options that still run too', async () => {
    await runTraffic(drill, anvil.url, { rounds: 1, seed: 1 })
    const held = await tokenBalance(await connectDrill(anvil.url), {
      token: drill.usdc,
      account: drill.optionsVault,
    })
    expect((await fundsAtRisk(drill, anvil.url))[0]?.amount).toBe(held)
  })

  test('funds of an earlier block are told as they were', async () => {
    const before = BigInt(drill.readyBlock)
    await launchAttack(drill, anvil.url, { kind: 'reentrancy', rounds: 1 })
    const reserveAt = async (block: BlockTag): Promise<bigint | undefined> =>
      (await fundsAtRisk(drill, anvil.url, block))[2]?.amount
    expect(await reserveAt(before)).toBe(120n * ETHER)
    expect(await reserveAt('latest')).toBe(105n * ETHER)
  })

  test('automatic mining is on again after a deployment that went without it', async () => {
    const own = await startAnvil({ mining: { kind: 'auto' } })
    try {
      const { firstBlock, readyBlock } = await deployDrill(own.url)
      expect([firstBlock, readyBlock]).toEqual([1, 2])
      expect((await connectDrill(own.url)).mining).toEqual({ kind: 'auto' })
    } finally {
      await own.stop()
    }
  })

  test('at an interval of a second it is ready within a few blocks and attackable', async () => {
    const own = await startAnvil({ mining: { kind: 'interval', seconds: 1 } })
    try {
      const deployed = await deployDrill(own.url)
      expect(deployed.readyBlock).toBeLessThanOrEqual(8)
      const { transactions } = await launchAttack(deployed, own.url, { kind: 'oracle', rounds: 2 })
      const [first, second] = transactions.map((sent) => sent.blockNumber)
      expect((second ?? 0) - (first ?? 0)).toBe(1)
    } finally {
      await own.stop()
    }
  })

  test('a second deployment on the same chain stands beside the first', async () => {
    const second = await deployDrill(anvil.url)
    expect(second.optionsVault).not.toBe(drill.optionsVault)
    expect((await fundsAtRisk(second, anvil.url))[0]?.amount).toBe(800_000n * USDC)
  })
})

describe('errors', () => {
  test('a series that expires before it is written', async () => {
    const late = async (): Promise<void> => {
      await chain.request('evm_setNextBlockTimestamp', [4_000_000_000])
      await chain.mine()
    }
    await expect(deployDrill(anvil.url, { mine: late })).rejects.toThrowErrorMatchingInlineSnapshot(`
      [drill.DeployFailed: Transactions of the drill deployment reverted.
        chainId: 31337
        mining: manual
        failed: ["writerA: OptionsVault.write","writerB: OptionsVault.write","writerC: OptionsVault.write","writerC: OptionsVault.write","writerD: OptionsVault.write"]
      Fix: Start a fresh anvil and deploy again; no other client may use its test accounts at the same time.]
    `)
  })

  test('a transaction that the node does not take', async () => {
    const fees = { maxFeePerGas: 1n, maxPriorityFeePerGas: 1n }
    const offer = submit(chain, [call('guardian', drill.optionsVault, 'OptionsVault', 'pause')], fees)
    await expect(offer).rejects.toThrowErrorMatchingInlineSnapshot(`
      [drill.Rejected: The node did not accept a transaction of the drill into its pool.
        label: guardian: OptionsVault.pause
        said: max fee per gas less than block base fee
      Fix: Offer a higher fee cap, or make sure that no other client uses the same test account at the same time.]
    `)
  })

  test('a block that never comes', async () => {
    const stuck = { ...chain, patienceMs: 20, mine: async () => {} }
    const hash: Hash = `0x${'ab'.repeat(32)}`
    await expect(settle(stuck, [hash])).rejects.toThrowErrorMatchingInlineSnapshot(`
      [drill.NotMined: The drill's transactions are in the pool and no block includes them.
        sent: 1
        mined: 0
        waiting: ["0xabababababababababababababababababababababababababababababababab"]
      Fix: Check that the node still makes blocks, and that no other client uses the test accounts.]
    `)
  })
})
