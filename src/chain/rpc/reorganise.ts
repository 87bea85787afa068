import { CordonError } from '../../kit/error.ts'
import type { BlockRef, ChainUpdate } from '../../model/block.ts'
import { hash, hexNumber, integer, object } from '../trace/fields.ts'
import { type Header, rewind } from './canonical.ts'
import { type Follower, notice } from './follower.ts'
import { createPace } from './pace.ts'

/** Walks back until node and memory agree; the blocks above were removed. Fetching continues from there. */
export async function* reorganise(follower: Follower): AsyncGenerator<ChainUpdate> {
  const { refs } = follower.canonical
  if (await isLedAstray(follower)) return
  for (let i = refs.length - 1; i >= 0; i--) {
    const ref = refs[i]
    if (ref === undefined) break
    const now = await headerOf(follower, `0x${ref.number.toString(16)}`).catch(missingIsNull)
    if (now?.hash !== ref.hash) continue
    if (i === refs.length - 1) return
    const removed = rewind(follower.canonical, ref)
    follower.nextBlock = ref.number + 1
    yield { kind: 'reorg', ancestor: ref, removed }
    return
  }
  yield* startOver(follower, (await wasBegunAnew(follower)) ? 'chain-reset' : 'reorg-beyond-window')
}

/**
 * True where another endpoint still has the last followed block: then the leading one is on its own fork, and loses the
 * lead. A reorganisation soon reaches all of them.
 */
async function isLedAstray({ rpc, canonical }: Follower): Promise<boolean> {
  const tip = canonical.refs.at(-1)
  const leader = rpc.leader()
  if (tip === undefined || rpc.endpoints.length < 2) return false
  const tag = `0x${tip.number.toString(16)}`
  for (const other of rpc.endpoints) {
    if (other === leader) continue
    const options = { only: other, timeoutMs: HEADER_MS }
    const found = await rpc.request('eth_getBlockByNumber', [tag, false], options).catch(() => null)
    if ((found as { hash?: unknown } | null)?.hash !== tip.hash) continue
    rpc.place(leader, { head: null, place: 'elsewhere' })
    return rpc.leader() !== leader
  }
  return false
}

/** Everything remembered is gone, and that is reported: a reorg deeper than the window, or a chain that was reset. */
export async function* startOver(
  follower: Follower,
  code: 'reorg-beyond-window' | 'chain-reset',
): AsyncGenerator<ChainUpdate> {
  const { refs } = follower.canonical
  const oldest = refs[0]
  if (oldest === undefined) return
  const remembered = refs.length
  const ancestor: BlockRef = { number: oldest.number - 1, hash: null }
  const latest = await headerOf(follower, 'latest')
  const removed = rewind(follower.canonical, ancestor)
  // A chain that is shorter than the remembered one (a reset devnet) is followed from its head.
  follower.nextBlock = Math.min(oldest.number, latest.number)
  follower.genesis = undefined
  follower.pace = createPace()
  const message =
    code === 'chain-reset'
      ? `The node's chain was begun anew: its first block is another one. It is followed from block ${follower.nextBlock}.`
      : `The chain was reorganised deeper than the ${remembered} blocks that are remembered.`
  yield notice({ code, message, facts: { oldestRemembered: oldest.number, removed: removed.length } })
  yield { kind: 'reorg', ancestor, removed }
}

/** A head below everything remembered: a node that lags has the same first block, one that was reset has another. */
export async function wasBegunAnew(follower: Follower): Promise<boolean> {
  const first = await genesisOf(follower)
  return follower.genesis !== null && first !== null && follower.genesis !== first
}

export async function genesisOf(follower: Follower): Promise<string | null> {
  return (await headerOf(follower, '0x0').catch(refusedIsNull))?.hash ?? null
}

function missingIsNull(thrown: unknown): null {
  if (thrown instanceof CordonError && thrown.code === 'chain.BlockMissing') return null
  throw thrown
}

export type Timed = Header & { timestamp: number | null }

/** A header from the leading endpoint: two nodes' views must not be mixed. */
export async function headerOf({ rpc }: Pick<Follower, 'rpc'>, block: string): Promise<Timed> {
  const found = await rpc.request('eth_getBlockByNumber', [block, false], {
    only: rpc.leader(),
    timeoutMs: HEADER_MS,
  })
  if (found === null) {
    throw new CordonError({
      code: 'chain.BlockMissing',
      message: `The node does not have block ${block}.`,
      facts: { block },
      fix: 'The node may be behind, or may have pruned the block: `cordon doctor` shows its head.',
      retryable: true,
    })
  }
  const raw = object(found, 'block')
  return {
    number: integer(raw['number'], 'block.number'),
    hash: hash(raw['hash'], 'block.hash'),
    parentHash: hash(raw['parentHash'], 'block.parentHash'),
    timestamp: hexNumber(raw['timestamp']) ?? null,
  }
}

/** The time limit of a header request, milliseconds: it is the lightest request. */
const HEADER_MS = 3_000

/** Null where the node has no such tag; undefined where it did not answer, which shows nothing about finality. */
export function refusedIsNull(thrown: unknown): null | undefined {
  if (!(thrown instanceof CordonError)) throw thrown
  return thrown.code === 'chain.RpcRefused' || thrown.code === 'chain.BlockMissing' ? null : undefined
}
