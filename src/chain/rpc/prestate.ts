import { z } from 'zod'
import {
  type Address,
  addressSchema,
  type Hash,
  hashSchema,
  hexSchema,
  quantitySchema,
} from '../../model/hex.ts'
import type { FrozenAccount } from '../../model/regression.ts'
import { traceTransaction } from '../methods/trace-transaction.ts'
import type { Rpc } from './rpc.ts'

const answerSchema = z.record(
  addressSchema,
  z.looseObject({
    balance: quantitySchema.transform(BigInt).default(0n),
    nonce: z.union([z.number(), quantitySchema.transform(Number)]).default(0),
    code: hexSchema.default('0x'),
    storage: z.record(hashSchema, hashSchema).default({}),
  }),
)

export type Prestate = Record<Address, FrozenAccount>

/**
 * All accounts and slots that transactions touched, as they were before the first that touched each: by
 * `debug_traceTransaction` with geth’s prestateTracer. Throws the node's errors.
 */
export async function fetchPrestate(rpc: Rpc, hashes: readonly Hash[]): Promise<Prestate> {
  const merged: Prestate = {}
  for (const hash of hashes) {
    const answer = await traceTransaction(rpc, { hash, tracer: { tracer: 'prestateTracer' } })
    const parsed = answerSchema.parse(answer)
    for (const address of Object.keys(parsed) as Address[]) {
      const seen = parsed[address]
      if (seen === undefined) continue
      const known = merged[address]
      const { balance, nonce, code, storage } = known ?? seen
      merged[address] = { balance, nonce, code, storage: { ...seen.storage, ...storage } }
    }
  }
  return merged
}
