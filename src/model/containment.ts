import { z } from 'zod'
import { assetSchema } from './finding.ts'
import { givenAddressSchema } from './given-address.ts'
import { type Address, addressSchema, amountSchema, hashSchema, hexSchema } from './hex.ts'
import { leverSchema, opEffectSchema } from './lever.ts'

/** The route by which a lever is pulled in the name of its authority. */
export const routeSchema = z.discriminatedUnion('kind', [
  /** The authority is an account with a key: it sends the call itself. */
  z.object({ kind: z.literal('direct') }),
  /** `threshold` of `owners` sign; anyone sends `execTransaction`. */
  z.object({
    kind: z.literal('safe'),
    safe: addressSchema,
    threshold: z.number().int(),
    owners: z.array(addressSchema),
    version: z.string(),
    /** Our account that sends it and pays; null where no signer is available here. */
    sender: addressSchema.nullable().default(null),
  }),
  /** A member of a role sends `execTransactionWithRole` to a Zodiac Roles modifier, which acts as the avatar. */
  z.object({
    kind: z.literal('roles'),
    modifier: addressSchema,
    avatar: addressSchema,
    roleKey: hashSchema,
    member: addressSchema,
  }),
  /** A member of the role sends `schedule` to an AccessManager, and `execute` after the delay. */
  z.object({
    kind: z.literal('access-manager'),
    manager: addressSchema,
    member: addressSchema,
    delaySeconds: z.number().int(),
  }),
  /** A proposer sends `schedule`; an executor sends `execute` after the delay. */
  z.object({
    kind: z.literal('timelock'),
    timelock: addressSchema,
    proposer: addressSchema,
    /** Null where no signer here may execute. */
    executor: addressSchema.nullable(),
    delaySeconds: z.number().int(),
  }),
])
export type Route = z.infer<typeof routeSchema>

/** How a defender pulled a lever without Cordon, as the chain shows it. */
export const handPullSchema = z.object({
  /** The caller of the lever's contract: a person's account, their Safe, a timelock. */
  by: addressSchema,
  /** The sender of the transaction; null where it is not known. */
  sender: addressSchema.nullable(),
  /** The same in terms of the configuration: `Ada (guardian)`, `the Safe 0x…`. */
  who: z.string(),
  transactionHash: hashSchema,
  blockNumber: z.number().int(),
  blockHash: hashSchema.nullable(),
})
export type HandPull = z.infer<typeof handPullSchema>

/** A ContainmentPlan: pull this lever because of this incident. One plan is broadcast at most once. */
export const containmentPlanSchema = z.object({
  /** Derived from incident, attempt and lever, so planning twice in one attempt gives the same plan. */
  id: z.string(),
  incidentId: z.string(),
  lever: leverSchema,
  /** The block at which lever and authority were read. */
  pinnedBlock: z.number().int(),
  /** The attack that this is against; null where there is only a suspicion. */
  attackTransaction: hashSchema.nullable(),
  route: routeSchema.default({ kind: 'direct' }),
  /** The protected contract that it is for, where the lever is on another one; null where it is the same. */
  protects: addressSchema.nullable().default(null),
  /** `reopen`: undoes a lever. Never without people. */
  purpose: z.enum(['contain', 'reopen']).default('contain'),
  /** The plan whose scheduled call this one executes; null for all others. */
  executes: z.string().nullable().default(null),
  /**
   * Set where people pulled it themselves: Cordon never sends it, and verifies it like its own. Null for all others.
   */
  byHand: handPullSchema.nullable().default(null),
})
export type ContainmentPlan = z.infer<typeof containmentPlanSchema>

/** The protected contract that a plan is for: the lever may be on another one. */
export function protectedBy({ protects, lever }: Pick<ContainmentPlan, 'protects' | 'lever'>): Address {
  return protects ?? lever.target
}

/** A storage slot that a lever changes. */
export const stateChangeSchema = z.object({
  address: addressSchema,
  slot: hashSchema,
  before: hashSchema,
  after: hashSchema,
})
export type StateChange = z.infer<typeof stateChangeSchema>

/** The loss of an account to the attack without and with the lever pulled, base units. */
export const lossComparedSchema = z.object({
  account: addressSchema,
  asset: assetSchema,
  without: amountSchema,
  with: amountSchema,
})
export type LossCompared = z.infer<typeof lossComparedSchema>

/** A Simulation: the effect of the plan at the pinned block, before anyone signs. */
export const simulationSchema = z.object({
  planId: z.string(),
  method: z.enum(['eth_simulateV1', 'fork']),
  atBlock: z.number().int(),
  leverSucceeded: z.boolean(),
  gasUsed: z.number().int(),
  /**
   * `stopped`: with the lever, the attack takes nothing of what it takes without it (where it takes nothing, it
   * succeeded before and now fails); `reduced`: it takes less, for example where the attacker also withdraws their own
   * savings by a path that stays open; `not-reproduced`: here it does not take what it took on the chain; `not-run`: no
   * attack transaction is known.
   */
  attack: z.enum(['stopped', 'reduced', 'not-stopped', 'not-reproduced', 'not-run']),
  /** The losses of protected contracts and their users to the attack; empty for older records. */
  losses: z.array(lossComparedSchema).default([]),
  opEffects: z.record(z.string(), opEffectSchema),
  /** Storage that pulling changes; null where the node does not show it. */
  stateDiff: z.array(stateChangeSchema).nullable().default(null),
  /** The accounts other than the attacker that it affects, from recent calls; null for older records. */
  blastRadius: z
    .object({
      functions: z.number().int(),
      blocked: z.number().int(),
      /** The callers of the calls that are now blocked, and how many of them are contracts, that is, integrations. */
      callers: z.number().int(),
      contracts: z.number().int(),
    })
    .nullable()
    .default(null),
  /** Why the plan needs explicit confirmation from people: who would be left liquidatable and unable to act. */
  asymmetry: z.string().nullable().default(null),
  notes: z.array(z.string()),
})
export type Simulation = z.infer<typeof simulationSchema>

export const broadcastStates = ['signed', 'sent', 'mined', 'reverted', 'abandoned'] as const

/** A Broadcast: the one signed transaction of a plan. The raw bytes are stored before they are first sent. */
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

/** The state of the chain after the lever was pulled. */
export const verificationSchema = z.object({
  planId: z.string(),
  atBlock: z.number().int(),
  verified: z.boolean(),
  checks: z.array(z.object({ check: z.string(), passed: z.boolean(), detail: z.string() })),
})
export type Verification = z.infer<typeof verificationSchema>

/**
 * A StandingAuthorisation: signed in advance by a named role, it lets Cordon act alone within bounds. EIP-712 over
 * exactly these fields. Without one, the plan is proposed to people and nothing is sent.
 */
export const standingAuthorisationSchema = z.object({
  /** The installation that it is for, as `cordon doctor` names it; null in a drill, which has none. */
  installation: z.string().min(1).max(80).nullable().default(null),
  chainId: z.number().int(),
  targets: z.array(givenAddressSchema).min(1),
  /** Function selectors, 4 bytes. */
  selectors: z
    .array(
      hexSchema.refine((text) => text.length === 10, 'a function selector is 4 bytes: 0x and 8 hex digits'),
    )
    .min(1),
  maxActions: z.number().int().min(1),
  /** Seconds since the epoch. */
  validFrom: z.number().int().min(0),
  validUntil: z.number().int().min(0),
  signer: givenAddressSchema,
  signature: hexSchema,
})
export type StandingAuthorisation = z.infer<typeof standingAuthorisationSchema>
