import { z } from 'zod'
import { ifMalformed } from '../../chain/methods/answer.ts'
import { getBlockNumber } from '../../chain/methods/get-block-number.ts'
import { getTransaction, type RpcTransaction } from '../../chain/methods/get-transaction.ts'
import { traceTransaction } from '../../chain/methods/trace-transaction.ts'
import { type Rpc, through } from '../../chain/rpc/rpc.ts'
import { framesIfAny } from '../../chain/trace/call-tracer.ts'
import { toJson } from '../../kit/json.ts'
import {
  type Address,
  addressSchema,
  amountSchema,
  type Hash,
  type Hex,
  hashSchema,
  hexSchema,
  selectorOf,
} from '../../model/hex.ts'
import type { Incident } from '../../model/incident.ts'
import type { Fees } from '../sending/fees.ts'
import type { SimulatedCall } from './sequence.ts'
import { callOf } from './trial.ts'

/** The attack transaction, in a form that can be run again. */
export type Attack = {
  hash: Hash | null
  call: SimulatedCall | null
  /** The block before it; the latest where it is pending or unknown. */
  pinnedBlock: number
  /** Its fees while it waits in the pool, to be outbid; null once it is mined. */
  outbid: Fees | null
  /** Why nothing is done about it without people, whatever a simulation shows; null where nothing prevents it. */
  stale: string | null
}

const feesSchema = z.object({ maxFeePerGas: amountSchema, maxPriorityFeePerGas: amountSchema })

/** The newest transaction of the incident that the node still knows, as JSON (a durable step stores it). */
export async function findAttack(rpc: Rpc, incident: Incident): Promise<string> {
  const latest = await getBlockNumber(rpc)
  for (const hash of [...incident.transactions].reverse()) {
    const found = await transactionOf(rpc, hash)
    if (found !== null) return toJson(attackOf(found, latest))
  }
  return toJson({ hash: null, call: null, pinnedBlock: latest, outbid: null, stale: null })
}

/**
 * A transaction from any endpoint that has it: if one does not know it, that proves nothing. Null where none has it.
 */
async function transactionOf(rpc: Rpc, hash: Hash): Promise<RpcTransaction | null> {
  const ask = (one: Rpc): Promise<RpcTransaction | null> => getTransaction(one, hash)
  const found = await ask(rpc).catch(ifMalformed(null))
  if (found !== null || rpc.endpoints.length < 2) return found
  const all = await Promise.all(rpc.endpoints.map((one) => ask(through(rpc, one)).catch(() => null)))
  return all.find((one) => one !== null) ?? null
}

function attackOf(transaction: RpcTransaction, latest: number): Attack {
  const { hash, blockNumber } = transaction
  const isPending = blockNumber === null
  const call = callOf(transaction)
  return {
    hash,
    call,
    pinnedBlock: isPending ? latest : blockNumber - 1,
    outbid: isPending ? call.fees : null,
    stale: null,
  }
}

const attackSchema = z.object({
  hash: hashSchema.nullable(),
  call: z
    .object({
      from: addressSchema,
      to: addressSchema.nullable(),
      data: hexSchema,
      value: amountSchema,
      gas: z.number().int(),
      fees: feesSchema,
    })
    .nullable(),
  pinnedBlock: z.number().int(),
  outbid: feesSchema.nullable(),
  stale: z.string().nullable().default(null),
})

/** Parses the result of {@link findAttack} from the durable step. */
export function reviveAttack(json: string): Attack {
  return attackSchema.parse(JSON.parse(json))
}

/** The functions of a contract that a mined transaction calls, by selector; none where the node cannot trace it. */
export async function entriesInto(
  rpc: Rpc,
  { hash, target }: { hash: Hash | null; target: Address },
): Promise<Hex[]> {
  if (hash === null) return []
  const answer = await traceTransaction(rpc, { hash, tracer: { tracer: 'callTracer' } }).catch(() => null)
  const entries = framesIfAny(answer, 'trace of the attack').filter(({ to }) => to === target)
  return [...new Set(entries.flatMap(({ input }) => selectorOf(input) ?? []))]
}
