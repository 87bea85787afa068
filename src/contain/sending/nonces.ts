import { getTransactionCount } from '../../chain/methods/get-transaction-count.ts'
import { type Rpc, through } from '../../chain/rpc/rpc.ts'
import type { Address } from '../../model/hex.ts'
import { MOST_NONCE_GAPS } from '../../store/broadcasts.ts'

type Tag = 'latest' | 'pending'

/** The time limit of each endpoint, milliseconds: a slow one does not delay a pause. */
const PATIENCE_MS = 2_500
/** How often an endpoint that contradicts itself is queried. */
const MOST_TRIES = 3

/**
 * The first nonce of a key that the chain has not used, as far as its endpoints are trustworthy. Each is queried for
 * two counts (mined, and including pending); one that contradicts itself is queried again; an answer far above most
 * others is left out: a transaction behind such a gap could never be mined, nor could any later one of that key. Throws
 * the endpoints' errors where none answers.
 */
export async function nonceFloor(rpc: Rpc, address: Address): Promise<number> {
  return believed(await answersOf(rpc, (one) => floorOf(one, address)))
}

/** The mined count of a key from each endpoint that answers. Throws where none answers. */
export async function minedCounts(rpc: Rpc, address: Address): Promise<number[]> {
  return answersOf(rpc, (one) => countOf(one, address, 'latest'))
}

/** The count that is not far above most endpoints' counts: of two that disagree, the lower. */
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
