import { ifMalformed } from '../../chain/methods/answer.ts'
import type { Asker } from '../../chain/methods/asker.ts'
import { getBlock } from '../../chain/methods/get-block.ts'
import { CordonError } from '../../kit/error.ts'
import type { Hash } from '../../model/hex.ts'

/** A block with the hashes of its transactions. */
export type ProbeBlock = { number: number; hash: Hash; timestamp: number; transactions: readonly Hash[] }

/** Maximum number of blocks to look back for some with transactions. */
const LOOK_BACK = 64
const WANTED = 3
/** More transactions than this add no information and cost a node more. */
const MOST_TRANSACTIONS = 400

export async function blockAt(asker: Asker, block: number | 'latest'): Promise<ProbeBlock> {
  const found = await getBlock(asker, block).catch(ifMalformed(null))
  const { number = null, hash = null, timestamp = null, transactions = null } = found ?? {}
  if (number !== null && hash !== null && timestamp !== null && transactions !== null)
    return { number, hash, timestamp, transactions }
  throw new CordonError({
    code: 'chain.BlockMissing',
    message: `The node has no block ${block}, or gives it in another shape.`,
    facts: { block },
    fix: 'Wait until the node is in step with its chain, and check that the URL is the JSON-RPC address of a node.',
    retryable: true,
  })
}

/** Recent blocks that have transactions, newest first: any node answers correctly about an empty one. */
export async function blocksWithTransactions(asker: Asker, head: ProbeBlock): Promise<ProbeBlock[]> {
  const picked: ProbeBlock[] = []
  for (let number = head.number; number >= Math.max(1, head.number - LOOK_BACK); number--) {
    const block = number === head.number ? head : await blockAt(asker, number)
    const { length } = block.transactions
    if (length > 0 && length <= MOST_TRANSACTIONS) picked.push(block)
    if (picked.length === WANTED) break
  }
  return picked
}

/** Seconds between the last blocks by their own times; null if there are too few. */
export async function blockSecondsOf(asker: Asker, head: ProbeBlock): Promise<number | null> {
  const back = Math.min(32, head.number - 1)
  if (back < 2) return null
  const earlier = await blockAt(asker, head.number - back)
  return (head.timestamp - earlier.timestamp) / back
}
