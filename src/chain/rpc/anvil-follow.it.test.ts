import { afterEach, describe, expect, test } from 'vitest'
import { kinds, notices, reconstruct } from '../../../test/harness/drive-follower.ts'
import { silentLogger } from '../../kit/logger.ts'
import type { ChainUpdate } from '../../model/block.ts'
import { type Anvil, startAnvil } from '../sandbox/anvil.ts'
import type { Raw } from '../trace/fields.ts'
import { createBlockCheck } from './block-check.ts'
import { headOfBlock } from './block-parts.ts'
import { probeCapabilities } from './capabilities.ts'
import { followHead } from './follow.ts'
import type { FollowOptions } from './follower.ts'
import { bundleOnLatest, watchPending } from './pending.ts'
import { createRpc, type Rpc } from './rpc.ts'

type World = { anvil: Anvil; rpc: Rpc }
const worlds: World[] = []
const stops: AbortController[] = []
const running: Promise<unknown>[] = []
afterEach(async () => {
  for (const stop of stops.splice(0)) stop.abort()
  await Promise.all(running.splice(0))
  await Promise.all(
    worlds.splice(0).map(async ({ anvil, rpc }) => {
      await rpc.close()
      await anvil.stop()
    }),
  )
})

async function start(transport: 'http' | 'ws' = 'http'): Promise<World> {
  const anvil = await startAnvil({ mining: { kind: 'manual' } })
  const world = { anvil, rpc: createRpc({ urls: [transport === 'ws' ? anvil.wsUrl : anvil.url] }) }
  worlds.push(world)
  return world
}

type Reader = {
  updates: ChainUpdate[]
  /** Resolves when an update of which this is true has come; the test's own time limit guards it. */
  until(enough: (updates: readonly ChainUpdate[]) => boolean): Promise<void>
}

/** Collects a stream in the background and lets the test wait for what it expects. */
function read(stream: (signal: AbortSignal) => AsyncGenerator<ChainUpdate>): Reader {
  const stop = new AbortController()
  stops.push(stop)
  const updates: ChainUpdate[] = []
  let told: (() => void) | undefined
  const collect = async (): Promise<void> => {
    for await (const update of stream(stop.signal)) {
      updates.push(update)
      told?.()
    }
  }
  running.push(collect())
  return {
    updates,
    async until(enough) {
      while (!enough(updates)) await new Promise<void>((resolve) => (told = resolve))
    },
  }
}

async function follow({ rpc }: World, options: Partial<FollowOptions> = {}): Promise<Reader> {
  return read((signal) =>
    followHead({ rpc, chainId: 31_337, logger: silentLogger, pollMs: 10, fromBlock: 0, ...options, signal }),
  )
}

const has = (text: string) => (updates: readonly ChainUpdate[]) => kinds(updates).includes(text)
const mine = ({ rpc }: World, blocks: number) => rpc.request('anvil_mine', [`0x${blocks.toString(16)}`])
const send = ({ rpc }: World, gas?: string) =>
  rpc.request('eth_sendTransaction', [
    {
      from: '0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266',
      to: '0x70997970c51812dc3a010c7d01b50e0d17dc79c8',
      value: '0x1',
      ...(gas === undefined ? {} : { gas }),
    },
  ])

