import { messageOf } from '../../kit/error.ts'
import type { BlockFacts } from '../../model/fact.ts'

/** Frames and hex digits of calldata that are kept: some hundred megabytes at the most. */
const MOST_FRAMES = 150_000
const MOST_DIGITS = 64_000_000
const MOST_TRANSACTIONS = 100_000
/** Blocks after the last investigated one that are read from a file: for copies and funds that move on immediately. */
export const BLOCKS_AFTER = 20

/** The blocks that were read; if they are too many, the oldest are dropped. */
export type BlockRecord = {
  blocks: BlockFacts[]
  sizes: Size[]
  total: Size
  dropped: number
  trouble: string[]
}
type Size = { frames: number; digits: number; transactions: number }

export function startRecord(): BlockRecord {
  return {
    blocks: [],
    sizes: [],
    total: { frames: 0, digits: 0, transactions: 0 },
    dropped: 0,
    trouble: [],
  }
}

type Reading = {
  record: BlockRecord
  take: (facts: BlockFacts) => void
  isDone: () => boolean
  /** Blocks that are kept once it is done. */
  after: number
}

/**
 * Yields blocks until it is done, and keeps them and some later ones. A problem with a later block is recorded and is
 * not a failure. Throws the errors of reading before it is done.
 */
export async function readRecord(
  read: AsyncIterable<BlockFacts> | Iterable<BlockFacts>,
  { record, take, isDone, after }: Reading,
): Promise<void> {
  let left = after
  try {
    for await (const facts of read) {
      keepBlock(record, facts)
      if (isDone()) left--
      else take(facts)
      if (isDone() && left <= 0) return
    }
  } catch (thrown) {
    if (!isDone()) throw thrown
    record.trouble.push(`what follows the transactions could not be read: ${messageOf(thrown)}`)
  }
}

/** Keeps a block for the history of the actors; the newest is always kept. */
function keepBlock(record: BlockRecord, facts: BlockFacts): void {
  const { blocks, sizes, total } = record
  const size = sizeOf(facts)
  blocks.push(facts)
  sizes.push(size)
  grow(total, size, 1)
  while (blocks.length > 1 && isTooLarge(total)) {
    blocks.shift()
    const gone = sizes.shift()
    if (gone !== undefined) grow(total, gone, -1)
    record.dropped++
  }
}

function isTooLarge({ frames, digits, transactions }: Size): boolean {
  return frames > MOST_FRAMES || digits > MOST_DIGITS || transactions > MOST_TRANSACTIONS
}

function grow(total: Size, { frames, digits, transactions }: Size, sign: 1 | -1): void {
  total.frames += sign * frames
  total.digits += sign * digits
  total.transactions += sign * transactions
}

function sizeOf({ transactions }: BlockFacts): Size {
  const size = { frames: 0, digits: 0, transactions: transactions.length }
  for (const { transaction } of transactions) {
    size.frames += transaction.frames.length
    for (const { input, output } of transaction.frames) size.digits += input.length + output.length
  }
  return size
}
