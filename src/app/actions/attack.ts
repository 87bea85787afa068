import { z } from 'zod'
import { headOf } from '../../chain/rpc/head.ts'
import { transactionFields } from '../../chain/rpc/mined.ts'
import type { Rpc } from '../../chain/rpc/rpc.ts'
import type { Fees } from '../../contain/fees.ts'
import type { SimulatedCall } from '../../contain/sequence.ts'
import { toJson } from '../../kit/json.ts'
import {
  type Address,
  addressSchema,
  amountSchema,
  type Hash,
  type Hex,
  hashSchema,
  hexSchema,
  quantitySchema,
  selectorOf,
} from '../../model/hex.ts'
import type { Incident } from '../../model/incident.ts'

/** The attack transaction as something that can be tried again. */
export type Attack = {
  hash: Hash | null
  call: SimulatedCall | null
  /** The block before it; the latest where it is pending or unknown. */
  pinnedBlock: number
  /** Its fees while it waits in the pool, to be outbid; null once it is mined. */
  outbid: Fees | null
  /** Why nothing is done about it without people, whatever a simulation shows; null where nothing is in the way. */
  stale: string | null
}

const feesSchema = z.object({ maxFeePerGas: amountSchema, maxPriorityFeePerGas: amountSchema })
const bigSchema = quantitySchema.transform(BigInt)

const transactionSchema = z.object({
  ...transactionFields,
  blockNumber: bigSchema.nullish(),
  gasPrice: bigSchema.nullish(),
  maxFeePerGas: bigSchema.nullish(),
  maxPriorityFeePerGas: bigSchema.nullish(),
})

/** The newest transaction of the incident that the node still knows, as JSON (a durable step remembers it). */
export async function findAttack(rpc: Rpc, incident: Incident): Promise<string> {
  const latest = await headOf(rpc)
  for (const hash of [...incident.transactions].reverse()) {
    const found = transactionSchema.safeParse(await rpc.request('eth_getTransactionByHash', [hash]))
    if (found.success) return toJson(attackOf(found.data, latest))
  }
  return toJson({ hash: null, call: null, pinnedBlock: latest, outbid: null, stale: null })
}

function attackOf(transaction: z.infer<typeof transactionSchema>, latest: number): Attack {
  const { hash, from, to, input, value, gas, blockNumber } = transaction
  const isPending = blockNumber === null || blockNumber === undefined
  const legacy = transaction.gasPrice ?? 0n
  const fees = {
    maxFeePerGas: transaction.maxFeePerGas ?? legacy,
    maxPriorityFeePerGas: transaction.maxPriorityFeePerGas ?? legacy,
  }
  return {
    hash,
    call: { from, to, data: input, value, gas: Number(gas), fees },
    pinnedBlock: isPending ? latest : Number(blockNumber) - 1,
    outbid: isPending ? fees : null,
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

/** What {@link findAttack} gave, back from the durable step. */
export function reviveAttack(json: string): Attack {
  return attackSchema.parse(JSON.parse(json))
}

type CallFrame = { to?: Address | undefined; input: Hex; calls?: CallFrame[] | undefined }
const callFrameSchema: z.ZodType<CallFrame> = z.lazy(() =>
  z.object({
    to: addressSchema.optional(),
    input: hexSchema,
    calls: z.array(callFrameSchema).optional(),
  }),
)

/** The functions of a contract that a mined transaction calls, by selector; none where the node cannot trace it. */
export async function entriesInto(
  rpc: Rpc,
  { hash, target }: { hash: Hash | null; target: Address },
): Promise<Hex[]> {
  if (hash === null) return []
  const options = { tracer: 'callTracer' }
  const answer = await rpc.request('debug_traceTransaction', [hash, options]).catch(() => null)
  const root = callFrameSchema.safeParse(answer)
  return root.success ? [...new Set(entries(root.data, target))] : []
}

function entries({ to, input, calls = [] }: CallFrame, target: Address): Hex[] {
  const own = to === target ? selectorOf(input) : undefined
  return [...(own === undefined ? [] : [own]), ...calls.flatMap((frame) => entries(frame, target))]
}
