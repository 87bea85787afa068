import { z } from 'zod'
import { assetSchema } from './finding.ts'
import { addressSchema, amountSchema, hashSchema } from './hex.ts'

/**
 * A FundFlow: where stolen assets went. Taint is told by two methods side by side: `haircut` (a payment carries the
 * share of taint that the payer’s holding has) and `fifo` (what came first goes first). `stolen` counts taint in base
 * units of what was stolen, whatever it was turned into since: those sums are exact at every hop.
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
  /** All that was paid, base units. */
  amount: amountSchema,
  /** How much of it is tainted by haircut, and by FIFO; base units of `asset`. */
  tainted: amountSchema,
  taintedFifo: amountSchema,
  stolen: z.array(stolenSchema),
  transactionHash: hashSchema,
  blockNumber: z.number().int(),
  /** In the order of execution over the whole flow. */
  order: count,
  kind: z.enum(flowEdgeKinds),
  /** Contracts that passed it on within the transaction and kept nothing. */
  through: z.array(addressSchema),
})
export type FlowEdge = z.infer<typeof edgeSchema>

const totalSchema = z.object({
  asset: assetSchema,
  tokenId,
  stolen: amountSchema,
  /** Where it is now, by kind of node; with `unexplained` each method sums to `stolen`, to the unit. */
  at: z.partialRecord(z.enum(flowNodeKinds), bothSchema),
  /** What was not followed because a limit was reached: `cut` says which. */
  unexplained: bothSchema,
})
export type FlowTotal = z.infer<typeof totalSchema>

export const fundFlowSchema = z.object({
  type: z.literal('fund-flow'),
  chainId: z.number().int(),
  fromBlock: z.number().int(),
  toBlock: z.number().int(),
  /** Transactions looked at. */
  transactions: count,
  sources: z.array(z.object({ account: addressSchema, asset: assetSchema, tokenId, amount: amountSchema })),
  nodes: z.array(nodeSchema),
  edges: z.array(edgeSchema),
  totals: z.array(totalSchema),
  /** What the limits left out, and tokens whose words did not fit their answers: their amounts are not to be relied on. */
  cut: z.object({ edges: count, accounts: count, assets: count }),
  doubted: z.array(addressSchema),
})
export type FundFlow = z.infer<typeof fundFlowSchema>
export type FlowSource = FundFlow['sources'][number]
