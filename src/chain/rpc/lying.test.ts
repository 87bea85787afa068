import { afterEach, describe, expect, test } from 'vitest'
import { directRpc, driveFollower, kinds } from '../../../test/harness/drive-follower.ts'
import { createFakeChain } from '../../../test/harness/fake-chain.ts'
import {
  createFakeNode,
  type FakeNode,
  type FakeServer,
  type Instead,
  serveFakeNode,
} from '../../../test/harness/fake-rpc.ts'
import { fakeClock } from '../../kit/clock.ts'
import { silentLogger } from '../../kit/logger.ts'
import type { ChainUpdate } from '../../model/block.ts'
import { compareEndpoints } from './compare.ts'
import { followHead } from './follow.ts'
import { createRpc, type Rpc } from './rpc.ts'

const servers: FakeServer[] = []
const rpcs: Rpc[] = []
afterEach(async () => {
  await Promise.all(rpcs.splice(0).map((rpc) => rpc.close()))
  await Promise.all(servers.splice(0).map((server) => server.close()))
})

/** Two nodes of one chain; the first leads and may lie. */
async function two(blocks = 5): Promise<{ liar: FakeNode; honest: FakeNode; rpc: Rpc }> {
  const chain = createFakeChain(blocks)
  const nodes = [createFakeNode(chain), createFakeNode(chain)] as const
  for (const node of nodes) servers.push(await serveFakeNode(node))
  const rpc = createRpc({ urls: servers.map(({ url }) => url), timeoutMs: 1_000 })
  rpcs.push(rpc)
  return { liar: nodes[0], honest: nodes[1], rpc }
}

/** Follows from block 1 until `enough`, some seconds at most: then what came is what there is. */
async function read(rpc: Rpc, enough: (update: ChainUpdate) => boolean): Promise<ChainUpdate[]> {
  const stop = new AbortController()
  const timer = setTimeout(() => stop.abort(), 20_000)
  const updates: ChainUpdate[] = []
  for await (const update of followHead({
    ...{ rpc, chainId: 1, logger: silentLogger, pollMs: 5, fromBlock: 1, signal: stop.signal },
  })) {
    updates.push(update)
    if (enough(update)) stop.abort()
  }
  clearTimeout(timer)
  return updates
}

const isBlock =
  (number: number) =>
  (update: ChainUpdate): boolean =>
    update.kind === 'block' && update.bundle.number === number
const said = (updates: ChainUpdate[]): string[] =>
  updates.flatMap((u) => (u.kind === 'notice' ? [`${u.notice.code}: ${u.notice.message}`] : kinds([u])))

const header = (value: unknown): ((method: string) => Instead | undefined) => {
  return (method) => (method === 'eth_getBlockByNumber' ? { kind: 'result', value } : undefined)
}

describe('one of two nodes lies: the chain is followed through the other', () => {
  test.each([
    ['a header without a hash', { number: '0x3', hash: null, parentHash: null }],
    [
      'a negative block number',
      { number: '-0x1', hash: `0x${'1'.repeat(64)}`, parentHash: `0x${'2'.repeat(64)}` },
    ],
    [
      'block 2^60',
      {
        number: `0x${(2n ** 60n).toString(16)}`,
        hash: `0x${'1'.repeat(64)}`,
        parentHash: `0x${'2'.repeat(64)}`,
      },
    ],
    ['a list', [[[[]]]]],
    ['text', 'latest'],
    ['false', false],
    ['null', null],
  ])('%s', async (_name, value) => {
    const { liar, rpc } = await two()
    liar.instead = header(value)
    const updates = await read(rpc, isBlock(5))
    expect(kinds(updates), said(updates).join('\n')).toContain('block 5')
  })

  test.each([
    ['null among the transactions', [null]],
    ['a transaction without a hash', [{ from: '0x' }]],
    ['no list of transactions', {}],
    ['a value of 2^300', 'value'],
    ['a nonce of 2^60', 'nonce'],
  ])('a block with %s', async (_name, transactions) => {
    const { liar, rpc } = await two()
    liar.instead = (method, params) => {
      if (method !== 'eth_getBlockByNumber' || params[0] !== '0x3' || params[1] !== true) return undefined
      const raw = structuredClone(liar.chain.blocks[3]?.raw.block)
      if (typeof transactions === 'string') {
        const tx = raw?.transactions[0]
        if (tx) tx[transactions] = `0x${(2n ** (transactions === 'value' ? 300n : 60n)).toString(16)}`
      }
      return { kind: 'result', value: typeof transactions === 'string' ? raw : { ...raw, transactions } }
    }
    const updates = await read(rpc, isBlock(5))
    expect(kinds(updates), said(updates).join('\n')).toContain('block 5')
  })

  test('a head a million blocks ahead', async () => {
    const { liar, rpc } = await two()
    liar.instead = (method, params) =>
      method === 'eth_getBlockByNumber' && params[0] === 'latest'
        ? { kind: 'result', value: { ...liar.chain.blocks.at(-1)?.raw.block, number: '0xf4240' } }
        : undefined
    const updates = await read(
      rpc,
      (update) => update.kind === 'notice' && update.notice.code === 'endpoint-moved',
    )
    expect(kinds(updates)).toContain('block 5')
    const [, honest] = rpc.endpoints
    expect(rpc.leader()).toBe(honest)
    const { number, hash } = liar.chain.blocks[3] ?? { number: 0, hash: null }
    await compareEndpoints(rpc, { ref: { number, hash }, lag: 0 })
    expect(rpc.leader()).toBe(honest)
    expect(rpc.standings()[1]).toMatchObject({ state: 'up' })
  })
})

describe('the only node lies', () => {
  test.each([
    ['nonce', 60n],
    ['value', 300n],
    ['gasPrice', 300n],
    ['maxPriorityFeePerGas', 300n],
    ['timestamp', 60n],
    ['baseFeePerGas', 300n],
    ['miner', 8n],
  ] as const)('a %s that is none stops nothing', async (field, power) => {
    const node = createFakeNode(createFakeChain(5))
    node.instead = (method, params) => {
      if (method !== 'eth_getBlockByNumber' || params[0] !== '0x3') return undefined
      const raw = structuredClone(node.chain.blocks[3]?.raw.block)
      const tx = ['timestamp', 'baseFeePerGas', 'miner'].includes(field) ? raw : raw?.transactions[0]
      if (tx) tx[field] = `0x${(2n ** power).toString(16)}`
      return { kind: 'result', value: raw }
    }
    const it = await driveFollower(directRpc(node), { fromBlock: 1 })
    await it.poll(5)
    expect(kinds(it.updates), said(it.updates).join('\n')).toContain('block 5')
    await it.stop()
  })
})

test('an endpoint that was caught in a lie is not up for a minute, though it answers', async () => {
  const clock = fakeClock(1_000)
  const server = await serveFakeNode(createFakeNode(createFakeChain(1)))
  servers.push(server)
  const rpc = createRpc({ urls: [server.url], clock })
  rpcs.push(rpc)
  await rpc.request('eth_blockNumber', [])
  expect(rpc.standings()).toMatchObject([{ state: 'up' }])
  const message = 'It gives a block 3 that does not fit its own hash.'
  rpc.note({ code: 'endpoint-lied', message, facts: { endpoint: rpc.leader().name, block: 3 } })
  await rpc.request('eth_blockNumber', [])
  expect(rpc.standings()).toMatchObject([{ state: 'failing', reason: message }])
  clock.advance(61_000)
  expect(rpc.standings()).toMatchObject([{ state: 'up' }])
})
