import { afterEach, describe, expect, test } from 'vitest'
import { createFakeChain } from '../../../test/harness/fake-chain.ts'
import {
  createFakeNode,
  type FakeServer,
  type Instead,
  serveFakeNode,
} from '../../../test/harness/fake-rpc.ts'
import { fakeClock } from '../../kit/clock.ts'
import { silentLogger } from '../../kit/logger.ts'
import type { ChainUpdate } from '../../model/block.ts'
import { probeCapabilities } from './capabilities.ts'
import { createEndpoint } from './endpoint.ts'
import { fetchBundle } from './fetch-bundle.ts'
import { followHead } from './follow.ts'
import { createRpc, type Rpc } from './rpc.ts'

const servers: FakeServer[] = []
const rpcs: Rpc[] = []
afterEach(async () => {
  await Promise.all(rpcs.splice(0).map((rpc) => rpc.close()))
  await Promise.all(servers.splice(0).map((server) => server.close()))
})

async function serve(blocks = 5): Promise<FakeServer> {
  const server = await serveFakeNode(createFakeNode(createFakeChain(blocks)))
  servers.push(server)
  return server
}

async function two(): Promise<{
  first: FakeServer
  second: FakeServer
  rpc: Rpc
  clock: ReturnType<typeof fakeClock>
}> {
  const [first, second] = [await serve(), await serve()]
  second.node.chain = first.node.chain
  const clock = fakeClock(1_000)
  const rpc = createRpc({ urls: [first.url, second.url], timeoutMs: 1_000, clock })
  rpcs.push(rpc)
  return { first, second, rpc, clock }
}

const number = async (rpc: Rpc): Promise<number> => Number(await rpc.request('eth_blockNumber', []))
const told = (rpc: Rpc): string[] => rpc.takeNotices().map(({ code }) => code)
/** Ports differ from run to run. */
const steady = (text: string): string => text.replaceAll(/127\.0\.0\.1:\d+/g, 'node')

const failures: [string, Instead][] = [
  ['HTML', { kind: 'html' }],
  ['503', { kind: 'status', status: 503 }],
  ['429', { kind: 'status', status: 429 }],
  ['silence', { kind: 'hang' }],
  ['half an answer', { kind: 'text', body: '{"jsonrpc":"2.0","id":1,"res' }],
  ['null', { kind: 'text', body: 'null' }],
  ['a limit that is exceeded', { kind: 'error', code: -32005, message: 'limit exceeded' }],
  ['a limit in HTTP’s words', { kind: 'error', code: 429, message: 'too many requests' }],
]

describe('two endpoints', () => {
  test.each(failures)(
    'the first answers %s: the second is asked, and the first leads on',
    async (_name, instead) => {
      const { first, rpc } = await two()
      first.node.instead = () => instead
      expect(await number(rpc)).toBe(5)
      first.node.instead = () => undefined
      first.node.asked.length = 0
      expect(await number(rpc)).toBe(5)
      expect(first.node.asked).toHaveLength(1)
      expect(told(rpc)).toEqual([])
    },
  )

  test.each(failures)(
    'the first answers %s three times on end: it is told of, the second leads',
    async (_name, instead) => {
      const { first, second, rpc, clock } = await two()
      first.node.instead = () => instead
      for (let i = 0; i < 3; i++) expect(await number(rpc)).toBe(5)
      expect(told(rpc)).toEqual(['endpoint-failed', 'endpoint-moved'])
      expect(rpc.leader().name).toBe(second.url)
      first.node.asked.length = 0
      expect(await number(rpc)).toBe(5)
      expect(first.node.asked).toEqual([])
      first.node.instead = () => undefined
      clock.advance(6_000)
      await rpc.request('eth_blockNumber', [], { only: rpc.endpoints[0] })
      expect(told(rpc)).toEqual(['endpoint-recovered'])
      expect(rpc.leader().name).toBe(second.url)
    },
  )

  test('one of which a third fails loses the lead; one failure in twenty does not', async () => {
    const { first, second, rpc } = await two()
    let turn = 0
    first.node.instead = () => (turn++ % 20 === 0 ? { kind: 'status', status: 500 } : undefined)
    for (let i = 0; i < 60; i++) await number(rpc)
    expect(rpc.leader().name).toBe(first.url)
    first.node.instead = () => (turn++ % 3 === 0 ? { kind: 'status', status: 500 } : undefined)
    for (let i = 0; i < 60; i++) await number(rpc)
    expect(rpc.leader().name).toBe(second.url)
  })

  test('a question that the first refuses is asked of the second; where both refuse the first has the word', async () => {
    const { first, second, rpc } = await two()
    first.node.instead = () => ({ kind: 'error', code: -32602, message: 'invalid argument 0' })
    expect(await number(rpc)).toBe(5)
    second.node.instead = () => ({ kind: 'error', code: -32602, message: 'no' })
    await expect(number(rpc)).rejects.toMatchObject({
      code: 'chain.RpcRefused',
      retryable: false,
      facts: { endpoint: first.url },
    })
    expect(told(rpc)).toEqual([])
  })

  test.each([
    ['a call that reverts', 'eth_call', { code: 3, message: 'execution reverted' }],
    ['a transaction that is refused', 'eth_sendRawTransaction', { code: -32000, message: 'nonce too low' }],
  ])('%s has been answered: nobody else is asked', async (_name, method, refused) => {
    const { first, second, rpc } = await two()
    first.node.instead = () => ({ kind: 'error', ...refused })
    await expect(rpc.request(method, [])).rejects.toMatchObject({ code: 'chain.RpcRefused' })
    expect(second.node.asked).toEqual([])
  })

  test('an answer of many megabytes is an answer: blocks with traces are long', async () => {
    const server = await serve()
    const rpc = createRpc({ urls: [server.url] })
    rpcs.push(rpc)
    server.node.instead = () => ({ kind: 'result', value: 'f'.repeat(12_000_000) })
    const answer = await rpc.request('debug_traceBlockByHash', [])
    expect(typeof answer === 'string' ? answer.length : answer).toBe(12_000_000)
  })

  test('both down: the last failure is the answer, retryable', async () => {
    const { first, second, rpc } = await two()
    for (const server of [first, second]) server.node.instead = () => ({ kind: 'status', status: 500 })
    await expect(number(rpc)).rejects.toMatchObject({ code: 'chain.EndpointFailed', retryable: true })
    await expect(number(rpc)).rejects.toMatchObject({ code: 'chain.EndpointFailed' })
    await expect(number(rpc)).rejects.toMatchObject({ code: 'chain.EndpointFailed' })
    expect(told(rpc).filter((code) => code === 'endpoint-failed')).toHaveLength(2)
  })
})

