import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { type Anvil, startAnvil } from '../chain/sandbox/anvil.ts'
import { type AttackKind, attackKinds } from '../model/attack-kind.ts'
import type { Address } from '../model/hex.ts'
import { addressOf, type DrillRole } from './accounts.ts'
import { attackers } from './attackers.ts'
import { launchAttack, sendAttackOnce } from './attacks.ts'
import { call } from './calls.ts'
import {
  connectDrill,
  type DrillChain,
  perform,
  readAmount,
  type SentTransaction,
  settle,
  submit,
} from './chain.ts'
import { deployDrill } from './deploy.ts'
import type { DrillDeployment } from './deployment.ts'
import { fundsAtRisk, tokenBalance } from './funds.ts'
import type { DrillCall } from './gas.ts'
import { ACME, ETHER, OPTION, USDC } from './seed.ts'
import { runTraffic } from './traffic.ts'

const sentSchema = z.object({
  from: z.string(),
  to: z.string().nullable(),
  input: z.string(),
  value: z.string(),
  nonce: z.string(),
})

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

const dollarsOf = (account: Address): Promise<bigint> => tokenBalance(chain, { token: drill.usdc, account })
const optionsOf = (account: Address): Promise<bigint> =>
  tokenBalance(chain, { token: drill.settledSeries.token, account })
const priceNow = (): Promise<bigint> =>
  readAmount(chain, { contract: 'LendingMarket', at: drill.lendingMarket, name: 'collateralPrice' })

async function atRisk(kind: AttackKind): Promise<bigint> {
  const funds = await fundsAtRisk(drill, anvil.url)
  return funds.find((entry) => entry.attack === kind)?.amount ?? -1n
}

async function attackOnce(kind: AttackKind, amount?: bigint): Promise<boolean> {
  const hash = await sendAttackOnce(drill, anvil.url, { kind, ...(amount === undefined ? {} : { amount }) })
  const [receipt] = await settle(chain, [hash])
  return receipt?.succeeded ?? false
}

async function succeeds(attempt: DrillCall): Promise<boolean> {
  const [sent] = await perform(chain, [attempt])
  return sent?.succeeded ?? false
}

const victims = {
  option: { contract: 'OptionsVault', at: () => drill.optionsVault },
  oracle: { contract: 'LendingMarket', at: () => drill.lendingMarket },
  reentrancy: { contract: 'EthReserve', at: () => drill.ethReserve },
} as const

const lever = (kind: AttackKind, from: DrillRole, name: 'pause' | 'unpause'): DrillCall =>
  call(from, victims[kind].at(), victims[kind].contract, name)

const market = (from: DrillRole, name: string, ...args: readonly unknown[]): DrillCall =>
  call(from, drill.lendingMarket, 'LendingMarket', name, args)

describe('the option attack', () => {
  test('it is paid four times for one burn', async () => {
    const attacker = addressOf(attackers.option)
    const [dollars, options] = [await dollarsOf(attacker), await optionsOf(drill.attackOption)]
    expect(await attackOnce('option', 10n * OPTION)).toBe(true)
    expect(options - (await optionsOf(drill.attackOption))).toBe(10n * OPTION)
    expect((await dollarsOf(attacker)) - dollars).toBe(4n * 10n * 1_600n * USDC)
  })

  test('an honest exercise of one writer is paid once', async () => {
    const holder = addressOf('holder')
    const args = [0n, 10n * OPTION, [addressOf('writerA')]]
    expect(await succeeds(call('holder', drill.optionsVault, 'OptionsVault', 'exercise', args))).toBe(true)
    expect(await dollarsOf(holder)).toBe(10n * 1_600n * USDC)
    expect(await optionsOf(holder)).toBe(265n * OPTION)
  })

  test('a writer gets back what its options cannot claim, once', async () => {
    const redeem = call('writerA', drill.optionsVault, 'OptionsVault', 'redeem', [0n])
    const before = await dollarsOf(addressOf('writerA'))
    expect(await succeeds(redeem)).toBe(true)
    expect((await dollarsOf(addressOf('writerA'))) - before).toBe(40_000n * USDC)
    expect(await succeeds(redeem)).toBe(false)
  })

  test('the price at expiry is said once', async () => {
    const again = [BigInt(drill.settledSeries.expiry), 1n]
    const early = [BigInt(drill.liveSeries.expiry), 1n]
    const say = (args: readonly unknown[]): DrillCall =>
      call('oracleOperator', drill.oracle, 'ExpiryOracle', 'setExpiryPrice', args)
    expect(await succeeds(say(again))).toBe(false)
    expect(await succeeds(say(early))).toBe(false)
  })
})

