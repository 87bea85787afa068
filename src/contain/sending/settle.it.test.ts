import { serializeTransaction } from 'viem'
import { beforeAll, beforeEach, expect, test } from 'vitest'
import { aHash, anAddress, anAlert, aPlan } from '../../../test/harness/builders.ts'
import { type FreshDatabase, freshDatabase } from '../../../test/harness/postgres.ts'
import { type Rpc, singleRpc } from '../../chain/rpc/rpc.ts'
import { recordAlert } from '../../incidents/record-alert.ts'
import { systemClock } from '../../kit/clock.ts'
import { silentLogger } from '../../kit/logger.ts'
import type { Broadcast } from '../../model/containment.ts'
import type { Hash, Hex } from '../../model/hex.ts'
import {
  findBroadcast,
  insertBroadcast,
  keepAttempt,
  moveBroadcast,
  type NewBroadcast,
} from '../../store/broadcasts.ts'
import { insertPlan } from '../../store/plans.ts'
import { closeStore, openStore, type Store } from '../../store/store.ts'
import { hashAt, isFiller, settleIfMined } from './settle.ts'

let database: FreshDatabase
let store: Store
let standing: Broadcast
let plans = 0

const raw = (nonce: number, data: Hex = '0x8456cb59'): Hex =>
  serializeTransaction({ chainId: 1, nonce, to: anAddress(1), data, gas: 50_000n, maxFeePerGas: 9n })

beforeAll(async () => {
  database = await freshDatabase()
  store = await openStore({ url: database.url, logger: silentLogger })
  return async () => {
    await closeStore(store)
    await database.drop()
  }
})

/** A plan with three transactions of a key of its own: the first, one under the next nonce, and a filler. */
beforeEach(async () => {
  plans++
  const planId = `plan-${plans}`
  const { incident } = await recordAlert({ store, clock: systemClock }, anAlert(), {
    new: { kind: 'normal', title: 'an attack' },
  })
  await insertPlan(store, aPlan({ id: planId, incidentId: incident.id }))
  const first: NewBroadcast = {
    ...{ planId, chainId: 1, from: anAddress(900 + plans), nonce: 5, rawTransaction: raw(5) },
    ...{ transactionHash: sent(1), state: 'signed' as const, blockNumber: null, blockHash: null },
  }
  standing = (await insertBroadcast(store, first)).broadcast
  const second = { nonce: 6, rawTransaction: raw(6), transactionHash: sent(2), reason: 'nonce taken' }
  await keepAttempt(store, { planId, ...second })
  const filler = { nonce: 5, rawTransaction: raw(5, '0x'), transactionHash: sent(3), reason: 'filler' }
  await keepAttempt(store, { planId, ...filler })
})

/** The hash of a transaction of the present plan. */
const sent = (n: number): Hash => aHash(plans * 10_000 + n)

type Mined = { block: number; status: 0 | 1; orphaned?: boolean }

/** A node that has these transactions; block `n` has hash `100 + n`, an orphaned one had another. */
function node(mined: Readonly<Record<Hash, Mined>>): Rpc {
  return singleRpc('node', async (method, params) => {
    if (method === 'eth_getBlockByNumber') {
      const number = Number(params[0])
      return number > 50 ? null : { hash: aHash(100 + number), transactions: [] }
    }
    const one = mined[params[0] as Hash]
    if (one === undefined) return null
    return {
      status: one.status === 1 ? '0x1' : '0x0',
      blockNumber: `0x${one.block.toString(16)}`,
      blockHash: one.orphaned ? aHash(999) : aHash(100 + one.block),
    }
  })
}

const settled = (mined: Readonly<Record<Hash, Mined>>): Promise<Broadcast | undefined> =>
  settleIfMined(standing, { rpc: node(mined), store, clock: systemClock, relays: [] })
/** Transaction, state and block of a broadcast. */
const essence = (broadcast: Broadcast | undefined): unknown[] => [
  broadcast?.transactionHash,
  broadcast?.state,
  broadcast?.blockNumber,
  broadcast?.blockHash,
]

test('while none of its transactions is mined, a plan’s broadcast stays as it is', async () => {
  expect(await settled({})).toBeUndefined()
  expect(await findBroadcast(store, standing.planId)).toEqual(standing)
})

test('a mined transaction becomes the plan’s broadcast, though it was never seen sent; again it changes nothing', async () => {
  const mined = { [sent(2)]: { block: 7, status: 1 } } as const
  expect(essence(await settled(mined))).toEqual([sent(2), 'mined', 7, aHash(107)])
  expect(essence(await settled(mined))).toEqual([sent(2), 'mined', 7, aHash(107)])
  expect(essence(await findBroadcast(store, standing.planId))).toEqual([sent(2), 'mined', 7, aHash(107)])
})

test('of two that were mined the one that succeeded counts, in whatever order they were signed', async () => {
  const failed = { block: 7, status: 0 } as const
  const passed = { block: 8, status: 1 } as const
  expect(essence(await settled({ [sent(1)]: passed, [sent(2)]: failed }))).toEqual([
    sent(1),
    'mined',
    8,
    aHash(108),
  ])
  expect(essence(await settled({ [sent(1)]: failed, [sent(2)]: passed }))).toEqual([
    sent(2),
    'mined',
    8,
    aHash(108),
  ])
})

test('where all failed the last signed one is told as reverted', async () => {
  const failed = { [sent(1)]: { block: 7, status: 0 }, [sent(2)]: { block: 8, status: 0 } } as const
  expect(essence(await settled(failed))).toEqual([sent(2), 'reverted', 8, aHash(108)])
})

test('a receipt from a block that is not in the chain does not count', async () => {
  expect(await settled({ [sent(1)]: { block: 7, status: 1, orphaned: true } })).toBeUndefined()
  expect(await settled({ [sent(1)]: { block: 51, status: 1 } })).toBeUndefined()
})

test('a transaction that only fills a nonce never becomes the broadcast', async () => {
  expect(await settled({ [sent(3)]: { block: 7, status: 1 } })).toBeUndefined()
  expect([isFiller({ rawTransaction: raw(5, '0x') }), isFiller({ rawTransaction: raw(5) })]).toEqual([
    true,
    false,
  ])
})

test('an earlier receipt that was wrong is corrected: another block, or another ending', async () => {
  await moveBroadcast(store, { planId: standing.planId, to: 'sent' })
  const block = { number: 6, hash: aHash(106) }
  await moveBroadcast(store, { planId: standing.planId, to: 'reverted', block })
  expect(essence(await settled({ [sent(1)]: { block: 6, status: 1 } }))).toEqual([
    sent(1),
    'mined',
    6,
    aHash(106),
  ])
  expect(essence(await settled({ [sent(1)]: { block: 9, status: 1 } }))).toEqual([
    sent(1),
    'mined',
    9,
    aHash(109),
  ])
})

test('a block has its hash by number, and none beyond the head', async () => {
  expect([await hashAt(node({}), 3), await hashAt(node({}), 51)]).toEqual([aHash(103), null])
})