describe('messages', () => {
  test('no answer', async () => {
    const { url, node } = await serve()
    node.instead = () => ({ kind: 'html' })
    const error = await createEndpoint(url)
      .request('eth_chainId', [])
      .catch((thrown: unknown) => thrown)
    expect(steady((error as Error).message)).toMatchInlineSnapshot(`
      "http://node answers with an HTML page (<html><body>502 Bad Gateway</body></html>): eth_chainId has no answer.
        endpoint: http://node
        method: eth_chainId
        kind: html
      Fix: A proxy, a login page or a web server answers at this URL: correct the URL of the JSON-RPC endpoint."
    `)
  })

  test('a refusal', async () => {
    const { url } = await serve()
    const error = await createEndpoint(url)
      .request('trace_block', ['0x1'])
      .catch((thrown: unknown) => thrown)
    expect(steady((error as Error).message)).toMatchInlineSnapshot(`
      "http://node refused trace_block with -32601: the method trace_block does not exist/is not available
        endpoint: http://node
        method: trace_block
        code: -32601
        absent: true
      Fix: The node does not offer this method: \`cordon doctor\` lists what it has."
    `)
  })

  test('an address that is none', () => {
    expect(() => createEndpoint('localhost:8545')).toThrowErrorMatchingInlineSnapshot(`
      [chain.BadUrl: An RPC URL must begin with http://, https://, ws:// or wss://.
        url: localhost:8545
      Fix: Correct CORDON_RPC_URL or chains[].rpcUrls in cordon.config.ts.]
    `)
  })

  test('no address', () => {
    expect(() => createRpc({ urls: [] })).toThrowErrorMatchingInlineSnapshot(`
      [chain.NoEndpoint: No RPC endpoint was given.
      Fix: Set CORDON_RPC_URL, or chains[].rpcUrls in cordon.config.ts.]
    `)
  })

  test('another chain', async () => {
    const { url } = await serve()
    const rpc = createRpc({ urls: [url] })
    await expect(probeCapabilities(rpc, 8453)).rejects.toThrowErrorMatchingInlineSnapshot(`
      [chain.WrongChain: The node is on chain 1, not on chain 8453.
        expected: 8453
        got: 1
      Fix: Point the RPC URL at a node of the right chain, or correct chains[].chainId in cordon.config.ts.]
    `)
  })

  test('keys in a URL are never shown', async () => {
    const { url } = await serve()
    const endpoint = createEndpoint(`${url}/v3/SECRETKEY?token=SECRETTOKEN`)
    const error = await endpoint.request('nope', []).catch((thrown: unknown) => thrown)
    expect(endpoint.name + (error as Error).message).not.toMatch(/SECRET/)
  })

  test('a block that is not there', async () => {
    const { url } = await serve()
    const rpc = createRpc({ urls: [url] })
    await expect(
      fetchBundle(99, { rpc, capabilities: { chainId: 1 } }),
    ).rejects.toThrowErrorMatchingInlineSnapshot(`
      [chain.BlockMissing: The node does not have block 99.
        block: 99
      Fix: It may be pruned, orphaned or not available yet: use an archive node, or wait.]
    `)
  })

  const ways: [string, Instead | undefined][] = [
    ['nobody listens', undefined],
    ['HTTP 500', { kind: 'status', status: 500 }],
    ['an HTML page', { kind: 'html' }],
    ['JSON that is cut off', { kind: 'text', body: '{"jsonrpc":"2.0","id":1,"res' }],
    ['silence', { kind: 'hang' }],
    ['another API', { kind: 'text', body: '{"hello":"world"}' }],
    ['nothing', { kind: 'text', body: '' }],
  ]
  test('each way to fail is told in words of its own', async () => {
    const said: string[] = []
    for (const [, instead] of ways) {
      const server = await serve()
      server.node.instead = () => instead
      if (instead === undefined) await server.close()
      const thrown = await createEndpoint(server.url, 100)
        .request('eth_chainId', [])
        .catch((error: unknown) => error)
      said.push(steady((thrown as Error).message.split('\n', 1)[0] ?? ''))
    }
    expect(said).toMatchInlineSnapshot(`
      [
        "http://node refuses connections: eth_chainId has no answer.",
        "http://node answers with an HTTP error (status 500): eth_chainId has no answer.",
        "http://node answers with an HTML page (<html><body>502 Bad Gateway</body></html>): eth_chainId has no answer.",
        "http://node sends JSON that is cut off (28 characters): eth_chainId has no answer.",
        "http://node did not answer in time (100 ms): eth_chainId has no answer.",
        "http://node sends JSON that is no JSON-RPC response ({"hello":"world"}): eth_chainId has no answer.",
        "http://node sends something that is not JSON (an empty answer): eth_chainId has no answer.",
      ]
    `)
    expect(new Set(said)).toHaveLength(ways.length)
  })
})