describe('the oracle attack', () => {
  test('it profits within one transaction and leaves the price about where it was', async () => {
    const [price, lender] = [await priceNow(), await dollarsOf(drill.flashLender)]
    expect(await attackOnce('oracle')).toBe(true)
    expect(await dollarsOf(addressOf(attackers.oracle))).toBeGreaterThan(75_000n * USDC)
    expect(await dollarsOf(drill.flashLender)).toBeGreaterThan(lender)
    expect(((await priceNow()) * 100n) / price).toBeLessThan(110n)
    expect(await atRisk('oracle')).toBe(675_000n * USDC)
  })

  test('its debt is worth more than its collateral at the honest price', async () => {
    await attackOnce('oracle')
    const args = [drill.attackOracle]
    const position = (name: string): Promise<bigint> =>
      readAmount(chain, { contract: 'LendingMarket', at: drill.lendingMarket, name, args })
    const worth = ((await position('collateral')) * (await priceNow())) / ACME
    expect(worth * 4n).toBeLessThan(await position('debt'))
  })
})

describe('the reentrancy attack', () => {
  test('it takes out four times what it put in', async () => {
    const reserve = await atRisk('reentrancy')
    expect(await attackOnce('reentrancy', 3n)).toBe(true)
    expect(reserve - (await atRisk('reentrancy'))).toBe(15n * ETHER)
  })

  test('without coming back in it takes nothing', async () => {
    const reserve = await atRisk('reentrancy')
    expect(await attackOnce('reentrancy', 0n)).toBe(true)
    expect(await atRisk('reentrancy')).toBe(reserve)
  })
})

describe.each(attackKinds)('a run of the %s attack', (kind) => {
  test('it empties its victim in five to eight transactions, one a block', async () => {
    const before = await atRisk(kind)
    const { transactions, ended } = await launchAttack(drill, anvil.url, { kind })
    expect(ended).toBe('exhausted')
    expect(transactions.every((sent) => sent.succeeded)).toBe(true)
    expect(transactions.length).toBeGreaterThanOrEqual(5)
    expect(transactions.length).toBeLessThanOrEqual(8)
    const blocks = transactions.map((sent) => sent.blockNumber)
    expect(blocks).toEqual(blocks.map((_, index) => (blocks[0] ?? 0) + index))
    expect((await atRisk(kind)) * 20n).toBeLessThan(before)
  })

  test('a paused victim refuses the second transaction, and the run ends', async () => {
    expect(await attackOnce(kind)).toBe(true)
    const left = await atRisk(kind)
    expect(await succeeds(lever(kind, 'guardian', 'pause'))).toBe(true)
    const { transactions, ended } = await launchAttack(drill, anvil.url, { kind })
    expect(ended).toBe('reverted')
    expect(transactions).toHaveLength(1)
    expect(await atRisk(kind)).toBe(left)
  })

  test('a pause with a higher fee cap goes before an attack that is waiting', async () => {
    const left = await atRisk(kind)
    const hash = await sendAttackOnce(drill, anvil.url, { kind, maxFeePerGas: 5_000_000_000n })
    const fees = { maxFeePerGas: 50_000_000_000n, maxPriorityFeePerGas: 2_000_000_000n }
    const pauses = await submit(chain, [lever(kind, 'guardian', 'pause')], fees)
    const receipts = await settle(chain, [...pauses, hash])
    expect(receipts.map((receipt) => receipt.succeeded)).toEqual([true, false])
    expect(await atRisk(kind)).toBe(left)
  })

  test('only the guardian may pause and only the owner may unpause', async () => {
    for (const role of ['deployer', attackers[kind], 'trader'] as const) {
      expect(await succeeds(lever(kind, role, 'pause'))).toBe(false)
    }
    expect(await succeeds(lever(kind, 'guardian', 'pause'))).toBe(true)
    expect(await succeeds(lever(kind, 'guardian', 'pause'))).toBe(false)
    expect(await succeeds(lever(kind, 'guardian', 'unpause'))).toBe(false)
    expect(await succeeds(lever(kind, 'deployer', 'unpause'))).toBe(true)
    expect(await attackOnce(kind)).toBe(true)
  })

  test('a stranger cannot run the attack for himself', async () => {
    const contract = {
      option: 'AttackOption',
      oracle: 'AttackOracle',
      reentrancy: 'AttackReentrancy',
    } as const
    const at = { option: drill.attackOption, oracle: drill.attackOracle, reentrancy: drill.attackReentrancy }
    expect(await succeeds(call('trader', at[kind], contract[kind], 'run', [1n]))).toBe(false)
  })
})

describe('a launch', () => {
  test('an abort stops it after what is mined', async () => {
    const stop = new AbortController()
    const mine = async (): Promise<void> => {
      await chain.mine()
      stop.abort()
    }
    const run = await launchAttack(drill, anvil.url, { kind: 'reentrancy', mine, signal: stop.signal })
    expect(run.ended).toBe('aborted')
    expect(run.transactions).toHaveLength(1)
  })

  test('three at the same time, from three strangers, do not get in each other’s way', async () => {
    const own = await startAnvil({ mining: { kind: 'interval', seconds: 0.2 } })
    try {
      const at = await deployDrill(own.url)
      const runs = attackKinds.map((kind) => launchAttack(at, own.url, { kind, rounds: 3 }))
      const succeeded = (await Promise.all(runs)).map((run) => run.transactions.map((sent) => sent.succeeded))
      expect(succeeded).toEqual(Array(3).fill([true, true, true]))
    } finally {
      await own.stop()
    }
  })

  test('a gap leaves blocks between the transactions', async () => {
    const run = await launchAttack(drill, anvil.url, { kind: 'reentrancy', rounds: 3, gap: 3 })
    const [first, second, third] = run.transactions.map((sent) => sent.blockNumber)
    expect([run.ended, (second ?? 0) - (first ?? 0), (third ?? 0) - (second ?? 0)]).toEqual(['rounds', 3, 3])
  })

  test('one attack transaction waits in the pool for all to see', async () => {
    const hash = await sendAttackOnce(drill, anvil.url, { kind: 'option' })
    const waiting = await chain.request('eth_getTransactionByHash', [hash])
    expect(waiting).toMatchObject({ blockNumber: null, to: drill.attackOption })
  })
})

