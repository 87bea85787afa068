import { z } from 'zod'
import { assetSchema } from './finding.ts'
import { addressSchema, amountSchema, hashSchema } from './hex.ts'

/**
 * An Actor: an address that took part in what is investigated, its likely role, and the facts that speak for it. Addresses and
 * labels only: nobody is named.
 */
export const actorRoles = [
  'attacker',
  'accomplice',
  'white-hat',
  'copier',
  'victim',
  'beneficiary',
  'unknown',
] as const
export type ActorRole = (typeof actorRoles)[number]

/** A payment to an account before the attack. */
export const fundingSchema = z.object({
  from: addressSchema,
  /** Whom it paid: the actor, or for a further hop whoever paid the one before. */
  to: addressSchema,
  asset: assetSchema,
  /** base units */
  amount: amountSchema,
  transactionHash: hashSchema,
  block: z.number().int(),
  /** 1 paid the actor itself, 2 paid that payer, and so on. */
  hop: z.number().int().min(1),
  /** What a label list calls the payer, and who says so; the chain of funders ends there. */
  label: z.object({ name: z.string(), kind: z.string(), source: z.string() }).optional(),
})
/** A Funding: where an actor’s means came from, a hop at a time. */
export type Funding = z.infer<typeof fundingSchema>

export const actorSchema = z.object({
  address: addressSchema,
  kind: z.enum(['account', 'contract']),
  role: z.enum(actorRoles),
  /** 0 to 1: how well the reasons carry the role; not a probability. */
  confidence: z.number().min(0).max(1),
  /** Each a sentence with the fact that it stands on. */
  reasons: z.array(z.string()),
  /** The account that had it created; left out where not known. */
  deployer: addressSchema.optional(),
  createdAt: z.object({ block: z.number().int(), transactionHash: hashSchema }).optional(),
  /** Nearest hop first. */
  funders: z.array(fundingSchema).optional(),
  /** Known attackers’ code that this contract’s is like: share of common opcode shingles. */
  similarTo: z.array(z.object({ name: z.string(), similarity: z.number().min(0).max(1) })).optional(),
  /** Other incidents on record that name this address. */
  seenIn: z.array(z.string()).optional(),
  /** Actors with the same value act together: it is the account that sent their transactions. */
  cluster: addressSchema.optional(),
})
export type Actor = z.infer<typeof actorSchema>
