import { fetchBundle } from '../../chain/rpc/fetch-bundle.ts'
import { evaluateLate, packKept, rebuild } from '../../detect/engine/engine.ts'
import { blockFacts } from '../../facts/facts.ts'
import { messageOf } from '../../kit/error.ts'
import type { BlockBundle, BlockRef, Gap } from '../../model/block.ts'
import type { Finding } from '../../model/finding.ts'
import type { Hash } from '../../model/hex.ts'
import type { PartialBlock } from '../../model/vitals.ts'
import {
  countGivenUp,
  insertPartialBlock,
  listOpenPartialBlocks,
  settlePartialBlock,
} from '../../store/partial-blocks.ts'
import type { App, ChainHandle } from '../context.ts'

/** Seconds to wait before each attempt: a node that was slow for a moment, one that restarts, one that syncs. */
const WAITS_S = [0.5, 2, 8, 30, 120, 600] as const
/** Milliseconds that one attempt may take: a trace too slow for a block's time may succeed here. */
const PATIENCE_MS = 120_000
/** Blocks that a node may execute again for an attempt. */
const REEXEC = 4_096
/** Maximum number of partial blocks kept in memory; those beyond are on record and given up. */
const MOST = 512
const HOUR_MS = 3_600_000

export type Rereading = {
  /**
   * A block was judged in part: it is recorded and read again next to the watch. `suspicions` are findings about
   * transactions that stay unseen; they are reported only if a second reading does not show these soon.
   */
  note(partial: PartialBlock, suspicions: readonly Finding[]): Promise<void>
  /** These blocks are no longer canonical: they need no second reading. */
  forget(removed: readonly BlockRef[]): void
  /** The node has its missing capability again: everything that waits is read now. */
  hasten(): void
  stop(): Promise<void>
}

export type RereadOptions = {
  app: App
  chain: ChainHandle
  /** Judges the findings of a fuller reading of a block, late. */
  judge: (findings: readonly Finding[], bundle: BlockBundle) => Promise<unknown>
  /** Transactions that stay unseen; `timestamp` is their block's, seconds. */
  suspect: (findings: readonly Finding[], timestamp: number | null) => Promise<void>
  /** Resolves when the detectors have the state from before the start: until then nothing can be judged. */
  ready: Promise<unknown>
  signal: AbortSignal
}

type Waiting = {
  partial: PartialBlock
  looks: number
  dueAt: number
  isLooking: boolean
  suspicions: readonly Finding[]
  suspectAt: number
}

/** Attempts in parallel: one heavy trace must not keep the others waiting. */
const AT_ONCE = 3
/**
 * Bounds of the time in which a second reading may still clear a suspicion, milliseconds; two block times within them.
 */
const [LEAST_GRACE_MS, MOST_GRACE_MS] = [1_500, 12_000]

/**
 * Reads partial blocks again in the background, newest first, and has the newly visible parts judged then. Blocks that
 * an earlier run of the program left open are among them. Nothing here delays the watch, and no failure ends it.
 */
export function startRereading(options: RereadOptions): Rereading {
  const { app, chain, signal } = options
  const waiting = new Map<string, Waiting>()
  const stopped = new AbortController()
  const stop = (): void => stopped.abort()
  signal.addEventListener('abort', stop, { once: true })
  const tell = (): void => {
    chain.vitals.partial = { ...chain.vitals.partial, open: waiting.size }
  }
  const take = (partial: PartialBlock, suspicions: readonly Finding[] = []): void => {
    const { hash } = partial.block
    if (hash === null || waiting.has(hash)) return
    const now = app.clock.now()
    const grace = 2_000 * (chain.vitals.blockSeconds ?? 1)
    const suspectAt = now + Math.min(MOST_GRACE_MS, Math.max(LEAST_GRACE_MS, grace))
    const dueAt = now + WAITS_S[0] * 1_000
    waiting.set(hash, { partial, looks: 0, dueAt, isLooking: false, suspicions, suspectAt })
    tell()
  }
  const renewal: Renewal = { isDue: false, notBefore: 0 }
  const looking: Looking = { ...options, signal: stopped.signal, waiting, tell, renewal }
  const loop = async (): Promise<void> => {
    await options.ready
    await resume(options, take)
    while (!stopped.signal.aborted) {
      const now = app.clock.now()
      for (const item of waiting.values()) if (item.suspectAt <= now) await tellSuspicions(item, options)
      // newest first: the latest events matter most
      const due = [...waiting.values()].reverse().filter((item) => item.dueAt <= now && !item.isLooking)
      const free = AT_ONCE - [...waiting.values()].filter(({ isLooking }) => isLooking).length
      for (const item of due.slice(0, Math.max(0, free))) void look(item, looking)
      renew(options, renewal)
      await app.clock.sleep(250, stopped.signal)
    }
  }
  const ended = loop().catch((thrown) =>
    app.logger.error({ reason: messageOf(thrown) }, 'reading partial blocks again has ended'),
  )
  return {
    async note(partial, suspicions) {
      take(partial, suspicions)
      await insertPartialBlock(app.store, chain.chainId, partial, app.clock.now())
      const oldest = waiting.size > MOST ? [...waiting.values()][0] : undefined
      if (oldest !== undefined) await settle(oldest, 'given-up', looking)
    },
    forget(removed) {
      for (const { hash } of removed) waiting.delete(String(hash))
      tell()
    },
    hasten() {
      const dueAt = app.clock.now()
      for (const item of waiting.values()) Object.assign(item, { dueAt, looks: Math.max(0, item.looks - 1) })
    },
    async stop() {
      signal.removeEventListener('abort', stop)
      stop()
      await ended
    },
  }
}