describe('a paused lending market', () => {
  test('lets people repay and add collateral, and blocks what takes money out or brings it in', async () => {
    expect(await succeeds(lever('oracle', 'guardian', 'pause'))).toBe(true)
    expect(await succeeds(market('borrower', 'repay', USDC))).toBe(true)
    expect(await succeeds(market('borrower', 'depositCollateral', ACME))).toBe(true)
    for (const name of ['borrow', 'supply', 'withdraw', 'withdrawCollateral']) {
      expect(await succeeds(market(name.endsWith('l') ? 'borrower' : 'lender', name, 1n)), name).toBe(false)
    }
  })

  test('lets an unhealthy borrower be liquidated', async () => {
    expect(await succeeds(market('leveraged', 'borrow', 74_000n * USDC))).toBe(true)
    const sale = [drill.pair, drill.acme, 8_000n * ACME, 0n]
    expect(await succeeds(call('trader', drill.router, 'Router', 'swap', sale))).toBe(true)
    expect(await succeeds(lever('oracle', 'guardian', 'pause'))).toBe(true)
    const liquidate = market('liquidator', 'liquidate', addressOf('leveraged'), 30_000n * USDC)
    expect(await succeeds(liquidate)).toBe(true)
    expect(
      await tokenBalance(chain, { token: drill.acme, account: addressOf('liquidator') }),
    ).toBeGreaterThan(0n)
  })

  test('a healthy borrower is not liquidated', async () => {
    expect(await succeeds(market('liquidator', 'liquidate', addressOf('borrower'), USDC))).toBe(false)
  })
})

describe('honest traffic', () => {
  const lookAlikes = [
    'exercise of one writer',
    'loan to the limit',
    'large sale',
    'liquidation',
    'arbitrage',
    'large exit of a lender',
    'large exit of a saver',
    'large purchase',
  ]

  test.each([1, 2, 3, 42])('all of it succeeds with seed %i, look-alikes included', async (seed) => {
    const sent = await runTraffic(drill, anvil.url, { rounds: 3, seed })
    expect(sent.filter((transaction) => !transaction.succeeded)).toEqual([])
    const labels = sent.map((transaction) => transaction.label)
    for (const label of lookAlikes) expect(labels).toContain(label)
    expect(labels.filter((label) => label === 'liquidation')).toHaveLength(3)
    expect(labels.length).toBeGreaterThanOrEqual(60)
  })

  test('the same seed on the same chain sends the same transactions', async () => {
    const first = await asked(await runTraffic(drill, anvil.url, { seed: 9 }))
    await chain.request('evm_revert', [snapshot])
    snapshot = await chain.request('evm_snapshot')
    const second = await asked(await runTraffic(drill, anvil.url, { seed: 9 }))
    expect(second).toEqual(first)
  })

  /** Fees and gas limits follow the block's time, which no snapshot brings back, and anvil keeps its base fee over `evm_revert`. */
  function asked(sent: readonly SentTransaction[]): Promise<unknown[]> {
    return Promise.all(
      sent.map(async ({ hash, label, blockNumber, succeeded }) => {
        const transaction = await chain.request('eth_getTransactionByHash', [hash])
        const { from, to, input, value, nonce } = sentSchema.parse(transaction)
        return { label, blockNumber, succeeded, from, to, input, value, nonce }
      }),
    )
  }

  test('arbitrage pays the bot and takes nothing from the protocol', async () => {
    const before = await dollarsOf(addressOf('arbitrageur'))
    await runTraffic(drill, anvil.url)
    expect(await dollarsOf(addressOf('arbitrageur'))).toBeGreaterThan(before)
    expect(await dollarsOf(drill.arbBot)).toBe(0n)
  })

  test('what a paused protocol refuses is told, not thrown', async () => {
    await succeeds(lever('option', 'guardian', 'pause'))
    const sent = await runTraffic(drill, anvil.url)
    const refused = sent
      .filter((transaction) => !transaction.succeeded)
      .map((transaction) => transaction.label)
    expect(refused).toContain('exercise of one writer')
    expect(refused).not.toContain('liquidation')
  })

  test('an attack after it still empties the market', async () => {
    await runTraffic(drill, anvil.url, { rounds: 2 })
    expect((await launchAttack(drill, anvil.url, { kind: 'oracle' })).ended).toBe('exhausted')
  })
})
