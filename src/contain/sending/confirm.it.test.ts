import { keccak256, parseTransaction } from 'viem'
import { beforeEach, expect, test } from 'vitest'
import { anAlert, aPlan } from '../../../test/harness/builders.ts'
import { type FreshDatabase, freshDatabase } from '../../../test/harness/postgres.ts'
import { createRpc, type Rpc, singleRpc } from '../../chain/rpc/rpc.ts'
import type { Anvil } from '../../chain/sandbox/anvil.ts'
import { startAnvil } from '../../chain/sandbox/anvil.ts'
import { addressOf, drillAccount } from '../../drills/accounts.ts'
import { recordAlert } from '../../incidents/record-alert.ts'
import { systemClock } from '../../kit/clock.ts'
import { silentLogger } from '../../kit/logger.ts'
import type { Broadcast } from '../../model/containment.ts'
import { listAttempts } from '../../store/broadcast-attempts.ts'
import { ownTransactions, replaceBroadcast } from '../../store/broadcasts.ts'
import { insertPlan } from '../../store/plans.ts'
import { closeStore, openStore, type Store } from '../../store/store.ts'
import { keySigner } from '../signers/signer.ts'
import { sendBroadcast, signPlan } from './broadcast.ts'
import { confirmBroadcast, type Replacing } from './confirm.ts'
import type { Relay } from './relays.ts'

const GWEI = 1_000_000_000n
const guardian = addressOf('guardian')
const { privateKey } = drillAccount('guardian').getHdKey()
const signer = keySigner(`0x${Buffer.from(privateKey ?? []).toString('hex')}`)
const fees = { minPriorityFeePerGas: 2n * GWEI, maxFeePerGasCap: 500n * GWEI, outbid: null }

let database: FreshDatabase
let store: Store
let anvil: Anvil
let rpc: Rpc
let plans = 0

beforeEach(async () => {
  relays = []
  forbidden = null
  database = await freshDatabase()
  store = await openStore({ url: database.url, logger: silentLogger })
  anvil = await startAnvil({ mining: { kind: 'manual' } })
  rpc = createRpc({ urls: [anvil.url] })
  return async () => {
    await rpc.close()
    await anvil.stop()
    await closeStore(store)
    await database.drop()
  }
})

let relays: Relay[] = []
const context = () => ({ rpc, store, clock: systemClock, relays })

/** A relay that gives the configured answers and stores what it received. */
function aRelay(method: Relay['method'], takes: boolean): { relay: Relay; given: unknown[] } {
  const given: unknown[] = []
  const request = async (_method: string, params: readonly unknown[]): Promise<unknown> => {
    if (!takes) throw new Error('the relay is down')
    given.push(params[0])
    return '0x'
  }
  return {
    given,
    relay: { method, rpc: singleRpc('relay', request) },
  }
}

/** A plan that is signed and sent: a call to an account without code, for which any gas suffices. */
async function sent(): Promise<Broadcast> {
  const n = ++plans
  const chainId = Number(await rpc.request('eth_chainId', []))
  const alert = anAlert({ fingerprint: `attack-${n}`, transactionHash: null })
  const { incident } = await recordAlert({ store, clock: systemClock }, alert, {
    new: { kind: 'normal', title: `attack ${n}` },
  })
  const base = aPlan({ id: `plan-${n}`, incidentId: incident.id })
  const plan = { ...base, lever: { ...base.lever, chainId } }
  await insertPlan(store, plan)
  const permit = async () => ({ allowed: true, authorisation: null }) as const
  const result = await signPlan(plan, { signer, gasUsed: 21_000, fees, permit }, context())
  if (!('signed' in result)) throw new Error('it was permitted')
  return sendBroadcast(result.signed, context())
}

let forbidden: string | null = null
type Told = { reason: string }
function replacing(told: Told[]): Replacing {
  return {
    signer,
    fees,
    afterBlocks: 2,
    publicAfterBlocks: 4,
    forbidden: async () => forbidden,
    tell: async ({ reason }) => void told.push({ reason }),
  }
}

/** Confirms while blocks arrive, each prepared by `before`. */
async function confirmed(
  broadcast: Broadcast,
  before: (n: number) => Promise<void>,
): Promise<{ told: Told[]; settled: Broadcast }> {
  const told: Told[] = []
  let waiting = true
  const options = { timeoutMs: 20_000, pollMs: 5, replacing: replacing(told) }
  const confirming = confirmBroadcast(broadcast, options, context()).finally(() => {
    waiting = false
  })
  for (let n = 0; waiting; n++) {
    await before(n)
    await rpc.request('evm_mine', [])
    await systemClock.sleep(120)
  }
  return { told, settled: await confirming }
}

const baseFee = async (wei: bigint): Promise<void> => {
  await rpc.request('anvil_setNextBlockBaseFeePerGas', [`0x${wei.toString(16)}`])
}
const mineCount = async (hashes: readonly string[]): Promise<number> => {
  const receipts = await Promise.all(hashes.map((hash) => rpc.request('eth_getTransactionReceipt', [hash])))
  return receipts.filter((receipt) => receipt !== null).length
}

