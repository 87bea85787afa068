import { z } from 'zod'
import { assetSchema } from './finding.ts'
import { addressSchema, amountSchema } from './hex.ts'

/** How closely a contract’s code matches that of the weak one, the closest first. */
export const siblingMatches = [
  'exact',
  'metadata-apart',
  'immutables-apart',
  'same-implementation',
  'similar',
  'same-function',
] as const

export const siblingSchema = z.object({
  address: addressSchema,
  match: z.enum(siblingMatches),
  /** Share of common opcode shingles, 1 where the code is the same; for `same-function` of the function’s blocks. */
  similarity: z.number().min(0).max(1),
  /** The implementation, where it is a proxy. */
  implementation: addressSchema.optional(),
  /** The share of the weak function’s basic blocks that it also has, where the dispatchers of both codes lead to it. */
  function: z.object({ selector: z.string(), share: z.number().min(0).max(1) }).optional(),
})
/** A Sibling: a contract that shares the code, or the weak function, of the attacked one. */
export type Sibling = z.infer<typeof siblingSchema>

const approvalSchema = z.object({
  owner: addressSchema,
  spender: addressSchema,
  asset: addressSchema,
  /** base units; the present value on the chain where `exposed` is given, else the value that these transactions set */
  amount: amountSchema,
  /** The lesser of the present allowance and balance on the chain. */
  exposed: amountSchema.optional(),
})
export type ScopeApproval = z.infer<typeof approvalSchema>

/**
 * The amount that the same attack would take from another contract at the chain’s latest block, by a dry run on a fork.
 */
const atRiskSchema = z.object({
  contract: addressSchema,
  outcome: z.enum(['drained', 'not-drained', 'not-tried']),
  /** Base units, over all transactions. */
  drained: z.array(z.object({ asset: assetSchema, amount: amountSchema })),
  /** The number of transactions needed, one per block. */
  transactions: z.number().int().min(0),
  reason: z.string(),
})
export type AtRisk = z.infer<typeof atRiskSchema>

export const scopeSchema = z.object({
  /** Contracts that ran the same code as the weak one in these transactions. */
  sameCode: z.array(addressSchema),
  /** The watched and given contracts that share code with the weak one; absent where no search was made. */
  siblings: z.array(siblingSchema).optional(),
  /** Named siblings, each attacked in the same way on a fork; only where requested. */
  atRisk: z.array(atRiskSchema).optional(),
  /** To victims or attackers. */
  approvals: z.array(approvalSchema),
  /** The amount exposed by these approvals, by asset: an owner’s balance counts once for any number of spenders. */
  exposure: z
    .array(z.object({ asset: assetSchema, amount: amountSchema, owners: z.number().int() }))
    .optional(),
  /** Accounts that used the weak contract in the transactions read, without the attackers. */
  users: z.object({ count: z.number().int(), accounts: z.array(addressSchema) }).optional(),
  /** Contracts that read the weak one’s prices or state in the transactions read. */
  dependants: z.array(z.object({ address: addressSchema, reads: z.number().int() })).optional(),
})

/** The relation of a losing account to the protocol, by its observed actions. */
export const loserClasses = [
  'protocol',
  'pool',
  'liquidity-provider',
  'borrower',
  'derivatives-trader',
  'user',
  'unknown',
] as const
export type LoserClass = (typeof loserClasses)[number]
