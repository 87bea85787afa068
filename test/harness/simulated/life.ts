import type pg from 'pg'
import { type Rpc, singleRpc } from '../../../src/chain/rpc/rpc.ts'
import type { Signer } from '../../../src/contain/signers/signer.ts'
import { simulateV1Sequencer } from '../../../src/contain/trials/sequence.ts'
import { CordonError } from '../../../src/kit/error.ts'
import type { BlockRef } from '../../../src/model/block.ts'
import type { App, ChainHandle } from '../../../src/respond/context.ts'
import type { Store } from '../../../src/store/store.ts'
import { SimRefused } from './chain.ts'
import { current } from './faults.ts'
import { answer } from './node.ts'
import { advance, elapsed, type World } from './world.ts'

/** One process, from its start to its death: its later actions have no effect and never finish. */
export type Life = {
  world: World
  app: App
  chain: ChainHandle
  alive: boolean
  died: Promise<void>
  die: () => void
  /** The same program in the watcher's view: the time that it takes does not run it again. */
  watching: { app: App; chain: ChainHandle }
  /** Runs whenever time passes for the playbook; the playbook waits for it, so that a seed is always the same run. */
  beside: (life: Life) => Promise<void>
  /** Ends when the current user of the database or of the clock is done. */
  turn: Promise<void>
  /** The watcher's memory of the chain. */
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
    watching: undefined as never,
    alive: true,
    died,
    die: () => die(),
    beside: parts.beside,
    turn: Promise.resolve(),
    refs: [],
  }
  const containing = new Set<string>()
  const database = { store: parts.store, clients }
  const ours = { containing, store: storeOf(life, database, () => takeTurn(life)) }
  Object.assign(life, sideOf(life, parts, { shared: ours, pass }))
  const theirs = { containing, store: storeOf(life, database, async () => () => {}) }
  life.watching = sideOf(life, parts, { shared: theirs, pass: (_life, ms) => advance(world, ms) })
  return life
}

type Pass = (life: Life, ms: number) => Promise<void>
type Side = { shared: Pick<App, 'containing' | 'store'>; pass: Pass }

function sideOf(life: Life, parts: Parts, { shared, pass: passing }: Side): { app: App; chain: ChainHandle } {
  const rpc = rpcOf(life, passing)
  const chain = { ...parts.chain, rpc, sequencer: simulateV1Sequencer(rpc) }
  const clock = {
    now: () => life.world.now,
    sleep: async (ms: number) => {
      await passing(life, Math.max(ms, 200))
      await still(life)
    },
  }
  const app = {
    ...parts.app,
    ...shared,
    clock,
    chains: new Map([[chain.chainId, chain]]),
    signers: new Map([[parts.signer.address, signerOf(life, parts.signer)]]),
  }
  return { app, chain }
}

/** Never settles after death. */
export async function still(life: Life): Promise<void> {
  if (!life.alive) await new Promise(() => {})
}

async function pass(life: Life, ms: number): Promise<void> {
  const done = await takeTurn(life)
  await still(life)
  try {
    await advance(life.world, ms)
    await life.beside(life)
  } finally {
    done()
  }
}

/**
 * One at a time: abandoned calls (`Promise.all` ends with the first failure) still run, and the order of two answers of
 * PostgreSQL is random.
 */
async function takeTurn(life: Life): Promise<() => void> {
  const before = life.turn
  let done = (): void => {}
  life.turn = new Promise((resolve) => {
    done = resolve
  })
  await before
  return done
}

const CALL_MS = 20
const TIMEOUT_MS = 1_500

function rpcOf(life: Life, passing: Pass): Rpc {
  const { world } = life
  const request = async (method: string, params: readonly unknown[]): Promise<unknown> => {
    await still(life)
    await passing(life, CALL_MS)
    await still(life)
    const now = elapsed(world)
    const hit = (kind: 'rpc-error' | 'timeout'): boolean =>
      world.random() < (current(world.faults, kind, now)?.rate ?? 0)
    if (hit('rpc-error')) throw unanswered(method, 'HTTP 503')
    if (hit('timeout')) {
      // whether it arrived is unknown
      if (world.random() < 0.5) await truth(world, method, params).catch(() => undefined)
      await passing(life, TIMEOUT_MS)
      await still(life)
      throw unanswered(method, 'timed out')
    }
    const given = await truth(world, method, params)
    await still(life)
    return given
  }
  return singleRpc('simulated node', request)
}

async function truth(world: World, method: string, params: readonly unknown[]): Promise<unknown> {
  const now = elapsed(world)
  const lagging = current(world.faults, 'lagging-node', now)
  // several nodes behind one URL: different ones answer
  const lag = lagging !== undefined && world.random() < lagging.rate ? 1 + (lagging.size % 5) : 0
  try {
    const given = await answer({ chain: world.chain, lag }, method, params)
    return method === 'eth_getTransactionReceipt' ? lied(world, given) : given
  } catch (thrown) {
    if (thrown instanceof SimRefused) throw refusedBy(method, thrown)
    throw thrown
  }
}

/** Receipts that are missing, of an unknown block, or with the other status. */
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
    signTypedData: (typedData) => signer.signTypedData(typedData),
  }
}

type Query = (...given: readonly unknown[]) => Promise<unknown>

type Database = { store: Store; clients: Set<pg.PoolClient> }

/** The same database over connections that break: before a query did its work, or after. */
function storeOf(life: Life, { store, clients }: Database, turn: () => Promise<() => void>): Store {
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
    const done = await turn()
    await still(life)
    const client = await pool.connect()
    if (!life.alive) client.release(true)
    await still(life)
    clients.add(client)
    const release = (error?: Error): void => {
      if (clients.delete(client)) client.release(error)
      done()
    }
    return { query: guarded(client.query.bind(client) as Query), release }
  }
  const once = guarded(pool.query.bind(pool) as Query)
  const query: Query = async (...given) => {
    const done = await turn()
    try {
      return await once(...given)
    } finally {
      done()
    }
  }
  return { ...store, pool: { query, connect } as unknown as pg.Pool }
}

function lost(): Error {
  return Object.assign(new Error('terminating connection due to administrator command'), { code: '57P01' })
}
