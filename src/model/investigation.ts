import { z } from 'zod'
import { assetSchema, findingSchema } from './finding.ts'
import { addressSchema, amountSchema, hashSchema } from './hex.ts'

/** Net change of one account and asset over a transaction, base units, signed; gas is not counted. */
export const balanceChangeSchema = z.object({
  account: addressSchema,
  asset: assetSchema,
  tokenId: amountSchema.nullable(),
  amount: amountSchema,
  /** What the findings make of the account. */
  side: z.enum(['actor', 'victim', 'other']),
})
export type BalanceChange = z.infer<typeof balanceChangeSchema>

/** An Investigation of one transaction: what was called, who gained and lost, what the detectors say. */
export const investigationSchema = z.object({
  type: z.literal('investigation'),
  chainId: z.number().int(),
  blockNumber: z.number().int(),
  transactionHash: hashSchema,
  succeeded: z.boolean().nullable(),
  frames: z.number().int(),
  /** Where token movements come from; `calls` are what was asked for, believed less. */
  movementsFrom: z.enum(['logs', 'calls']),
  balanceChanges: z.array(balanceChangeSchema),
  findings: z.array(findingSchema),
  blind: z.array(z.string()),
  /** The call tree, a line a frame. */
  tree: z.array(z.string()),
})
export type Investigation = z.infer<typeof investigationSchema>
