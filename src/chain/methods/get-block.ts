import { z } from 'zod'
import { addressSchema, hashSchema } from '../../model/hex.ts'
import { amount, integer, optional, parsed } from './answer.ts'
import type { Asker, RequestOptions } from './asker.ts'
import { type BlockTag, tagOf } from './block-tag.ts'
import { transactionSchema } from './get-transaction.ts'

const METHOD = 'eth_getBlockByNumber'

const header = {
  number: optional(integer),
  hash: optional(hashSchema),
  /** Seconds since the epoch. */
  timestamp: optional(integer),
  /** wei per gas unit */
  baseFeePerGas: optional(amount),
  /** Gas units. */
  gasLimit: optional(amount),
  miner: optional(addressSchema),
  mixHash: optional(hashSchema),
}

// Some nodes return whole transactions although only their hashes are requested.
const transactionHash = z.union([hashSchema, z.object({ hash: hashSchema }).transform(({ hash }) => hash)])
const blockSchema = z.object({ ...header, transactions: optional(z.array(transactionHash)) }).nullish()
const fullBlockSchema = z.object({ ...header, transactions: z.array(transactionSchema) }).nullish()
// A layer's own transactions may have no sender or nonce.
const senderSchema = z.object({ hash: hashSchema, from: optional(addressSchema), nonce: optional(integer) })
const sendersSchema = z.object({ transactions: z.array(senderSchema) }).nullish()

/** A block with the hashes of its transactions. A field that the node does not give is null. */
export type Block = NonNullable<z.infer<typeof blockSchema>>
/** A block with its transactions. */
export type FullBlock = NonNullable<z.infer<typeof fullBlockSchema>>
/** The account and nonce of a mined transaction. */
export type Sender = z.infer<typeof senderSchema>

/** A block by its number or tag, null where the node has none there. Throws `chain.MalformedField` for an answer that is no block. */
export async function getBlock(
  asker: Asker,
  block: BlockTag,
  options?: RequestOptions,
): Promise<Block | null> {
  const answer = await asker.request(METHOD, [tagOf(block), false], options)
  return parsed(blockSchema, METHOD, answer) ?? null
}

/** As {@link getBlock}, with the transactions themselves. Throws `chain.MalformedField` where one has another shape. */
export async function getFullBlock(asker: Asker, block: BlockTag): Promise<FullBlock | null> {
  return parsed(fullBlockSchema, METHOD, await asker.request(METHOD, [tagOf(block), true])) ?? null
}

/** The senders of a block's transactions, null where the node has no such block. Throws `chain.MalformedField`. */
export async function getBlockSenders(asker: Asker, block: BlockTag): Promise<Sender[] | null> {
  const answer = await asker.request(METHOD, [tagOf(block), true])
  return parsed(sendersSchema, METHOD, answer)?.transactions ?? null
}
