import { z } from 'zod'
import { assetSchema } from './finding.ts'
import { addressSchema, amountSchema, hashSchema } from './hex.ts'

/**
 * An Actor: an address that took part in the investigated transactions, its likely role, and the facts that support it.
 * Contains addresses and labels only, never the name of a person.
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
  /** The payee: the actor, or for a further hop the payer of the previous hop. */
  to: addressSchema,
  asset: assetSchema,
  /** base units */
  amount: amountSchema,
  transactionHash: hashSchema,
  block: z.number().int(),
  /** 1 paid the actor itself, 2 paid that payer, and so on. */
  hop: z.number().int().min(1),
  /** The payer's name in a label list, and the source of that label; the chain of funders ends there. */
  label: z.object({ name: z.string(), kind: z.string(), source: z.string() }).optional(),
})
/** A Funding: one hop of the origin of an actor's funds. */
export type Funding = z.infer<typeof fundingSchema>

export const actorSchema = z.object({
  address: addressSchema,
  kind: z.enum(['account', 'contract']),
  role: z.enum(actorRoles),
  /** 0 to 1: how well the reasons support the role; not a probability. */
  confidence: z.number().min(0).max(1),
  /** One sentence each, with the fact that it rests on. */
  reasons: z.array(z.string()),
  /** The account that caused its creation; absent where it is not known. */
  deployer: addressSchema.optional(),
  createdAt: z.object({ block: z.number().int(), transactionHash: hashSchema }).optional(),
  /** Nearest hop first. */
  funders: z.array(fundingSchema).optional(),
  /** Code of known attackers that this contract's code resembles: share of common opcode shingles. */
  similarTo: z.array(z.object({ name: z.string(), similarity: z.number().min(0).max(1) })).optional(),
  /** Other recorded incidents that name this address. */
  seenIn: z.array(z.string()).optional(),
  /** Actors with the same value act together: the value is the account that sent their transactions. */
  cluster: addressSchema.optional(),
})
export type Actor = z.infer<typeof actorSchema>
