import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { createFakeChain, type FakeChain } from '../../../test/harness/fake-chain.ts'
import {
  createFakeNode,
  type FakeNode,
  type FakeServer,
  type Instead,
  serveFakeNode,
} from '../../../test/harness/fake-rpc.ts'
import { freshDatabase } from '../../../test/harness/postgres.ts'
import { silentLogger } from '../../kit/logger.ts'
import { configSchema } from '../../model/config.ts'
import type { Check } from './check.ts'
import { examine } from './examine.ts'

const closers: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

async function nodeOn(chain: FakeChain, instead: FakeNode['instead'] = () => undefined): Promise<FakeServer> {
  const node = createFakeNode(chain)
  node.instead = instead
  const server = await serveFakeNode(node)
  closers.push(server.close)
  return server
}

type Given = { rpcUrls: string[]; protect?: string[]; webhook?: string }

async function checksOf({ rpcUrls, protect = [], webhook }: Given): Promise<Check[]> {
  const database = await freshDatabase()
  closers.push(database.drop)
  const config = configSchema.parse({
    chains: [{ chainId: 1, rpcUrls }],
    protect: protect.map((address) => ({ address })),
    ...(webhook === undefined
      ? {}
      : { channels: { pager: { kind: 'webhook', url: webhook, secretEnv: 'PAGER_SECRET' } } }),
    rules: [],
    api: { port: 0 },
  })
  const checks: Check[] = []
  const env = { DATABASE_URL: database.url, PAGER_SECRET: 'whsec_c2VjcmV0' }
  const loaded = { origin: 'file', file: 'cordon.config.ts', config } as const
  for await (const check of examine({ loaded, env, logger: silentLogger })) checks.push(check)
  return checks
}

const named = (checks: readonly Check[], name: string): Check | undefined =>
  checks.find((check) => check.name.startsWith(name))
const result = (value: unknown): Instead => ({ kind: 'result', value })

test('a node is tried on recent blocks that have transactions', async () => {
  const { url } = await nodeOn(createFakeChain(20))
  const checks = await checksOf({ rpcUrls: [url] })
  expect(named(checks, 'receipts of')).toMatchObject({
    state: 'ok',
    detail: 'eth_getBlockReceipts, tried on 3 transactions in blocks 20, 19, 18',
  })
  expect(named(checks, 'traces of')).toMatchObject({
    state: 'ok',
    detail: expect.stringMatching(/^debug_traceBlockByHash, tried on 3 transactions/),
  })
})

test('a node that ignores the tracer is found out, though it answers', async () => {
  const structLogs = [{ result: { gas: 1, failed: false, returnValue: '', structLogs: [] } }]
  const { url } = await nodeOn(createFakeChain(20), (method) =>
    method.startsWith('debug_trace') ? result(structLogs) : undefined,
  )
  const check = named(await checksOf({ rpcUrls: [url] }), 'traces of')
  expect(check).toMatchObject({ state: 'failed', fix: expect.stringContaining('callTracer') })
  expect(check?.detail).toContain('it ignores the tracer and answers with struct logs')
})

test('a node that leaves receipts out is found out', async () => {
  const { url } = await nodeOn(createFakeChain(20), (method) =>
    method === 'eth_getBlockReceipts' ? result([]) : undefined,
  )
  expect(named(await checksOf({ rpcUrls: [url] }), 'receipts of')).toMatchObject({
    state: 'failed',
    detail: 'eth_getBlockReceipts: block 20: 1 of 1 receipts are missing',
  })
})

test('two nodes on one chain agree', async () => {
  const chain = createFakeChain(20)
  const [one, other] = [await nodeOn(chain), await nodeOn(chain)]
  const checks = await checksOf({ rpcUrls: [one.url, other.url] })
  expect(checks.filter(({ name }) => name.startsWith('endpoints:')).map(({ state }) => state)).toEqual([
    'ok',
    'ok',
    'ok',
    'ok',
  ])
})