describe('following a real node', () => {
  test('blocks come with receipts and traces', async () => {
    const world = await start()
    await send(world)
    await mine(world, 3)
    const reader = await follow(world)
    await reader.until(has('block 3'))
    expect(kinds(reader.updates)).toEqual(['gap-filled', 'block 0', 'block 1', 'block 2', 'block 3'])
    const first = reader.updates.find((it) => it.kind === 'block' && it.bundle.number === 1)
    expect(first).toMatchObject({
      bundle: {
        coverage: { traces: 'callTracer' },
        transactions: [{ succeeded: true, value: 1n, frames: [{ type: 'CALL', value: 1n }] }],
      },
    })
  })

  test.each([1, 3, 10])('a reorganisation %i deep', async (depth) => {
    const world = await start()
    await mine(world, 12)
    const reader = await follow(world)
    await reader.until(has('block 12'))
    await world.rpc.request('anvil_reorg', [depth, []])
    await mine(world, 1)
    await reader.until(has('block 13'))
    expect(kinds(reader.updates)).toContain(`reorg to ${12 - depth}, ${depth} removed`)
    expect(reconstruct(reader.updates).map(({ number }) => number)).toEqual(
      Array.from({ length: 14 }, (_, i) => i),
    )
  })

  test.each(['anvil_rollback', 'evm_revert'])(
    'a chain made shorter by %s and grown again',
    async (method) => {
      const world = await start()
      await mine(world, 2)
      const snapshot = await world.rpc.request('evm_snapshot', [])
      await mine(world, 4)
      const reader = await follow(world)
      await reader.until(has('block 6'))
      await world.rpc.request(method, [method === 'evm_revert' ? snapshot : 4])
      await send(world)
      await mine(world, 2)
      await reader.until((updates) => updates.some(({ kind }) => kind === 'reorg'))
      await mine(world, 4)
      await reader.until(has('block 8'))
      const told = reconstruct(reader.updates)
      const head = (await world.rpc.request('eth_getBlockByNumber', ['latest', false])) as { hash: string }
      expect(told.at(-1)).toEqual({ number: 8, hash: head.hash })
    },
  )

  test('finality comes from the node', async () => {
    const world = await start()
    await mine(world, 70)
    const reader = await follow(world)
    await reader.until((updates) => updates.some(({ kind }) => kind === 'finalized'))
    const tag = (await world.rpc.request('eth_getBlockByNumber', ['finalized', false])) as { number: string }
    expect(kinds(reader.updates)).toContain(`finalized ${Number(tag.number)}`)
  })

  test('a WebSocket wakes the follower: no need to poll', async () => {
    const world = await start('ws')
    const reader = await follow(world, { pollMs: 3_600_000 })
    await reader.until(has('block 0'))
    await mine(world, 1)
    await reader.until(has('block 1'))
    await mine(world, 1)
    await reader.until(has('block 2'))
  })

  test('a dead WebSocket beside a living node: blocks come, and the dead one is told of', async () => {
    const world = await start()
    const gone = await startAnvil({ mining: { kind: 'manual' } })
    await gone.stop()
    const rpc = createRpc({ urls: [gone.wsUrl, world.anvil.url], timeoutMs: 300 })
    const reader = read((signal) =>
      followHead({ rpc, chainId: 31_337, logger: silentLogger, pollMs: 10, fromBlock: 0, signal }),
    )
    await mine(world, 1)
    await reader.until(has('block 1'))
    await reader.until((updates) => notices(updates).includes('endpoint-failed'))
    running.push(rpc.close())
  })

  test('a node that dies and comes back on the same port is followed again', async () => {
    const world = await start()
    await mine(world, 1)
    const reader = await follow(world)
    await reader.until(has('block 1'))
    await world.anvil.stop()
    await reader.until((updates) => notices(updates).includes('source-trouble'))
    const again = await startAnvil({ mining: { kind: 'manual' }, port: world.anvil.port })
    worlds.push({ anvil: again, rpc: world.rpc })
    await mine(world, 3)
    await reader.until((updates) => kinds(updates).includes('block 3'))
    expect(reconstruct(reader.updates).at(-1)?.number).toBe(3)
  })
})

describe('capabilities', () => {
  test('anvil has all that Cordon asks for', async () => {
    const { rpc } = await start()
    const capabilities = await probeCapabilities(rpc)
    expect(capabilities).toMatchObject({
      chainId: 31_337,
      simulate: true,
      traceCall: true,
      traceLogs: true,
      missing: {},
    })
    expect(capabilities.clientVersion).toMatch(/^anvil/)
  })
})

