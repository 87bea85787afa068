import { z } from 'zod'

/** A JSON-RPC call to one node or to several. */
export type Ask = (method: string, params: readonly unknown[]) => Promise<unknown>

const quantity = z
  .string()
  .regex(/^0x[0-9a-f]+$/i)
  .transform(Number)

const blockSchema = z.object({
  number: quantity,
  hash: z.string(),
  timestamp: quantity,
  // Some nodes return whole transactions although only their hashes are requested.
  transactions: z.array(z.union([z.string(), z.object({ hash: z.string() }).transform(({ hash }) => hash)])),
})
/** A block with the hashes of its transactions. */
export type ProbeBlock = z.infer<typeof blockSchema>

/** Maximum number of blocks to look back for some with transactions. */
const LOOK_BACK = 64
const WANTED = 3
/** More transactions than this add no information and cost a node more. */
const MOST_TRANSACTIONS = 400

export async function blockAt(ask: Ask, block: number | 'latest'): Promise<ProbeBlock> {
  const tag = block === 'latest' ? block : `0x${block.toString(16)}`
  const parsed = blockSchema.safeParse(await ask('eth_getBlockByNumber', [tag, false]))
  if (parsed.success) return parsed.data
  throw new Error(`the node has no block ${block}, or gives it in another shape`)
}

/** Recent blocks that have transactions, newest first: any node answers correctly about an empty one. */
export async function blocksWithTransactions(ask: Ask, head: ProbeBlock): Promise<ProbeBlock[]> {
  const picked: ProbeBlock[] = []
  for (let number = head.number; number >= Math.max(1, head.number - LOOK_BACK); number--) {
    const block = number === head.number ? head : await blockAt(ask, number)
    const { length } = block.transactions
    if (length > 0 && length <= MOST_TRANSACTIONS) picked.push(block)
    if (picked.length === WANTED) break
  }
  return picked
}

/** Seconds between the last blocks by their own times; null if there are too few. */
export async function blockSecondsOf(ask: Ask, head: ProbeBlock): Promise<number | null> {
  const back = Math.min(32, head.number - 1)
  if (back < 2) return null
  const earlier = await blockAt(ask, head.number - back)
  return (head.timestamp - earlier.timestamp) / back
}
