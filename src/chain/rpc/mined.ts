import { z } from 'zod'
import { addressSchema, type Hash, hashSchema, hexSchema, quantitySchema } from '../../model/hex.ts'
import type { Rpc } from './rpc.ts'

const amount = quantitySchema.transform(BigInt)
const whole = quantitySchema.transform(Number)
const minedSchema = z.object({
  hash: hashSchema,
  from: addressSchema,
  to: addressSchema.nullish().transform((to) => to ?? null),
  input: hexSchema,
  value: amount,
  gas: amount,
  blockNumber: quantitySchema,
  transactionIndex: whole,
})
const headerSchema = z.object({ timestamp: whole })

/** A mined transaction: value and gas in wei and gas units, its block by number and time (seconds). */
export type Mined = Omit<z.infer<typeof minedSchema>, 'blockNumber'> & {
  blockNumber: number
  timestamp: number
}

/** Throws what the node throws, and a ZodError where it does not have the transaction in a block. */
export async function minedTransaction(rpc: Rpc, hash: Hash): Promise<Mined> {
  const { blockNumber, ...mined } = minedSchema.parse(await rpc.request('eth_getTransactionByHash', [hash]))
  const { timestamp } = headerSchema.parse(await rpc.request('eth_getBlockByNumber', [blockNumber, false]))
  return { ...mined, blockNumber: Number(blockNumber), timestamp }
}