describe('the pool', () => {
  test('waiting transactions are traced before they are mined', async () => {
    const world = await start()
    const capabilities = await probeCapabilities(world.rpc)
    const reader = read((signal) =>
      watchPending({ rpc: world.rpc, capabilities, logger: silentLogger, pollMs: 10, signal }),
    )
    // The filter sees what comes after it: the first is sent until it is seen.
    let hash: unknown
    for (let tries = 0; tries < 100 && reader.updates.length === 0; tries++) {
      hash ??= await send(world, '0x5208')
      if (reader.updates.length === 0) hash = await send(world, '0x5208')
    }
    await reader.until((updates) => updates.length > 0)
    expect(reader.updates[0]).toMatchObject({
      kind: 'pending',
      bundle: {
        pending: true,
        hash: null,
        number: 1,
        coverage: { logs: 'receipts' },
        transactions: [{ frames: [{ type: 'CALL', value: 1n }] }],
      },
    })
    expect(hash).toBeTruthy()
  })

  test.each([
    ['its gas price', '0x3a15600757' + '0000' + '5b60006000fd'],
    ['the number of its block', '0x4360021860095700005b60006000fd'],
    ['the base fee of its block', '0x4815600757' + '0000' + '5b60006000fd'],
  ])('an attack that asks for %s is seen in the pool as it will run', async (_, code) => {
    const world = await start()
    const to = '0x00000000000000000000000000000000000e7111'
    await world.rpc.request('anvil_setCode', [to, code])
    await mine(world, 1)
    const capabilities = await probeCapabilities(world.rpc)
    const call = { from: '0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266', to, gas: '0x30000' }
    const hash = await world.rpc.request('eth_sendTransaction', [call])
    const waiting = (await world.rpc.request('eth_getTransactionByHash', [hash])) as Raw
    const bundle = await bundleOnLatest(waiting, { rpc: world.rpc, capabilities })
    expect(bundle.transactions[0]?.frames).toMatchObject([{ to, reverted: false }])
  })

  test('whether a node traces is asked without a whole trace: the newest block may be made to be large', async () => {
    const world = await start()
    await send(world)
    await mine(world, 1)
    const traced: unknown[] = []
    const rpc: Rpc = {
      ...world.rpc,
      request(method, params) {
        if (/trace_?(block|transaction)/i.test(method)) traced.push(params.at(-1))
        return world.rpc.request(method, params)
      },
    }
    expect(await probeCapabilities(rpc)).toMatchObject({ traces: 'debug_traceBlockByHash', traceLogs: true })
    const small = { tracerConfig: { onlyTopCall: true } }
    expect(traced).toMatchObject([small, small, small])
  })

  test('without debug_traceCall it is not watched, and that is told once; with it it is', async () => {
    const world = await start()
    const known = await probeCapabilities(world.rpc)
    const capabilities = { ...known, traceCall: false, missing: { debug_traceCall: 'not offered' } }
    let isSent = false
    const rpc: Rpc = {
      ...world.rpc,
      async request(method, params) {
        const answer = await world.rpc.request(method, params)
        if (method === 'eth_newPendingTransactionFilter' && !isSent) await send(world)
        isSent ||= method === 'eth_newPendingTransactionFilter'
        return answer
      },
    }
    const abort = new AbortController()
    const clock = {
      now: () => 0,
      sleep: async () => {
        capabilities.traceCall = true
      },
    }
    const stream = watchPending({ rpc, capabilities, logger: silentLogger, clock, signal: abort.signal })
    expect((await stream.next()).value).toMatchObject({ notice: { code: 'pending-unavailable' } })
    expect((await stream.next()).value).toMatchObject({ kind: 'pending' })
    abort.abort()
    await stream.return(undefined)
  })
})

test('headers, transactions and receipts of a node hash to what its blocks commit to', async () => {
  const world = await start()
  await send(world)
  await world.rpc.request('eth_sendTransaction', [
    { from: '0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266', data: '0x6001600155', gas: '0x30000' },
  ])
  await mine(world, 1)
  const head = headOfBlock(await world.rpc.request('eth_getBlockByNumber', ['0x1', true]))
  const receipts = (await world.rpc.request('eth_getBlockReceipts', ['0x1'])) as Raw[]
  expect(head.transactions).toHaveLength(2)
  const check = createBlockCheck()
  expect([check.header(head), check.transactions(head), check.receipts(head, receipts)]).toEqual([
    true,
    true,
    true,
  ])
})