async function resume({ app, chain }: RereadOptions, take: (partial: PartialBlock) => void): Promise<void> {
  const open = await listOpenPartialBlocks(app.store, chain.chainId, MOST)
  for (const partial of open.reverse()) take(partial)
  const givenUp = await countGivenUp(app.store, chain.chainId, app.clock.now() - HOUR_MS)
  chain.vitals.partial = { ...chain.vitals.partial, givenUp }
}

/** The living state is renewed with the late readings, at most a twentieth of the time. */
type Renewal = { isDue: boolean; notBefore: number }
const RENEWAL_SHARE = 20

function renew({ chain, app }: RereadOptions, renewal: Renewal): void {
  if (!renewal.isDue || app.clock.now() < renewal.notBefore) return
  const began = performance.now()
  rebuild(chain.engine)
  packKept(chain.engine)
  renewal.isDue = false
  renewal.notBefore = app.clock.now() + RENEWAL_SHARE * (performance.now() - began)
}

type Looking = RereadOptions & { waiting: Map<string, Waiting>; tell: () => void; renewal: Renewal }

/** Reports the transactions that are still not visible, once. */
async function tellSuspicions(item: Waiting, { suspect }: RereadOptions): Promise<void> {
  item.suspectAt = Number.POSITIVE_INFINITY
  const unseen = new Set<string | null>(item.partial.gaps.map(({ transactionHash }) => transactionHash))
  const findings = item.suspicions.filter(({ transactionHash }) => unseen.has(transactionHash))
  if (findings.length > 0) await suspect(findings, item.partial.timestamp)
}

async function look(item: Waiting, looking: Looking): Promise<void> {
  item.isLooking = true
  await lookOnce(item, looking).catch((thrown) =>
    looking.app.logger.error({ reason: messageOf(thrown) }, 'could not look at a partial block again'),
  )
  item.isLooking = false
}

/**
 * Transactions that touch protected contracts come first, and those heavy on their own last: many trace bombs must not
 * hide the attack among them.
 */
function inOrder({ partial, suspicions }: Waiting): Hash[] {
  const touching = new Set(
    suspicions.flatMap(({ protected: touched, transactionHash }) =>
      touched.length > 0 ? [transactionHash] : [],
    ),
  )
  const rank = ({ transactionHash, isOwnFault }: Gap): number =>
    touching.has(transactionHash) ? 0 : isOwnFault ? 2 : 1
  return partial.gaps.toSorted((a, b) => rank(a) - rank(b)).map(({ transactionHash }) => transactionHash)
}

async function lookOnce(item: Waiting, looking: Looking): Promise<void> {
  const { app, chain, judge, signal } = looking
  const { block } = item.partial
  const again = (): void => {
    item.looks++
    const wait = WAITS_S[item.looks]
    if (wait !== undefined) item.dueAt = app.clock.now() + wait * 1_000
  }
  try {
    const bundle = await fetchBundle(String(block.hash), {
      rpc: chain.rpc,
      capabilities: chain,
      budgetMs: PATIENCE_MS,
      reexec: REEXEC,
      areTracesExpected: true,
      wanted: new Set(inOrder(item)),
      clock: app.clock,
      signal,
    })
    const seen = visibleNow(item.partial, bundle)
    if (seen.length > 0) {
      const part = { ...bundle, transactions: bundle.transactions.filter(({ hash }) => seen.includes(hash)) }
      await judge(evaluateLate(chain.engine, blockFacts(part), blockFacts(bundle)), part)
    }
    if (seen.length > 0) looking.renewal.isDue = true
    item.partial = { ...item.partial, gaps: bundle.gaps }
    if (bundle.gaps.length === 0) return await settle(item, 'healed', looking)
  } catch (thrown) {
    if (signal.aborted) return
    app.logger.debug(
      { block: block.number, reason: messageOf(thrown) },
      'a partial block could not be read again',
    )
  }
  again()
  if (item.looks >= WAITS_S.length) await settle(item, 'given-up', looking)
}

/** Transactions that had a gap and have none of that kind now. */
function visibleNow({ gaps }: PartialBlock, bundle: BlockBundle): string[] {
  const still = new Set(bundle.gaps.map(({ transactionHash, missing }) => `${transactionHash}:${missing}`))
  return [
    ...new Set(
      gaps.flatMap(({ transactionHash, missing }) =>
        still.has(`${transactionHash}:${missing}`) ? [] : [transactionHash],
      ),
    ),
  ]
}

async function settle(item: Waiting, state: 'healed' | 'given-up', looking: Looking): Promise<void> {
  const { app, chain, waiting, tell } = looking
  const { block, gaps } = item.partial
  waiting.delete(String(block.hash))
  tell()
  if (state === 'given-up')
    chain.vitals.partial = { ...chain.vitals.partial, givenUp: chain.vitals.partial.givenUp + 1 }
  const message =
    state === 'healed'
      ? `Block ${block.number} is now read in full; Cordon judged it late.`
      : `Block ${block.number} cannot be read in full: ${gaps.length} gaps remain (${gaps[0]?.reason ?? 'no reason'}).`
  const code = state === 'healed' ? 'block-healed' : 'block-partial'
  app.logger.warn({ chainId: chain.chainId, block: block.number, gaps: gaps.length }, message)
  app.hub.tell({
    type: 'notice',
    chainId: chain.chainId,
    code,
    message,
    facts: { block: block.number, gaps, state },
  })
  const settled = { hash: String(block.hash), state, at: app.clock.now() }
  await settlePartialBlock(app.store, chain.chainId, settled).catch((thrown) =>
    app.logger.warn(
      { block: block.number, reason: messageOf(thrown) },
      'could not record how a partial block ended',
    ),
  )
}
