import type { Clock } from '../../kit/clock.ts'
import { systemClock } from '../../kit/clock.ts'
import { CordonError } from '../../kit/error.ts'
import type { BlockBundle, Gap } from '../../model/block.ts'
import type { Hash } from '../../model/hex.ts'
import { parseBundle } from '../bundle/parse.ts'
import { type BlockCheck, createBlockCheck } from './block-check.ts'
import { type Asking, type BlockHead, endpointsOf, headOfBlock, type Miss } from './block-parts.ts'
import { receiptsOf } from './block-receipts.ts'
import { tracesOf } from './block-traces.ts'
import type { Endpoint } from './endpoint.ts'
import type { Rpc } from './rpc.ts'

/** The raw object of a bundle line, as it is recorded and parsed. */
export type RawBundle = Record<string, unknown>

export type FetchOptions = {
  rpc: Rpc
  capabilities: { chainId: number }
  /** Milliseconds after which a block is accepted with its available parts; a minute when left out. */
  budgetMs?: number
  /** Blocks that a node may re-execute to reach the state of a trace (`reexec`); geth's own default when left out. */
  reexec?: number
  /** True where the endpoints have had traces before: a block without any is partial then. */
  areTracesExpected?: boolean
  /** Where only some transactions matter: the others are not traced one by one. */
  wanted?: ReadonlySet<Hash>
  /** The known hashing rules of the chain's blocks; the follower keeps them across blocks. */
  check?: BlockCheck
  clock?: Clock
  signal?: AbortSignal
}

/** A bundle with the raw object that it was read from. */
export type Fetched = { bundle: BlockBundle; raw: RawBundle }

/**
 * One block with receipts and traces, all about the same hash, as complete as the endpoints allow within the budget:
 * missing parts are listed in `gaps`. Throws `chain.BlockMissing`, `chain.MalformedField` or `chain.EndpointFailed`
 * where the block itself is not available.
 */
export async function fetchBundle(block: string | number, options: FetchOptions): Promise<BlockBundle> {
  return (await fetchRawBundle(block, options)).bundle
}

export async function fetchRawBundle(block: string | number, options: FetchOptions): Promise<Fetched> {
  const { rpc, capabilities, budgetMs = 60_000, reexec = 128, clock = systemClock, signal, wanted } = options
  const check = options.check ?? createBlockCheck()
  const deadline = performance.now() + budgetMs
  const head = await headFor(block, { rpc, check, signal })
  let isCurrent = true
  const asking: Asking = {
    ...{ rpc, clock, deadline, reexec, wanted, signal },
    areTracesExpected: options.areTracesExpected ?? false,
    async isCurrent() {
      isCurrent = await stands(head, rpc)
      return isCurrent
    },
  }
  const isEmpty = head.transactions.length === 0
  const [receipts, traces] = await Promise.all([
    isEmpty ? { receipts: [], missing: NONE } : receiptsOf(head, asking, check.receipts),
    isEmpty ? { kind: 'callTracer' as const, traces: [], missing: NONE } : tracesOf(head, asking),
  ])
  const gaps: Gap[] = head.transactions.flatMap(({ hash }) => [
    ...gapOf(hash, 'receipt', receipts.missing),
    ...gapOf(hash, 'traces', traces.missing),
  ])
  if (gaps.length > 0 && !isCurrent && typeof block === 'number') throw orphaned(head)
  const raw: RawBundle = {
    chainId: capabilities.chainId,
    block: head.raw,
    receipts: receipts.receipts,
    ...(traces.kind === 'none' ? {} : { traces: traces.traces }),
    ...(traces.kind === 'parity' ? { traceFormat: 'parity' } : {}),
    ...(gaps.length > 0 ? { gaps } : {}),
  }
  return doubted({ raw, bundle: parseBundle(raw) }, { check, rpc })
}

const NONE: ReadonlyMap<Hash, Miss> = new Map()

/**
 * Removes the calls of transactions whose receipt has logs that no call made: a node that leaves out calls hides their
 * effects. Such a trace is a gap, and the receipt is trusted.
 */