test('a base fee that runs away is followed under the same nonce, and exactly one transaction is mined', async () => {
  const broadcast = await sent()
  const { told, settled } = await confirmed(broadcast, () => baseFee(60n * GWEI))
  expect(settled).toMatchObject({ state: 'mined', nonce: broadcast.nonce })
  expect(settled.transactionHash).not.toBe(broadcast.transactionHash)
  expect(told[0]?.reason).toMatch(/^fee raised to \d+ wei per gas/)
  const attempts = await listAttempts(store, broadcast.planId)
  expect(new Set(attempts.map(({ nonce }) => nonce))).toEqual(new Set([broadcast.nonce]))
  expect(await mineCount(attempts.map(({ transactionHash }) => transactionHash))).toBe(1)
  const hashes = attempts.map(({ transactionHash }) => transactionHash)
  expect(await ownTransactions(store, broadcast.chainId, hashes)).toEqual(new Set(hashes))
})

test('the cap holds: it waits for the fee to fall instead, and no replacement is signed that may not be paid', async () => {
  const broadcast = await sent()
  const { settled } = await confirmed(broadcast, (n) => baseFee(n < 6 ? 900n * GWEI : GWEI))
  expect(settled.state).toBe('mined')
  for (const { rawTransaction } of await listAttempts(store, broadcast.planId)) {
    expect(parseTransaction(rawTransaction).maxFeePerGas).toBeLessThanOrEqual(500n * GWEI)
  }
})

test('a nonce that somebody else with the key used up is survived: the same call lands with the next one', async () => {
  const broadcast = await sent()
  const thief = await signer.signTransaction({
    chainId: broadcast.chainId,
    nonce: broadcast.nonce,
    to: addressOf('trader'),
    data: '0x',
    value: 1n,
    gas: 21_000n,
    maxFeePerGas: 400n * GWEI,
    maxPriorityFeePerGas: 100n * GWEI,
  })
  await rpc.request('eth_sendRawTransaction', [thief])
  const { told, settled } = await confirmed(broadcast, async () => {})
  expect(settled).toMatchObject({ state: 'mined', nonce: broadcast.nonce + 1 })
  expect(told).toMatchObject([
    { reason: expect.stringContaining(`nonce ${broadcast.nonce} was used by another`) },
  ])
  const count = Number(await rpc.request('eth_getTransactionCount', [guardian, 'latest']))
  expect(count).toBe(broadcast.nonce + 2)
})

test('a crash after the replacement was kept and before it was sent goes on with it', async () => {
  const broadcast = await sent()
  await baseFee(60n * GWEI)
  await rpc.request('evm_mine', [])
  const { to, data = '0x', gas = 0n } = parseTransaction(broadcast.rawTransaction)
  const rawTransaction = await signer.signTransaction({
    chainId: broadcast.chainId,
    nonce: broadcast.nonce,
    to: to ?? '0x',
    data,
    value: 0n,
    gas,
    maxFeePerGas: 200n * GWEI,
    maxPriorityFeePerGas: 4n * GWEI,
  })
  const kept = {
    planId: broadcast.planId,
    nonce: broadcast.nonce,
    rawTransaction,
    transactionHash: keccak256(rawTransaction),
    reason: 'fee',
    instead: broadcast.transactionHash,
  }
  await replaceBroadcast(store, kept)
  // A second worker that signed for the same reason receives what stands, and adds nothing.
  expect((await replaceBroadcast(store, kept)).transactionHash).toBe(kept.transactionHash)
  const { settled } = await confirmed(broadcast, () => baseFee(60n * GWEI))
  expect(settled).toMatchObject({ state: 'mined', transactionHash: kept.transactionHash })
  expect(await listAttempts(store, broadcast.planId)).toHaveLength(2)
})

test('with relays nobody else sees the transaction until they have had their blocks; then everybody does', async () => {
  const [one, two] = [aRelay('eth_sendPrivateTransaction', true), aRelay('eth_sendBundle', true)]
  relays = [one.relay, two.relay]
  const broadcast = await sent()
  expect(await rpc.request('eth_getTransactionByHash', [broadcast.transactionHash])).toBeNull()
  expect(one.given).toEqual([{ tx: broadcast.rawTransaction, maxBlockNumber: expect.stringMatching(/^0x/) }])
  expect(two.given).toEqual([{ txs: [broadcast.rawTransaction], blockNumber: expect.stringMatching(/^0x/) }])
  const seen: (number | null)[] = []
  const { settled } = await confirmed(broadcast, async (n) => {
    const pool = await rpc.request('txpool_status', [])
    if (Number((pool as { pending: string }).pending) > 0) seen.push(n)
  })
  expect(settled.state).toBe('mined')
  expect(seen[0] ?? 99).toBeGreaterThanOrEqual(4)
})

test('relays that are down cost nothing: the public pool has it at once', async () => {
  relays = [aRelay('eth_sendPrivateTransaction', false).relay]
  const broadcast = await sent()
  expect(await rpc.request('eth_getTransactionByHash', [broadcast.transactionHash])).not.toBeNull()
})
