import { z } from 'zod'
import { approvalSchema, rejectedSchema } from './approval.ts'
import {
  broadcastSchema,
  containmentPlanSchema,
  handPullSchema,
  simulationSchema,
  verificationSchema,
} from './containment.ts'
import { assetChangeSchema, findingSchema } from './finding.ts'
import { addressSchema } from './hex.ts'
import { investigationSchema } from './investigation.ts'
import { tokenSchema } from './token.ts'

/**
 * One link of an incident's evidence chain: `hash = sha256(canonicalJson({incidentId, sequence, kind, recordedAt, body,
 * previous}))`, `previous` the hash of the link before (64 zeros for the first). This is the stored form: to read a
 * body, use {@link bodiesOf}.
 */
export const evidenceSchema = z.object({
  incidentId: z.string(),
  sequence: z.number().int(),
  /** An {@link EvidenceKind}, or one of an earlier version. */
  kind: z.string(),
  recordedAt: z.number().int(),
  body: z.unknown(),
  previous: z.string(),
  hash: z.string(),
})
export type Evidence = z.infer<typeof evidenceSchema>

export const GENESIS_HASH = '0'.repeat(64)

/** The lexicon of an incident: stored with every page, so that a report without a node uses the same terms. */
export const lexiconSchema = z.object({
  assets: z.array(tokenSchema),
  /** The holdings of the losers in the block before the attack. */
  stakes: z.array(assetChangeSchema),
  /** Signatures by selector. */
  functions: z.record(z.string(), z.string()),
})

const deliverySchema = z.looseObject({
  outcome: z.string(),
  role: z.string(),
  person: z.string().nullable(),
  channel: z.string().nullable(),
})

const fileSchema = z.looseObject({ file: z.string(), sha256: z.string() })
const planId = z.string()
const reasons = z.array(z.string())

/** The body of each kind of evidence. Fields that are never read again are kept as they were written. */
const bodies = {
  finding: findingSchema,
  /** A plan that was made, with the other suitable levers. */
  plan: containmentPlanSchema.extend({ besides: z.array(z.unknown()).exactOptional() }),
  /** A plan that waits for people, the reasons, and the Safe's transaction where a Safe makes the call. */
  proposal: z.object({ planId, proposed: z.literal(true), reasons, safe: z.unknown() }),
  /** A plan that would propose the same as a plan that already waits. */
  'plan-waiting': z.object({ planId, waiting: z.string(), reasons }),
  /** A plan that no longer needs a decision: a person made the call by hand. */
  'plan-needless': z.object({ planId, needless: z.literal(true), pulled: z.unknown() }),
  /** A lever that was undone by hand. */
  'plan-undone': z.object({ planId, undone: handPullSchema }),
  /** When a call that was scheduled can be executed, Unix seconds. */
  'plan-scheduled': z.object({ planId, readyAt: z.number().nullable() }),
  /** Timelock operations that could be cancelled, and those that were left out. */
  'queued-operations': z.object({ queued: z.array(z.unknown()), leftOut: z.unknown() }),
  /** Protected contracts that a pause does not affect. */
  spared: z.object({ spared: z.array(addressSchema) }),
  /** The stages in which levers are undone. */
  reopening: z.object({ stages: z.array(z.unknown()), notes: z.array(z.string()) }),
  simulation: simulationSchema,
  /** An old attack, tried again on the newest block. */
  'fresh-look': z.looseObject({ latest: z.number(), late: z.unknown(), works: z.boolean() }),
  decision: z.object({ automatic: z.boolean(), reasons, statement: z.string() }),
  /** A second endpoint that could not confirm the signed data. */
  'second-opinion': z.object({ planId, opinion: z.object({ kind: z.string(), text: z.string() }) }),
  /** One person's signed statement, and whether the signature is theirs. */
  approval: approvalSchema.extend({ isTrue: z.boolean() }),
  /** The result of all signed statements about a plan. */
  'approval-verdict': z.object({ planId, state: z.string(), rejected: z.array(rejectedSchema) }),
  broadcast: broadcastSchema,
  verification: verificationSchema,
  notification: z.object({
    notification: z.looseObject({
      title: z.string(),
      facts: z.looseObject({ words: lexiconSchema.exactOptional() }),
    }),
    results: z.array(deliverySchema),
  }),
  report: fileSchema.extend({ format: z.string(), kind: z.string(), tlp: z.string(), audience: z.string() }),
  investigation: investigationSchema,
  /** Something that was shared with others. */
  export: z.looseObject({ what: z.string() }),
  /** A call that was not made, for people to make by hand. */
  'call-by-hand': z.object({ planId, title: z.string(), reasons, call: z.unknown() }),
  /** A contract whose containment failed. */
  failure: z.object({ target: addressSchema }),
  /** A note of a step that is never read again. */
  note: z.unknown(),
}

export type EvidenceKind = keyof typeof bodies
export type EvidenceBody<K extends EvidenceKind> = z.infer<(typeof bodies)[K]>
/** The items that can be put into the evidence chain. */
export type EvidenceItem = { [K in EvidenceKind]: { kind: K; body: EvidenceBody<K> } }[EvidenceKind]

/** Kinds under which earlier versions stored a body: distinguished by its shape. */
const KEPT_AS: Partial<Record<EvidenceKind, string>> = {
  proposal: 'plan',
  'plan-waiting': 'plan',
  'plan-needless': 'plan',
  'plan-undone': 'plan',
  'plan-scheduled': 'plan',
  'queued-operations': 'plan',
  spared: 'plan',
  reopening: 'plan',
  'fresh-look': 'simulation',
  'second-opinion': 'decision',
  'approval-verdict': 'approval',
  investigation: 'note',
  'call-by-hand': 'error',
  failure: 'error',
}

export type Read<K extends EvidenceKind> = { link: Evidence; body: EvidenceBody<K> }

/** The bodies of one kind, in order, including links written by an earlier version. Unreadable ones are left out. */
export function bodiesOf<K extends EvidenceKind>(links: readonly Evidence[], kind: K): Read<K>[] {
  const schema: z.ZodType<EvidenceBody<K>> = bodies[kind] as never
  return links.flatMap((link) => {
    if (link.kind !== kind && link.kind !== KEPT_AS[kind]) return []
    const parsed = schema.safeParse(link.body)
    return parsed.success ? [{ link, body: parsed.data }] : []
  })
}

/** Whether an incident's evidence chain is intact. */
export const chainVerdictSchema = z.object({
  ok: z.boolean(),
  /** Links found. */
  count: z.number().int(),
  /** Hash of the last link found, 64 zeros for none. */
  head: z.string(),
  /** Sequence of the first link at which the chain is broken. */
  brokenAt: z.number().int().exactOptional(),
  reason: z.string().exactOptional(),
})
