import { z } from 'zod'
import { assetSchema } from './finding.ts'
import { addressSchema, amountSchema, hashSchema } from './hex.ts'

/**
 * A FundFlow: the path of stolen assets. Taint is computed by two methods in parallel: `haircut` (a payment carries the
 * same share of taint as the payer’s holding) and `fifo` (first in, first out). `stolen` counts taint in base units of
 * the stolen asset, whatever it was converted into since: those sums are exact at every hop.
 */
export const flowNodeKinds = [
  'attacker',
  'victim',
  'exchange',
  'bridge',
  'mixer',
  'contract',
  'dormant',
  'account',
  'burn',
] as const
export type FlowNodeKind = (typeof flowNodeKinds)[number]

const count = z.number().int().min(0)
const tokenId = amountSchema.nullable()
const bothSchema = z.object({ haircut: amountSchema, fifo: amountSchema })

const stolenSchema = bothSchema.extend({ asset: assetSchema, tokenId })
/** Base units of a stolen asset, by both methods. */
export type StolenAmount = z.infer<typeof stolenSchema>

const heldSchema = z.object({
  asset: assetSchema,
  tokenId,
  /** Tainted base units of this asset by haircut, and by FIFO. */
  amount: amountSchema,
  amountFifo: amountSchema,
  stolen: z.array(stolenSchema),
})

const nodeSchema = z.object({
  id: addressSchema,
  kind: z.enum(flowNodeKinds),
  label: z.object({ name: z.string(), source: z.string() }).nullable(),
  /** Steps from the nearest source; 0 for a source. */
  hop: count,
  held: z.array(heldSchema),
})
export type FlowNode = z.infer<typeof nodeSchema>

export const flowEdgeKinds = ['transfer', 'swap', 'wrap', 'unwrap', 'bridge', 'mint', 'burn'] as const
export type FlowEdgeKind = (typeof flowEdgeKinds)[number]

const edgeSchema = z.object({
  id: z.string(),
  from: addressSchema,
  to: addressSchema,
  asset: assetSchema,
  tokenId,
  /** The total paid, base units. */
  amount: amountSchema,
  /** How much of it is tainted by haircut, and by FIFO; base units of `asset`. */
  tainted: amountSchema,
  taintedFifo: amountSchema,
  stolen: z.array(stolenSchema),
  transactionHash: hashSchema,
  blockNumber: z.number().int(),
  /** In execution order over the whole flow. */
  order: count,
  kind: z.enum(flowEdgeKinds),
  /** Contracts that forwarded it within the transaction and kept nothing. */
  through: z.array(addressSchema),
})
export type FlowEdge = z.infer<typeof edgeSchema>

const totalSchema = z.object({
  asset: assetSchema,
  tokenId,
  stolen: amountSchema,
  /** Its present location, by kind of node; with `unexplained` each method sums to `stolen`, to the unit. */
  at: z.partialRecord(z.enum(flowNodeKinds), bothSchema),
  /** The amount that was not followed because a limit was reached: `cut` shows which. */
  unexplained: bothSchema,
})
export type FlowTotal = z.infer<typeof totalSchema>

export const fundFlowSchema = z.object({
  type: z.literal('fund-flow'),
  chainId: z.number().int(),
  fromBlock: z.number().int(),
  toBlock: z.number().int(),
  /** Transactions examined. */
  transactions: count,
  sources: z.array(z.object({ account: addressSchema, asset: assetSchema, tokenId, amount: amountSchema })),
  nodes: z.array(nodeSchema),
  edges: z.array(edgeSchema),
  totals: z.array(totalSchema),
  /** Items that the limits left out, and tokens whose logs did not match their answers: with unreliable amounts. */
  cut: z.object({ edges: count, accounts: count, assets: count }),
  doubted: z.array(addressSchema),
})
export type FundFlow = z.infer<typeof fundFlowSchema>
export type FlowSource = FundFlow['sources'][number]
