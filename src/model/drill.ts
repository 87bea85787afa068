import { z } from 'zod'
import { addressSchema, hashSchema, hexSchema } from './hex.ts'
import { answers } from './playbook.ts'
import { roleIdSchema } from './role.ts'

/** The participants: scripted people, real people, or none. */
export const drillPeople = ['played', 'timed', 'none'] as const
export type DrillPeople = (typeof drillPeople)[number]

/** The milestones that a drill is timed by, in their expected order. */
export const milestoneNames = [
  'attack',
  'detected',
  'alerted',
  'paged',
  'acknowledged',
  'decided',
  'approved',
  'signed',
  'broadcast',
  'mined',
  'verified',
  'contained',
] as const
export type MilestoneName = (typeof milestoneNames)[number]

const milestoneSchema = z.object({
  name: z.enum(milestoneNames),
  /** Milliseconds since the epoch; null where it never occurred, or the record has no time for it. */
  at: z.number().int().nullable(),
  /** Milliseconds after the attack became visible. */
  afterMs: z.number().int().nullable(),
  /** The part of the record that shows it. */
  source: z.string(),
})
export type Milestone = z.infer<typeof milestoneSchema>

/** One question to people, and its outcome. */
const questionSchema = z.object({
  step: z.string(),
  title: z.string(),
  roles: z.array(z.string()),
  askedAt: z.number().int(),
  answeredAt: z.number().int().nullable(),
  answeredMs: z.number().int().nullable(),
  by: z.array(z.string()),
  answer: z.enum(answers).nullable(),
  /** Milliseconds since the epoch: the last moment for an answer. Older records lack it. */
  until: z.number().int().exactOptional(),
})
export type DrillQuestion = z.infer<typeof questionSchema>

type Answerable = { readonly answer: string | null; readonly until?: number }

/** Whether people still have time to answer. */
export function isOpen({ answer, until }: Answerable, now: number): boolean {
  return answer === null && until !== undefined && now < until
}

export const drillTimesSchema = z.object({
  /** `pending`: it was seen before a block contained it. Block times have whole seconds. */
  attackSeen: z.enum(['block', 'pending', 'not seen']),
  milestones: z.array(milestoneSchema),
  questions: z.array(questionSchema),
})
/** DrillTimes: the duration of each part of a response, from the record alone. */
export type DrillTimes = z.infer<typeof drillTimesSchema>

export const pointStates = ['met', 'not-met', 'not-tried'] as const

export const drillPointSchema = z.object({
  id: z.string(),
  title: z.string(),
  state: z.enum(pointStates),
  evidence: z.array(z.string()),
  /** The action required; null where the point is met. */
  fix: z.string().nullable(),
})
/** A DrillPoint: one point of the certification list, judged. */
export type DrillPoint = z.infer<typeof drillPointSchema>

export const drillWhereSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('embedded'), chainId: z.number().int() }),
  z.object({
    kind: z.literal('fork'),
    chainId: z.number().int(),
    /** The chain that it is a copy of: signatures made here are not valid there. */
    forkOf: z.number().int(),
    forkBlock: z.number().int(),
    replayed: hashSchema.nullable(),
  }),
])
export type DrillWhere = z.infer<typeof drillWhereSchema>

/** Base units as decimal strings, so that the document is plain JSON. */
const fundsSchema = z.object({
  asset: z.string(),
  before: z.string(),
  after: z.string(),
  /** Null where it could not be tried. */
  withoutResponse: z.string().nullable(),
  /** Shares of `before`, basis points. */
  lostBps: z.number().int(),
  lostWithoutResponseBps: z.number().int().nullable(),
})

export const drillReportSchema = z.object({
  type: z.literal('drill'),
  kind: z.literal('drill'),
  id: z.string(),
  attack: z.string(),
  where: drillWhereSchema,
  people: z.enum(drillPeople),
  /** How many times faster than real time the simulated people act; 1 where no person is simulated. */
  pace: z.number(),
  blockSeconds: z.number(),
  mempool: z.boolean(),
  standing: z.boolean(),
  seed: z.number().int(),
  startedAt: z.number().int(),
  endedAt: z.number().int(),
  incidentId: z.string().nullable(),
  playbookId: z.string().nullable(),
  runState: z.string().nullable(),
  contained: z.boolean(),
  funds: fundsSchema.nullable(),
  attackTransactions: z.object({ mined: z.number().int(), reverted: z.number().int() }),
  times: drillTimesSchema,
  points: z.array(drillPointSchema),
  /** Notes needed to read the figures correctly. */
  notes: z.array(z.string()),
})
/** A DrillReport: a complete drill, measured and scored. Written once. */
export type DrillReport = z.infer<typeof drillReportSchema>

const reachPersonSchema = z.object({
  person: z.string(),
  roles: z.array(roleIdSchema),
  /** The address that they must sign with; null where the configuration has none. */
  address: addressSchema.nullable(),
  /** One code per channel, so that the answer shows the channel. SHA-256: the code itself is never stored. */
  codes: z.array(z.object({ channel: z.string(), codeHash: z.string() })),
})
export type ReachPerson = z.infer<typeof reachPersonSchema>

export const reachTestSchema = z.object({
  kind: z.literal('drill'),
  id: z.string(),
  startedAt: z.number().int(),
  endsAt: z.number().int(),
  people: z.array(reachPersonSchema),
  /** Roles with keys that have no members. */
  emptyRoles: z.array(roleIdSchema),
})
/** A ReachTest: everyone who holds keys is paged with one-time codes. Written once, before anyone is paged. */
export type ReachTest = z.infer<typeof reachTestSchema>

const entryOf = { testId: z.string(), person: z.string(), channel: z.string(), at: z.number().int() }

export const reachEntrySchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('page'), ...entryOf, error: z.string().nullable() }),
  z.object({
    type: z.literal('answer'),
    ...entryOf,
    signature: hexSchema.nullable(),
    /** `missing`: they have an address and did not sign; `named`: they have none. */
    proof: z.enum(['signed', 'named', 'missing']),
    late: z.boolean(),
  }),
])
/** The outcome of a page, or the answer to it. Written once. */
export type ReachEntry = z.infer<typeof reachEntrySchema>
export type ReachAnswer = Extract<ReachEntry, { type: 'answer' }>

export type ReachedPerson = ReachPerson & {
  /** The first signed or named answer in time; else the first of any kind. */
  answer: ReachAnswer | null
  afterMs: number | null
  /** Channels on which a page was delivered, and those on which it was not. */
  paged: readonly string[]
  notPaged: readonly { channel: string; error: string }[]
  /** In time, and signed where they have an address. */
  reached: boolean
}

/** Every person of a test with their response: silence is a result too. */
export function reachedPeople(test: ReachTest, entries: readonly ReachEntry[]): ReachedPerson[] {
  return test.people.map((person) => {
    const mine = entries.filter((entry) => entry.person === person.person)
    const given = mine.filter((entry): entry is ReachAnswer => entry.type === 'answer')
    const answer = given.find(isGood) ?? given[0] ?? null
    const pages = mine.filter((entry) => entry.type === 'page')
    return {
      ...person,
      answer,
      afterMs: answer === null ? null : answer.at - test.startedAt,
      paged: pages.flatMap(({ channel, error }) => (error === null ? [channel] : [])),
      notPaged: pages.flatMap(({ channel, error }) => (error === null ? [] : [{ channel, error }])),
      reached: answer !== null && isGood(answer),
    }
  })
}

function isGood({ late, proof }: ReachAnswer): boolean {
  return !late && proof !== 'missing'
}
