import { z } from 'zod'
import { assetSchema } from './finding.ts'
import { addressSchema, amountSchema } from './hex.ts'

/** How far a contract’s code is that of the weak one, the closest first. */
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
  /** Share of common opcode shingles, 1 where the code is the same; for `same-function` that of the function’s blocks. */
  similarity: z.number().min(0).max(1),
  /** The code behind it, where it is a proxy. */
  implementation: addressSchema.optional(),
  /** The weak function’s basic blocks that it has too, where both codes’ dispatchers lead to it. */
  function: z.object({ selector: z.string(), share: z.number().min(0).max(1) }).optional(),
})
/** A Sibling: a contract with the code, or the weak function, of the one that was attacked. */
export type Sibling = z.infer<typeof siblingSchema>

const approvalSchema = z.object({
  owner: addressSchema,
  spender: addressSchema,
  asset: addressSchema,
  /** base units; as the chain has it now where `exposed` is told, else as these transactions gave it */
  amount: amountSchema,
  /** The lesser of allowance and balance as the chain has them now. */
  exposed: amountSchema.optional(),
})
export type ScopeApproval = z.infer<typeof approvalSchema>

/** What the same attack would take from another contract at the chain’s latest block, by a dry run on a fork. */
const atRiskSchema = z.object({
  contract: addressSchema,
  outcome: z.enum(['drained', 'not-drained', 'not-tried']),
  /** Base units, over all transactions. */
  drained: z.array(z.object({ asset: assetSchema, amount: amountSchema })),
  /** How many that took, one a block. */
  transactions: z.number().int().min(0),
  reason: z.string(),
})
export type AtRisk = z.infer<typeof atRiskSchema>

export const scopeSchema = z.object({
  /** Contracts that ran the same code as the weak one in these transactions. */
  sameCode: z.array(addressSchema),
  /** Of watched and given contracts those that share code with the weak one; left out where nobody looked. */
  siblings: z.array(siblingSchema).optional(),
  /** Siblings that were named, each attacked in the same way on a fork; only where it was asked for. */
  atRisk: z.array(atRiskSchema).optional(),
  /** To victims or attackers. */
  approvals: z.array(approvalSchema),
  /** What can be pulled by these approvals, by asset: an owner’s balance counts once however many spenders there are. */
  exposure: z
    .array(z.object({ asset: assetSchema, amount: amountSchema, owners: z.number().int() }))
    .optional(),
  /** Accounts that used the weak contract in what was read, the attackers not counted. */
  users: z.object({ count: z.number().int(), accounts: z.array(addressSchema) }).optional(),
  /** Contracts that read the weak one’s prices or state in what was read. */
  dependants: z.array(z.object({ address: addressSchema, reads: z.number().int() })).optional(),
})

/** What an account that lost was to the protocol, by what it was seen doing. */
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