function doubted(fetched: Fetched, { check, rpc }: { check: BlockCheck; rpc: Rpc }): Fetched {
  const { bundle } = fetched
  const cut = new Set(bundle.transactions.flatMap((it) => (check.logs(it) === false ? [it.hash] : [])))
  if (cut.size === 0) return fetched
  const endpoint = rpc.leader().name
  rpc.note({
    code: 'endpoint-lied',
    message: `Traces of block ${bundle.number} lack calls: ${cut.size} transactions have logs in their receipts that belong to no call.`,
    facts: { endpoint, block: bundle.number, transactions: [...cut].slice(0, 10) },
  })
  const gaps: Gap[] = [...cut].map((transactionHash) => ({
    transactionHash,
    missing: 'traces',
    reason: 'its trace lacks calls: logs of its receipt are in none of them',
    isOwnFault: true,
  }))
  const raw: RawBundle = { ...fetched.raw, gaps: [...bundle.gaps, ...gaps] }
  const transactions = bundle.transactions.map((it) => (cut.has(it.hash) ? { ...it, frames: [] } : it))
  return { raw, bundle: { ...bundle, transactions, gaps: [...bundle.gaps, ...gaps] } }
}

function gapOf(
  transactionHash: Gap['transactionHash'],
  missing: Gap['missing'],
  misses: ReadonlyMap<Hash, Miss>,
): Gap[] {
  const miss = misses.get(transactionHash)
  return miss === undefined ? [] : [{ transactionHash, missing, ...miss }]
}

type HeadAsking = Pick<Asking, 'rpc' | 'signal'> & { check: BlockCheck }

/** The block's header with its transactions; where they do not match, that of another endpoint where they do. */
async function headFor(block: string | number, { rpc, signal, check }: HeadAsking): Promise<BlockHead> {
  const only = rpc.leader()
  const head = await askHead(block, { rpc, only, signal })
  if (isSound(head, check)) return head
  rpc.note({
    code: 'endpoint-lied',
    message: `${only.name} returned a block ${head.number} that does not match its own hash.`,
    facts: { endpoint: only.name, block: head.number, hash: head.hash },
  })
  for (const other of endpointsOf(rpc)) {
    if (other === only) continue
    const found = await askHead(block, { rpc, only: other, signal }).catch(() => undefined)
    if (found === undefined || !isSound(found, check)) continue
    // A node whose blocks do not match their hashes is not followed while there is another.
    if (found.hash !== head.hash) rpc.place(only, { head: head.number, place: 'elsewhere' })
    return found
  }
  // No endpoint has a better one: its available parts are used, and the mismatch has been reported.
  return head
}

/** True while the leading endpoint has exactly this block at its height; also where it does not answer. */
async function stands(head: BlockHead, rpc: Rpc): Promise<boolean> {
  const tag = `0x${head.number.toString(16)}`
  const found = await rpc
    .request('eth_getBlockByNumber', [tag, false], { only: rpc.leader() })
    .catch(() => undefined)
  if (found === undefined) return true
  return found !== null && (found as { hash?: unknown }).hash === head.hash
}

function isSound(head: BlockHead, check: BlockCheck): boolean {
  return check.header(head) !== false && check.transactions(head) !== false
}

async function askHead(
  block: string | number,
  { rpc, only, signal }: { rpc: Rpc; only: Endpoint; signal: AbortSignal | undefined },
): Promise<BlockHead> {
  const byHash = typeof block === 'string'
  const method = byHash ? 'eth_getBlockByHash' : 'eth_getBlockByNumber'
  const params = [byHash ? block : `0x${block.toString(16)}`, true]
  const found = await rpc.request(method, params, { only, signal })
  if (found === null || found === undefined) throw blockMissing(block)
  return headOfBlock(found)
}

function orphaned({ number, hash }: BlockHead): CordonError {
  return new CordonError({
    code: 'chain.ContradictoryBlock',
    message: `Block ${number} was reorganised away while it was read.`,
    facts: { block: number, hash },
    fix: 'Nothing to do: Cordon reads the block that replaced it.',
    retryable: true,
  })
}

function blockMissing(block: string | number): CordonError {
  return new CordonError({
    code: 'chain.BlockMissing',
    message: `The node does not have block ${block}.`,
    facts: { block },
    fix: 'It may be pruned, orphaned or not available yet: use an archive node, or wait.',
    retryable: true,
  })
}
