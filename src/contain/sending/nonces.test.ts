import { expect, test } from 'vitest'
import { anAddress } from '../../../test/harness/builders.ts'
import type { Endpoint } from '../../chain/rpc/endpoint.ts'
import { createMethodBook } from '../../chain/rpc/method-book.ts'
import { type Rpc, singleRpc } from '../../chain/rpc/rpc.ts'
import { MOST_NONCE_GAPS } from '../../store/broadcasts.ts'
import { believed, minedCounts, nonceFloor } from './nonces.ts'

const signer = anAddress(9)

/** Mined count and pending count of each answer in turn; the last one is repeated. `null` does not answer. */
type Counts = readonly (readonly [mined: number, pending: number] | null)[]

/** A chain behind several endpoints, and the questions that they were asked. */
function chainOf(...nodes: readonly Counts[]): { rpc: Rpc; asked: unknown[] } {
  const asked: unknown[] = []
  const turns = new Map<string, number>()
  const answer = (counts: Counts, node: number, [account, tag]: readonly unknown[]): string => {
    asked.push([node, account, tag])
    const turn = turns.get(`${node}${String(tag)}`) ?? 0
    turns.set(`${node}${String(tag)}`, turn + 1)
    const pair = counts[Math.min(turn, counts.length - 1)]
    if (pair === null || pair === undefined) throw new Error(`node ${node} is down`)
    return `0x${pair[tag === 'latest' ? 0 : 1].toString(16)}`
  }
  const endpoints = nodes.map(
    (counts, node): Endpoint => ({
      name: `node ${node}`,
      methods: createMethodBook(),
      request: async (_method, params) => answer(counts, node, params),
      close: async () => {},
    }),
  )
  const rpc: Rpc = {
    ...singleRpc('chain', async () => null),
    endpoints,
    request: async (method, params, options) => {
      if (options?.only === undefined) throw new Error('each endpoint is asked for itself')
      expect(options.timeoutMs).toBe(2_500)
      return options.only.request(method, params)
    },
  }
  return { rpc, asked }
}

test('the first unused nonce counts what waits in the pool', async () => {
  const { rpc, asked } = chainOf([[5, 7]])
  expect(await nonceFloor(rpc, signer)).toBe(7)
  expect(asked).toEqual([
    [0, signer, 'latest'],
    [0, signer, 'pending'],
  ])
})

test('a node that contradicts itself once is asked again and then believed', async () => {
  for (const lie of [
    [9, 6],
    [5, 5 + MOST_NONCE_GAPS + 1],
  ] as const) {
    const { rpc, asked } = chainOf([lie, [5, 6]])
    expect(await nonceFloor(rpc, signer)).toBe(6)
    expect(asked).toHaveLength(4)
  }
})

test('a gap as large as Cordon itself may leave is no contradiction', async () => {
  const { rpc, asked } = chainOf([[5, 5 + MOST_NONCE_GAPS]])
  expect(await nonceFloor(rpc, signer)).toBe(5 + MOST_NONCE_GAPS)
  expect(asked).toHaveLength(2)
})

test('of a node that contradicts itself three times the least count holds', async () => {
  const { rpc, asked } = chainOf([
    [9, 6],
    [8, 4],
    [3, 900],
  ])
  expect(await nonceFloor(rpc, signer)).toBe(3)
  expect(asked).toHaveLength(6)
})

test('endpoints that do not answer are left out; where none does, their error is thrown', async () => {
  const { rpc } = chainOf([null], [[5, 7]], [null])
  expect(await nonceFloor(rpc, signer)).toBe(7)
  expect(await minedCounts(rpc, signer)).toEqual([5])
  await expect(nonceFloor(chainOf([null], [null]).rpc, signer)).rejects.toThrow('node 0 is down')
})

test('mined counts come from each endpoint, without what waits', async () => {
  const { rpc } = chainOf([[5, 7]], [[4, 4]])
  expect(await minedCounts(rpc, signer)).toEqual([5, 4])
})

test('a count far above most others is left out, and one a little above holds', () => {
  expect(believed([5, 6, 900])).toBe(6)
  expect(believed([5, 5 + MOST_NONCE_GAPS])).toBe(5 + MOST_NONCE_GAPS)
  expect(believed([5, 5 + MOST_NONCE_GAPS + 1])).toBe(5)
  expect(believed([900, 5])).toBe(5)
  expect(believed([7])).toBe(7)
})
