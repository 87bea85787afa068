import { z } from 'zod'
import { addressSchema, type Hash, hashSchema, hexSchema, quantitySchema } from '../../model/hex.ts'
import type { Rpc } from './rpc.ts'

const amount = quantitySchema.transform(BigInt)
const whole = quantitySchema.transform(Number)
/** The request fields of a transaction, mined or not: value in wei, gas in gas units. */
export const transactionFields = {
  hash: hashSchema,
  from: addressSchema,
  to: addressSchema.nullish().transform((to) => to ?? null),
  input: hexSchema,
  value: amount,
  gas: amount,
}
const minedSchema = z.object({
  ...transactionFields,
  blockNumber: quantitySchema,
  transactionIndex: whole,
})
const headerSchema = z.object({ timestamp: whole })

/** A mined transaction, with its block by number and time (seconds). */
export type Mined = Omit<z.infer<typeof minedSchema>, 'blockNumber'> & {
  blockNumber: number
  timestamp: number
}

/** Throws the node's errors, and a ZodError where it does not have the transaction in a block. */
export async function minedTransaction(rpc: Rpc, hash: Hash): Promise<Mined> {
  const { blockNumber, ...mined } = minedSchema.parse(await rpc.request('eth_getTransactionByHash', [hash]))
  const { timestamp } = headerSchema.parse(await rpc.request('eth_getBlockByNumber', [blockNumber, false]))
  return { ...mined, blockNumber: Number(blockNumber), timestamp }
}
