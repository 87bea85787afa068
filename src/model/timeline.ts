import { z } from 'zod'
import { incidentStates } from './incident.ts'

const text = z.string()
const count = z.number()

/** The run and the step, where a playbook's step wrote the entry. */
const byStep = { run: text, step: text }
/** The plan that an entry is about. */
const ofPlan = { ...byStep, planId: text, plan: text }

/** A task or an approval that waits for people: the playbook's own text about it. */
const questionSchema = z.looseObject({
  runId: text,
  stepId: text,
  title: text,
  roles: z.array(text),
  /** Milliseconds since the epoch. */
  until: count,
  quorum: count.exactOptional(),
})
/** A person's answer to a question. */
const answerSchema = z.looseObject({ runId: text, target: text, answer: z.enum(['done', 'refuse']) })
/** The outcome of a step. */
const resultSchema = z.looseObject({ runId: text, stepId: text, state: text, output: z.unknown() })

/**
 * The fields of each kind of entry, in addition to its message. Fields may be missing in entries of earlier versions,
 * and further ones are kept: an entry is chained by the hash of its complete content.
 */
const facts = {
  alert: z
    .looseObject({
      ...{ alertHash: text, fingerprint: text, chainId: count, blockNumber: count },
      ...{ blockHash: text.nullable(), transactionHash: text.nullable() },
      ...{ pending: z.boolean(), severity: text, confidence: count, detectors: z.array(text) },
      late: z.unknown(),
    })
    .partial(),
  verdict: z.looseObject({ verdict: text }).partial(),
  decision: z.looseObject(ofPlan).partial(),
  withdrawn: z
    .looseObject({ alertHash: text, blockNumber: count, blockHash: text.nullable(), state: text })
    .partial(),
  state: z.looseObject({ from: z.enum(incidentStates), to: z.enum(incidentStates) }).partial(),
  run: z.looseObject({ runId: text, playbookId: text, contentHash: text, state: text }).partial(),
  question: questionSchema,
  answer: answerSchema,
  step: resultSchema.partial(),
  plan: z.looseObject({ ...ofPlan, proposed: z.boolean(), byHand: z.boolean() }).partial(),
  approval: z.looseObject({ ...ofPlan, decision: text }).partial(),
  simulation: z.looseObject({ ...ofPlan, call: text, attack: text, blocked: z.array(text) }).partial(),
  broadcast: z
    .looseObject({
      ...{ ...ofPlan, call: text, state: text, failed: z.boolean() },
      ...{ transactionHash: text, blockNumber: count.nullable() },
    })
    .partial(),
  verification: z
    .looseObject({ ...ofPlan, call: text, failed: z.boolean(), passed: count, checks: count })
    .partial(),
  notification: z.looseObject({ ...byStep, reached: count, missed: count, notification: text }).partial(),
  report: z.looseObject(byStep).partial(),
  investigation: z
    .looseObject({ ...byStep, category: text, contract: text.nullable(), confidence: count })
    .partial(),
  'fund-movement': z.looseObject({ block: count, blockHash: text.nullable(), all: count }).partial(),
  note: z.looseObject(byStep).partial(),
  error: z.looseObject({ ...ofPlan, code: text }).partial(),
}

export type TimelineKind = keyof typeof facts
export type TimelineFacts<K extends TimelineKind = TimelineKind> = z.infer<(typeof facts)[K]>

const fields = {
  incidentId: text,
  sequence: z.number().int(),
  /** Milliseconds since the epoch: when it happened, where that is known; otherwise when it was written. */
  eventTime: z.number().int(),
  /** When Cordon learned of it. */
  discoveryTime: z.number().int(),
  /** The author: `cordon`, a role or a person. */
  author: text,
  message: text,
}

/** The schema of entries that have further fields. */
export function timelineEntryWith<S extends z.ZodRawShape>(further: S) {
  const entry = <K extends TimelineKind>(kind: K) =>
    z.object({ ...fields, kind: z.literal(kind), facts: facts[kind], ...further })
  return z.discriminatedUnion('kind', [
    entry('alert'),
    entry('verdict'),
    entry('decision'),
    entry('withdrawn'),
    entry('state'),
    entry('run'),
    entry('question'),
    entry('answer'),
    entry('step'),
    entry('plan'),
    entry('approval'),
    entry('simulation'),
    entry('broadcast'),
    entry('verification'),
    entry('notification'),
    entry('report'),
    entry('investigation'),
    entry('fund-movement'),
    entry('note'),
    entry('error'),
  ])
}

/** A TimelineEntry: an event of an incident, written once and never changed. */
export const timelineEntrySchema = timelineEntryWith({})
export type TimelineEntry = z.infer<typeof timelineEntrySchema>

/** An event, as it is put on the timeline; each kind with its own facts. */
export type Happening = {
  [K in TimelineKind]: {
    incidentId: string
    kind: K
    message: string
    /** `cordon` by default. */
    author?: string
    facts?: TimelineFacts<K>
    /** Milliseconds since the epoch; now by default. */
    eventTime?: number
  }
}[TimelineKind]

/** An entry as it is stored and hashed, from any version. */
export const keptEntrySchema = z.object({ ...fields, kind: text, facts: z.record(text, z.unknown()) })
export type KeptEntry = z.infer<typeof keptEntrySchema>

/**
 * The present kind for an entry of any version. Until December 2026 questions and answers were stored as steps,
 * investigations and movements of stolen funds as notes. The entry itself is hashed and stays unchanged.
 */
export function kindNow(kind: string, facts: Readonly<Record<string, unknown>>): string {
  if (kind === 'step' && questionSchema.safeParse(facts).success) return 'question'
  if (kind === 'step' && answerSchema.safeParse(facts).success) return 'answer'
  if (kind === 'note' && Array.isArray(facts['movements'])) return 'fund-movement'
  return kind
}
