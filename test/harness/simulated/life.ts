import type pg from 'pg'
import type { App, ChainHandle } from '../../../src/app/context.ts'
import type { Rpc } from '../../../src/chain/rpc/rpc.ts'
import { simulateV1Sequencer } from '../../../src/contain/sequence.ts'
import type { Signer } from '../../../src/contain/signer.ts'
import { CordonError } from '../../../src/kit/error.ts'
import type { BlockRef } from '../../../src/model/block.ts'
import type { Store } from '../../../src/store/store.ts'
import { SimRefused } from './chain.ts'
import { current } from './faults.ts'
import { answer } from './node.ts'
import { advance, elapsed, type World } from './world.ts'

/** One process, from its start to its death: what it does after that has no effect and never comes to an end. */
export type Life = {
  world: World
  app: App
  chain: ChainHandle
  alive: boolean
  died: Promise<void>
  die: () => void
  /** Run whenever time passes, as the watcher would beside the playbook. */
  beside: (life: Life) => Promise<void>
  isBeside: boolean
  /** What the watcher remembers of the chain. */
  refs: BlockRef[]
}

export class Death extends Error {}

export type Parts = {
  store: Store
  signer: Signer
  chain: Omit<ChainHandle, 'rpc' | 'sequencer'>
  app: Omit<App, 'store' | 'clock' | 'chains' | 'signers' | 'containing'>
  beside: Life['beside']
}

export function beginLife(world: World, parts: Parts): Life {
  const clients = new Set<pg.PoolClient>()
  let die = (): void => {}
  const died = new Promise<void>((resolve) => {
    die = () => {
      life.alive = false
      // a dead process leaves no transaction open: the server rolls them back
      for (const client of clients) client.release(true)
      clients.clear()
      resolve()
    }
  })
  const life: Life = {
    world,
    app: undefined as never,
    chain: undefined as never,
    alive: true,
    died,
    die: () => die(),
    beside: parts.beside,
    isBeside: false,
    refs: [],
  }
  const rpc = rpcOf(life)
  life.chain = { ...parts.chain, rpc, sequencer: simulateV1Sequencer(rpc) }
  const clock = {
    now: () => world.now,
    sleep: async (ms: number) => {
      await pass(life, Math.max(ms, 200))
      await still(life)
    },
  }
  life.app = {
    ...parts.app,
    clock,
    containing: new Set(),
    store: storeOf(life, parts.store, clients),
    chains: new Map([[life.chain.chainId, life.chain]]),
    signers: new Map([[parts.signer.address, signerOf(life, parts.signer)]]),
  }
  return life
}

/** Never settles for the dead. */
export async function still(life: Life): Promise<void> {
  if (!life.alive) await new Promise(() => {})
}

async function pass(life: Life, ms: number): Promise<void> {
  await advance(life.world, ms)
  if (life.isBeside || !life.alive) return
  life.isBeside = true
  try {
    await life.beside(life)
  } finally {
    life.isBeside = false
  }
}

const CALL_MS = 20
const TIMEOUT_MS = 1_500

function rpcOf(life: Life): Rpc {
  const { world } = life
  const request = async (method: string, params: readonly unknown[]): Promise<unknown> => {
    await still(life)
    await pass(life, CALL_MS)
    await still(life)
    const now = elapsed(world)
    const hit = (kind: 'rpc-error' | 'timeout'): boolean =>
      world.random() < (current(world.faults, kind, now)?.rate ?? 0)
    if (hit('rpc-error')) throw unanswered(method, 'HTTP 503')
    if (hit('timeout')) {
      // nobody knows whether it arrived
      if (world.random() < 0.5) await truth(world, method, params).catch(() => undefined)
      await pass(life, TIMEOUT_MS)
      await still(life)
      throw unanswered(method, 'timed out')
    }
    const given = await truth(world, method, params)
    await still(life)
    return given
  }
  return { endpoints: [], request, takeNotices: () => [], close: async () => {} }
}

async function truth(world: World, method: string, params: readonly unknown[]): Promise<unknown> {
  const now = elapsed(world)
  const lagging = current(world.faults, 'lagging-node', now)
  // several nodes behind one URL: now this one answers, now that one
  const lag = lagging !== undefined && world.random() < lagging.rate ? 1 + (lagging.size % 5) : 0
  try {
    const given = await answer({ chain: world.chain, lag }, method, params)
    return method === 'eth_getTransactionReceipt' ? lied(world, given) : given
  } catch (thrown) {
    if (thrown instanceof SimRefused) throw refusedBy(method, thrown)
    throw thrown
  }
}

/** Receipts that are missing, of a block that nobody knows, or with the other status. */
function lied(world: World, receipt: unknown): unknown {
  const lying = current(world.faults, 'lying-receipt', elapsed(world))
  if (lying === undefined || receipt === null || world.random() >= lying.rate) return receipt
  if (lying.way < 0.4) return null
  if (lying.way < 0.7) return { ...(receipt as object), blockHash: `0x${'f'.repeat(64)}` }
  const { status } = receipt as { status: string }
  return { ...(receipt as object), status: status === '0x1' ? '0x0' : '0x1' }
}

function unanswered(method: string, reason: string): CordonError {
  return new CordonError({
    code: 'chain.EndpointFailed',
    message: `sim did not answer ${method}: ${reason}`,
    facts: { endpoint: 'sim', method, reason },
    fix: 'Wait.',
    retryable: true,
  })
}

function refusedBy(method: string, { code, message }: SimRefused): CordonError {
  return new CordonError({
    code: 'chain.RpcRefused',
    message: `sim refused ${method} with ${code}: ${message}`,
    facts: { endpoint: 'sim', method, code },
    fix: 'Read the node’s reason above; the same call will be refused again.',
  })
}

function signerOf(life: Life, signer: Signer): Signer {
  return {
    address: signer.address,
    async signTransaction(transaction) {
      await still(life)
      if (current(life.world.faults, 'signer-down', elapsed(life.world)) !== undefined)
        throw new Error('the signer does not answer')
      const raw = await signer.signTransaction(transaction)
      await still(life)
      return raw
    },
  }
}

type Query = (...given: readonly unknown[]) => Promise<unknown>

/** The same database over connections that break: before a query did its work, or after. */
function storeOf(life: Life, store: Store, clients: Set<pg.PoolClient>): Store {
  const broken = { queries: 0 }
  const guarded = (query: Query): Query => {
    return async (...given) => {
      await still(life)
      const fault = current(life.world.faults, 'database', elapsed(life.world))
      const isHit =
        fault !== undefined && broken.queries < 1 + (fault.size % 3) && life.world.random() < fault.rate
      if (isHit) broken.queries++
      if (isHit && life.world.random() < 0.5) throw lost()
      const result = await query(...given)
      await still(life)
      if (isHit) throw lost()
      return result
    }
  }
  const { pool } = store
  const connect = async (): Promise<unknown> => {
    await still(life)
    const client = await pool.connect()
    if (!life.alive) client.release(true)
    await still(life)
    clients.add(client)
    const release = (error?: Error): void => {
      if (clients.delete(client)) client.release(error)
    }
    return { query: guarded(client.query.bind(client) as Query), release }
  }
  const wrapped = { query: guarded(pool.query.bind(pool) as Query), connect }
  return { ...store, pool: wrapped as unknown as pg.Pool }
}

function lost(): Error {
  return Object.assign(new Error('terminating connection due to administrator command'), { code: '57P01' })
}
