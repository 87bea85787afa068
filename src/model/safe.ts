import { z } from 'zod'
import { addressSchema, amountSchema, hashSchema, hexSchema } from './hex.ts'

/** The call that a Safe makes, with operation CALL. */
export const safeCallSchema = z.object({ to: addressSchema, data: hexSchema, value: amountSchema })

/**
 * A SafeSignature: an owner's signature over one call of a Safe under one nonce. It is invalid once the Safe's nonce
 * has increased.
 */
export const safeSignatureSchema = safeCallSchema.extend({
  chainId: z.number().int().positive(),
  safe: addressSchema,
  nonce: z.number().int().min(0),
  safeTxHash: hashSchema,
  owner: addressSchema,
  signature: hexSchema,
  /** The plan it was given for; null where it was given in advance. */
  planId: z.string().nullable(),
  /** Milliseconds since the epoch. */
  givenAt: z.number().int(),
})
export type SafeSignature = z.infer<typeof safeSignatureSchema>
