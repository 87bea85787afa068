import { endpointFailed, refusal } from '../../src/chain/rpc/failure.ts'
import { followHead } from '../../src/chain/rpc/follow.ts'
import type { FollowOptions } from '../../src/chain/rpc/follower.ts'
import { type Rpc, singleRpc } from '../../src/chain/rpc/rpc.ts'
import type { Clock } from '../../src/kit/clock.ts'
import { silentLogger } from '../../src/kit/logger.ts'
import type { BlockRef, ChainUpdate } from '../../src/model/block.ts'
import { answer, type FakeNode, NodeRefused } from './fake-rpc.ts'

/** A node queried in this process: no sockets, so a thousand histories take seconds. */
export function directRpc(node: FakeNode): Rpc {
  return singleRpc('node', async (method, params) => {
    node.asked.push(method)
    const instead = node.instead(method, params)
    if (instead?.kind === 'result') return instead.value
    if (instead !== undefined) throw endpointFailed({ endpoint: 'node', method, kind: 'connection-lost' })
    try {
      return answer(node, method, params)
    } catch (thrown) {
      if (!(thrown instanceof NodeRefused)) throw thrown
      throw refusal({ endpoint: 'node', method, code: thrown.code, message: thrown.message })
    }
  })
}

/** A clock on which every sleeper sleeps until the test wakes it. */
type GateClock = Clock & {
  advance(ms: number): void
  /** Wakes all sleepers; resolves when one sleeps again, or `end` resolves. */
  wake(end: Promise<unknown>): Promise<void>
  asleep(end: Promise<unknown>): Promise<void>
}

function gateClock(): GateClock {
  let now = 1_700_000_000_000
  let sleepers: (() => void)[] = []
  let told: (() => void) | undefined
  const asleep = async (end: Promise<unknown>): Promise<void> => {
    if (sleepers.length === 0) await Promise.race([new Promise<void>((resolve) => (told = resolve)), end])
    // Others may be about to sleep as well: let everything that is ready run first.
    await new Promise((resolve) => setImmediate(resolve))
  }
  return {
    now: () => now,
    advance: (ms) => {
      now += ms
    },
    sleep: (_ms, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted) return resolve()
        sleepers.push(resolve)
        signal?.addEventListener('abort', () => resolve(), { once: true })
        told?.()
      }),
    asleep,
    async wake(end) {
      const waking = sleepers
      sleepers = []
      for (const resolve of waking) resolve()
      await asleep(end)
    },
  }
}

export type Driver = {
  updates: ChainUpdate[]
  clock: GateClock
  /** One complete check of the head. */
  poll(times?: number): Promise<void>
  stop(): Promise<void>
}

/** A follower that checks the head only on request. */
export async function driveFollower(
  rpc: Rpc,
  options: Partial<Omit<FollowOptions, 'rpc' | 'clock' | 'signal' | 'chainId'>> = {},
): Promise<Driver> {
  const clock = gateClock()
  const abort = new AbortController()
  const updates: ChainUpdate[] = []
  const follow = { chainId: 1, logger: silentLogger, ...options }
  const end = (async () => {
    for await (const update of followHead({ ...follow, rpc, clock, signal: abort.signal }))
      updates.push(update)
  })()
  await clock.asleep(end)
  return {
    updates,
    clock,
    async poll(times = 1) {
      for (let i = 0; i < times; i++) await clock.wake(end)
    },
    async stop() {
      abort.abort()
      await end
    },
  }
}

/** The chain that a stream of updates describes; throws if the stream contradicts itself. */
export function reconstruct(updates: readonly ChainUpdate[]): BlockRef[] {
  const chain: BlockRef[] = []
  for (const update of updates) {
    if (update.kind === 'block') {
      const { number, hash, parentHash } = update.bundle
      const tip = chain.at(-1)
      if (tip !== undefined && (tip.hash !== parentHash || tip.number + 1 !== number))
        throw new Error(`block ${number} does not stand on block ${tip.number}`)
      chain.push({ number, hash })
    }
    if (update.kind === 'reorg') {
      for (const removed of update.removed) {
        const tip = chain.pop()
        if (tip?.hash !== removed.hash) throw new Error(`block ${removed.number} was removed out of order`)
      }
      const tip = chain.at(-1)
      if (update.ancestor.hash !== null && tip !== undefined && tip.hash !== update.ancestor.hash)
        throw new Error(`the ancestor ${update.ancestor.number} is not the tip`)
    }
  }
  return chain
}

export const notices = (updates: readonly ChainUpdate[]): string[] =>
  updates.flatMap((update) => (update.kind === 'notice' ? [update.notice.code] : []))
export const kinds = (updates: readonly ChainUpdate[]): string[] =>
  updates.map((update) =>
    update.kind === 'block'
      ? `block ${update.bundle.number}`
      : update.kind === 'reorg'
        ? `reorg to ${update.ancestor.number}, ${update.removed.length} removed`
        : update.kind === 'finalized'
          ? `finalized ${update.block.number}`
          : update.kind === 'notice'
            ? update.notice.code
            : update.kind,
  )
