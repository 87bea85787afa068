import { getTransactionCount } from '../chain/methods/get-transaction-count.ts'
import { type Rpc, through } from '../chain/rpc/rpc.ts'
import type { Address } from '../model/hex.ts'
import { MOST_NONCE_GAPS } from '../store/broadcasts.ts'

type Tag = 'latest' | 'pending'

/** Every endpoint has this long, milliseconds: one that is slow does not hold up a pause. */
const PATIENCE_MS = 2_500
/** Times that an endpoint which contradicts itself is asked. */
const MOST_TRIES = 3

/**
 * The first nonce of a key that the chain has not used, as far as its endpoints can be believed. Each is asked twice over (mined,
 * and with what waits); what contradicts itself is asked again; an answer far above what most say is left out: a transaction
 * behind such a gap could never land, and nothing of that key after it. Throws what the endpoints throw where none answers.
 */
export async function nonceFloor(rpc: Rpc, address: Address): Promise<number> {
  return believed(await answersOf(rpc, (one) => floorOf(one, address)))
}

/** What each endpoint that answers counts as mined of a key. Throws where none answers. */
export async function minedCounts(rpc: Rpc, address: Address): Promise<number[]> {
  return answersOf(rpc, (one) => countOf(one, address, 'latest'))
}

/** The count that is not far above what most endpoints say: of two that disagree, the lower. */
export function believed(counts: readonly number[]): number {
  const sorted = [...counts].sort((a, b) => a - b)
  const middle = sorted[Math.floor((sorted.length - 1) / 2)] ?? 0
  return Math.max(middle, ...sorted.filter((count) => count <= middle + MOST_NONCE_GAPS))
}

async function answersOf(rpc: Rpc, ask: (one: Rpc) => Promise<number>): Promise<number[]> {
  const settled = await Promise.allSettled(rpc.endpoints.map((endpoint) => ask(through(rpc, endpoint))))
  const answers = settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
  const [first] = settled
  if (answers.length === 0 && first?.status === 'rejected') throw first.reason
  return answers
}

async function floorOf(one: Rpc, address: Address): Promise<number> {
  let least = Number.POSITIVE_INFINITY
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const [mined, waiting] = await Promise.all([
      countOf(one, address, 'latest'),
      countOf(one, address, 'pending'),
    ])
    if (waiting >= mined && waiting - mined <= MOST_NONCE_GAPS) return waiting
    least = Math.min(least, mined, waiting)
  }
  return least
}

function countOf(one: Rpc, address: Address, tag: Tag): Promise<number> {
  return getTransactionCount(one, { address, block: tag }, { timeoutMs: PATIENCE_MS })
}
