import { z } from 'zod'
import { addressSchema, amountSchema, hashSchema, hexSchema } from './hex.ts'

export const opEffects = ['blocked', 'open', 'unknown'] as const

export const authoritySchema = z.object({
  kind: z.enum(['eoa', 'contract']),
  address: addressSchema,
  /** How we know: `eth_call` from this address went through at this block. */
  evidence: z.string(),
  /** True where a signer for this address is at hand. */
  live: z.boolean(),
  /** wei at the pinned block */
  balance: amountSchema,
})
export type Authority = z.infer<typeof authoritySchema>

/** A Lever: one thing that someone is allowed to do on-chain to stop loss. */
export const leverSchema = z.object({
  id: z.string(),
  chainId: z.number().int(),
  target: addressSchema,
  /** The address whose code answers (behind a proxy), or the target itself. */
  implementation: addressSchema,
  signature: z.string(),
  calldata: hexSchema,
  /** Null where nobody known to us may pull it now. */
  authority: authoritySchema.nullable(),
  /** Reads true while the lever is pulled, where such a view exists. */
  stateView: z.string().nullable(),
  /** False where the state view says that it is already pulled. */
  armed: z.boolean(),
  /** operation selector on the target → what happens to it while the lever is pulled */
  opEffects: z.record(z.string(), z.enum(opEffects)),
  evidence: z.array(z.string()),
})
export type Lever = z.infer<typeof leverSchema>

/** A ContainmentPlan: pull this lever because of this incident. One plan is broadcast at most once. */
export const containmentPlanSchema = z.object({
  /** Derived from incident and lever, so planning twice gives the same plan. */
  id: z.string(),
  incidentId: z.string(),
  lever: leverSchema,
  /** Block at which lever and authority were read. */
  pinnedBlock: z.number().int(),
  /** The attack this is against; null where there is only a suspicion. */
  attackTransaction: hashSchema.nullable(),
})
export type ContainmentPlan = z.infer<typeof containmentPlanSchema>

/** A Simulation: what the plan does at the pinned block, before anybody signs. */
export const simulationSchema = z.object({
  planId: z.string(),
  method: z.enum(['eth_simulateV1', 'fork']),
  atBlock: z.number().int(),
  leverSucceeded: z.boolean(),
  gasUsed: z.number().int(),
  /** `stopped`: it went through before and fails after the lever; `not-run`: no attack transaction known. */
  attack: z.enum(['stopped', 'not-stopped', 'not-reproduced', 'not-run']),
  opEffects: z.record(z.string(), z.enum(opEffects)),
  notes: z.array(z.string()),
})
export type Simulation = z.infer<typeof simulationSchema>

export const broadcastStates = ['signed', 'sent', 'mined', 'reverted', 'abandoned'] as const

/** A Broadcast: the one signed transaction of a plan. The raw bytes are kept before they are first sent. */
export const broadcastSchema = z.object({
  planId: z.string(),
  chainId: z.number().int(),
  from: addressSchema,
  nonce: z.number().int(),
  rawTransaction: hexSchema,
  transactionHash: hashSchema,
  state: z.enum(broadcastStates),
  blockNumber: z.number().int().nullable(),
  blockHash: hashSchema.nullable(),
})
export type Broadcast = z.infer<typeof broadcastSchema>

/** What the chain says after the lever was pulled. */
export const verificationSchema = z.object({
  planId: z.string(),
  atBlock: z.number().int(),
  verified: z.boolean(),
  checks: z.array(z.object({ check: z.string(), passed: z.boolean(), detail: z.string() })),
})
export type Verification = z.infer<typeof verificationSchema>

/**
 * A StandingAuthorisation: signed beforehand by a named role, it lets Cordon act alone within bounds.
 * EIP-712 over exactly these fields. Without one, the plan is proposed to people and nothing is sent.
 */
export const standingAuthorisationSchema = z.object({
  chainId: z.number().int(),
  targets: z.array(addressSchema).min(1),
  /** Function selectors, 4 bytes. */
  selectors: z.array(hexSchema).min(1),
  maxActions: z.number().int().min(1),
  /** Seconds since the epoch. */
  validFrom: z.number().int(),
  validUntil: z.number().int(),
  signer: addressSchema,
  signature: hexSchema,
})
export type StandingAuthorisation = z.infer<typeof standingAuthorisationSchema>
