import { z } from 'zod'
import { durationMs } from '../kit/duration.ts'
import { severitySchema } from './finding.ts'
import { givenAddressSchema } from './given-address.ts'
import { addressSchema, hexSchema } from './hex.ts'
import { leverKinds } from './lever.ts'
import { roleIdSchema } from './role.ts'

/** The actions that an approval policy covers: pulling a lever of some kind, or undoing one. */
export const actionClasses = [...leverKinds, 'reopen'] as const
export const actionClassSchema = z.enum(actionClasses)
export type ActionClass = z.infer<typeof actionClassSchema>

export const approvalDecisions = ['approve', 'refuse', 'revoke'] as const

/** The EIP-712 fields that a person signs: exactly one call, once, until a deadline. */
export const approvalTermsSchema = z.object({
  /** The installation that it is for, as `cordon doctor` names it; null in a drill, which has none. */
  installation: z.string().min(1).max(80).nullable().default(null),
  planId: z.string().min(1).max(80),
  chainId: z.number().int().positive(),
  target: givenAddressSchema,
  calldata: hexSchema,
  /** The account in whose name the call is made. */
  authority: givenAddressSchema,
  /** Chain, target and function: calls of one lane are counted. */
  lane: z.string().min(1).max(120),
  /** Calls sent on this lane before this one: an approval becomes invalid when another call is sent. */
  nonce: z.number().int().min(0),
  decision: z.enum(approvalDecisions),
  /** Counts what one person signs about one plan, from 1: only the latest is ever valid again. */
  sequence: z.number().int().min(0).default(0),
  /** Seconds since the epoch. */
  validUntil: z.number().int().positive(),
})
export type ApprovalTerms = z.infer<typeof approvalTermsSchema>

/** An Approval: one person's signed statement about one plan. Written once and kept, whether or not it counts. */
export const approvalSchema = approvalTermsSchema.extend({
  signer: givenAddressSchema,
  signature: z
    .string()
    .regex(/^0x([0-9a-fA-F]{2}){64,65}$/, 'expected a signature: 0x and 64 or 65 bytes of hex')
    .transform((text) => text.toLowerCase() as `0x${string}`),
  /** Milliseconds since the epoch. */
  givenAt: z.number().int(),
})
export type Approval = z.infer<typeof approvalSchema>

const clockSchema = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'a time of day in UTC as 22:00')

export const approvalRuleSchema = z.strictObject({
  /** Any of these; every class when left out. */
  classes: z.array(actionClassSchema).min(1).optional(),
  /** Any of these; every severity when left out. */
  severities: z.array(severitySchema).min(1).optional(),
  /** Time of day, UTC; from 22:00 to 06:00 runs over midnight. */
  hours: z.strictObject({ from: clockSchema, to: clockSchema }).optional(),
  /** All of these, by different people. */
  require: z
    .array(
      z.strictObject({
        roles: z.array(roleIdSchema).min(1),
        quorum: z.number().int().min(1).max(20).default(1),
      }),
    )
    .min(1)
    .max(5),
  /** Longest time for which an approval may be given: 30m, 4h. */
  ttl: z.string().refine((text) => (durationMs(text) ?? 0) > 0, 'a duration as 30m, 4h or 1d'),
})
export type ApprovalRule = z.infer<typeof approvalRuleSchema>

/** A signed statement that does not count, and why. */
export const rejectedSchema = z.object({ signer: addressSchema, reason: z.string() })
export type Rejected = z.infer<typeof rejectedSchema>

export const approvalVerdictSchema = z.discriminatedUnion('state', [
  z.object({ state: z.literal('approved'), by: z.array(addressSchema), rejected: z.array(rejectedSchema) }),
  z.object({ state: z.literal('refused'), by: addressSchema, rejected: z.array(rejectedSchema) }),
  z.object({ state: z.literal('waiting'), missing: z.array(z.string()), rejected: z.array(rejectedSchema) }),
])
/** The result of the signed statements under the policy. */
export type ApprovalVerdict = z.infer<typeof approvalVerdictSchema>