describe('what a node can', () => {
  test('all that the fake has', async () => {
    const { url } = await serve()
    expect(await probeCapabilities(createRpc({ urls: [url] }))).toMatchObject({
      receipts: 'eth_getBlockReceipts',
      traces: 'debug_traceBlockByHash',
      traceLogs: true,
      simulate: false,
      traceCall: false,
    })
  })

  test.each([
    [['debug_traceBlockByHash'], { traces: 'debug_traceBlockByNumber' }],
    [['debug_traceBlockByHash', 'debug_traceBlockByNumber'], { traces: 'none', traceLogs: false }],
    [['eth_getBlockReceipts'], { receipts: 'eth_getTransactionReceipt' }],
    [['web3_clientVersion'], { clientVersion: 'unknown' }],
  ])('without %j', async (without, expected) => {
    const { url, node } = await serve()
    for (const method of without) node.without.add(method)
    const rpc = createRpc({ urls: [url] })
    const capabilities = await probeCapabilities(rpc)
    expect(capabilities).toMatchObject(expected)
    const bundle = await fetchBundle(4, { rpc, capabilities })
    expect(bundle.transactions[0]?.logs).toHaveLength(1)
    expect(bundle.coverage.traces).toBe(capabilities.traces === 'none' ? 'none' : 'callTracer')
  })
})

/** Reads a follower until `enough`, then stops it. */
async function readUntil(rpc: Rpc, enough: (update: ChainUpdate) => boolean): Promise<ChainUpdate[]> {
  const stop = new AbortController()
  const updates: ChainUpdate[] = []
  for await (const update of followHead({
    rpc,
    chainId: 1,
    logger: silentLogger,
    pollMs: 5,
    fromBlock: 0,
    signal: stop.signal,
  })) {
    updates.push(update)
    if (enough(update)) stop.abort()
  }
  return updates
}

describe('following over HTTP', () => {
  test('endpoints that disagree about a block are told of', async () => {
    const { first, second, rpc } = await two()
    second.node.chain = createFakeChain(2)
    second.node.chain.reorg(2, 5)
    const updates = await readUntil(rpc, ({ kind }) => kind === 'notice')
    const code = () => updates.findLast(({ kind }) => kind === 'notice')
    expect(code()).toMatchObject({ notice: { code: 'gap-filled' } })
    const more = await readUntil(rpc, (it) => it.kind === 'notice' && it.notice.code === 'endpoints-disagree')
    expect(more.at(-1)).toMatchObject({ notice: { facts: { block: 3 } } })
    expect(first.node.asked).toContain('eth_getBlockByNumber')
  })

  test('a second endpoint that hangs does not hold up the blocks of the first', async () => {
    const [first, second] = [await serve(4), await serve(4)]
    const rpc = createRpc({ urls: [first.url, second.url], timeoutMs: 60_000 })
    second.node.instead = () => ({ kind: 'hang' })
    const updates = await readUntil(rpc, (update) => {
      if (update.kind === 'block' && update.bundle.number === 4) first.node.chain.extend(1)
      return update.kind === 'block' && update.bundle.number === 5
    })
    expect(updates.filter(({ kind }) => kind === 'block')).toHaveLength(6)
  })

  test('an abort ends it at once, though the node is silent', async () => {
    const { node, url } = await serve()
    const rpc = createRpc({ urls: [url], timeoutMs: 60_000 })
    const stop = new AbortController()
    node.instead = () => {
      queueMicrotask(() => stop.abort())
      return { kind: 'hang' }
    }
    const updates: ChainUpdate[] = []
    for await (const update of followHead({ rpc, chainId: 1, logger: silentLogger, signal: stop.signal }))
      updates.push(update)
    expect(updates).toEqual([])
  })
})
