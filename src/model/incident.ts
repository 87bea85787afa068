import { z } from 'zod'
import { severitySchema } from './finding.ts'
import { addressSchema, hashSchema } from './hex.ts'

export const incidentKinds = ['normal', 'drill', 'backfilled'] as const
export const incidentStates = ['open', 'contained', 'stable', 'withdrawn', 'closed'] as const
export type IncidentState = (typeof incidentStates)[number]

/**
 * An Incident: one attack, with any number of transactions and findings. open → contained (a lever was pulled and
 * verified) → stable → closed; withdrawn when a reorg removed all its alerts and no one has acted; a withdrawn or
 * contained incident opens again when a new alert joins it.
 */
export const incidentSchema = z.object({
  type: z.literal('incident'),
  id: z.string(),
  kind: z.enum(incidentKinds),
  state: z.enum(incidentStates),
  title: z.string(),
  chainId: z.number().int(),
  severity: severitySchema,
  categories: z.array(z.string()),
  protected: z.array(addressSchema),
  victims: z.array(addressSchema),
  actors: z.array(addressSchema),
  transactions: z.array(hashSchema),
  /** Milliseconds since the epoch: when it happened on the chain (block time). */
  startedAt: z.number().int().nullable(),
  /** When Cordon saw it. */
  discoveredAt: z.number().int(),
  /** True where its block was old when Cordon processed it. */
  foundLate: z.boolean().default(false),
})
export type Incident = z.infer<typeof incidentSchema>

const transitions: Record<IncidentState, readonly IncidentState[]> = {
  open: ['contained', 'stable', 'withdrawn', 'closed'],
  contained: ['open', 'stable', 'closed'],
  stable: ['open', 'closed'],
  withdrawn: ['open', 'closed'],
  closed: [],
}

export function mayMove(from: IncidentState, to: IncidentState): boolean {
  return transitions[from].includes(to)
}

export const verdicts = ['attack', 'benign-trigger', 'false-alarm'] as const
export const verdictSchema = z.object({
  incidentId: z.string(),
  /** `benign-trigger`: the rule is right, and the event was intended (an announced upgrade, for example). */
  verdict: z.enum(verdicts),
  author: z.string(),
  reason: z.string(),
  /** Milliseconds since the epoch. */
  givenAt: z.number().int(),
})
/** A Verdict: a person's conclusion about an incident. The newest one counts. */
export type Verdict = z.infer<typeof verdictSchema>