test('two nodes that tell of different chains are said who says what', async () => {
  const chain = createFakeChain(20)
  const fork = createFakeChain(20)
  fork.reorg(5, 5)
  const [one, other] = [await nodeOn(chain), await nodeOn(fork)]
  const check = named(await checksOf({ rpcUrls: [one.url, other.url] }), 'endpoints: block 18')
  expect(check).toMatchObject({ state: 'failed' })
  expect(check?.detail).toContain(chain.blocks[18]?.hash)
  expect(check?.detail).toContain(fork.blocks[18]?.hash)
})

test('a node that empties the logs of receipts disagrees with the other', async () => {
  const chain = createFakeChain(20)
  const emptied = (chain.blocks[20]?.raw.receipts ?? []).map((receipt) => ({ ...receipt, logs: [] }))
  const [one, other] = [
    await nodeOn(chain),
    await nodeOn(chain, (method) => (method === 'eth_getBlockReceipts' ? result(emptied) : undefined)),
  ]
  const checks = await checksOf({ rpcUrls: [one.url, other.url] })
  expect(named(checks, 'endpoints: receipts of block 20')).toMatchObject({ state: 'failed' })
})

test('a node that is behind, and one that is away, are named', async () => {
  const [one, other] = [await nodeOn(createFakeChain(20)), await nodeOn(createFakeChain(5))]
  const checks = await checksOf({ rpcUrls: [one.url, other.url, 'http://127.0.0.1:9'] })
  expect(named(checks, 'endpoints: heads')).toMatchObject({
    state: 'warning',
    detail: expect.stringMatching(/^15 blocks apart/),
  })
  expect(named(checks, 'endpoint http://127.0.0.1:9')).toMatchObject({ state: 'failed' })
})

test('how far back states and traces go is said', async () => {
  const { url } = await nodeOn(createFakeChain(200), (method, params) => {
    if (method !== 'eth_getBalance') return undefined
    const pruned = 200 - Number(params[1]) > 128
    return pruned ? { kind: 'error', code: -32000, message: 'missing trie node' } : result('0x0')
  })
  expect(named(await checksOf({ rpcUrls: [url] }), 'history of')).toMatchObject({
    state: 'warning',
    detail: expect.stringMatching(
      /^states 64 blocks back or more, traces 144 blocks back or more: after a stop of/,
    ),
  })
})

test('a protected address without code is a failure', async () => {
  const address = `0x${'ab'.repeat(20)}`
  const { url } = await nodeOn(createFakeChain(20), (method) =>
    method === 'eth_getCode' ? result('0x') : undefined,
  )
  const checks = await checksOf({ rpcUrls: [url], protect: [address] })
  expect(named(checks, `code of ${address}`)).toMatchObject({ state: 'failed' })
  // And reported once.
  expect(checks.filter(({ name }) => name.includes(address))).toHaveLength(1)
})

test('a database that a power cut can destroy, and a superuser, are told; its clock is compared', async () => {
  // The tests' own PostgreSQL disables fsync for speed.
  const { url } = await nodeOn(createFakeChain(20))
  const checks = await checksOf({ rpcUrls: [url] })
  expect(named(checks, 'database durability')).toMatchObject({
    state: 'warning',
    detail: 'fsync and full_page_writes are off: a power cut can lose or destroy the record',
  })
  expect(named(checks, 'database user')).toMatchObject({ state: 'warning' })
  expect(named(checks, 'database clock')).toMatchObject({ state: 'ok' })
  expect(named(checks, 'disk space')?.detail).toMatch(/GiB free/)
})

test('a webhook is reached without sending anything', async () => {
  const methods: (string | undefined)[] = []
  const receiver = createServer((request, response) => {
    methods.push(request.method)
    response.writeHead(405).end()
  })
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve))
  closers.push(async () => void receiver.close())
  const { url } = await nodeOn(createFakeChain(20))
  const webhook = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook/secret`
  const check = named(await checksOf({ rpcUrls: [url], webhook }), 'channel pager')
  expect(check).toMatchObject({ state: 'ok' })
  expect(check?.detail).not.toContain('secret')
  expect(methods).toEqual(['HEAD'])
  expect(
    named(await checksOf({ rpcUrls: [url], webhook: 'http://127.0.0.1:9/hook' }), 'channel pager'),
  ).toMatchObject({ state: 'failed' })
})
