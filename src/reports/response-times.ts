import { z } from 'zod'
import type { DrillQuestion, DrillTimes, Milestone, MilestoneName } from '../model/drill.ts'
import { milestoneNames } from '../model/drill.ts'
import { bodiesOf, type Evidence, type EvidenceBody, type EvidenceKind } from '../model/evidence.ts'
import type { Incident } from '../model/incident.ts'
import type { Run } from '../model/playbook.ts'
import type { TimelineEntry } from '../model/timeline.ts'

/** The record of a drill's incident. */
export type DrillRecord = {
  incident: Incident | null
  timeline: readonly TimelineEntry[]
  evidence: readonly Evidence[]
  runs: readonly Run[]
  /** When transactions were signed, milliseconds since the epoch, oldest first. */
  signedAt: readonly number[]
  /**
   * How far the chain's clock is behind this machine's, milliseconds: that of a fork of an old block. 0 when left out.
   */
  skewMs?: number
}

type Found = { at: number; source: string } | undefined

/** The duration of each part of a response: computed from the record alone, without a clock of its own. */
export function drillTimes(record: DrillRecord): DrillTimes {
  const attack = attackSeen(record)
  const found: Record<MilestoneName, Found> = {
    attack: attack.seen,
    detected: detected(record),
    alerted: entry(record, ({ kind }) => kind === 'alert'),
    paged: paged(record),
    acknowledged: entry(record, isAnswer),
    decided: evidence(record, 'decision'),
    approved: approved(record),
    signed: signed(record),
    broadcast: evidence(record, 'broadcast'),
    mined: evidence(record, 'broadcast', ({ state }) => state === 'mined'),
    verified: evidence(record, 'verification', ({ verified }) => verified),
    contained: entry(record, ({ kind, facts }) => kind === 'state' && facts.to === 'contained'),
  }
  return {
    attackSeen: attack.how,
    milestones: milestoneNames.map((name) => milestone(name, found[name], attack.seen?.at)),
    questions: questionsOf(record),
  }
}

function milestone(name: MilestoneName, found: Found, since: number | undefined): Milestone {
  if (found === undefined) return { name, at: null, afterMs: null, source: 'not on record' }
  return { name, at: found.at, afterMs: since === undefined ? null : found.at - since, source: found.source }
}

/** Block times are whole seconds and may be later than the moment in which the block was seen. */
function attackSeen({ incident, timeline, skewMs = 0 }: DrillRecord): {
  seen: Found
  how: DrillTimes['attackSeen']
} {
  if (incident === null) return { seen: undefined, how: 'not seen' }
  const first = timeline.find(({ kind }) => kind === 'alert')
  const { startedAt, discoveredAt } = incident
  if (first?.facts.pending === true || startedAt === null)
    return { seen: { at: discoveredAt, source: 'seen while it was pending' }, how: 'pending' }
  const at = Math.min(startedAt + skewMs, discoveredAt)
  return { seen: { at, source: 'block time, whole seconds' }, how: 'block' }
}

function detected({ incident }: DrillRecord): Found {
  return incident === null ? undefined : { at: incident.discoveredAt, source: 'incident opened' }
}

function entry({ timeline }: DrillRecord, fits: (entry: TimelineEntry) => boolean): Found {
  const it = timeline.find(fits)
  if (it === undefined) return undefined
  return { at: it.discoveryTime, source: `timeline ${it.sequence}, by ${it.author}` }
}

const HUMAN = new Set<TimelineEntry['kind']>(['answer', 'approval', 'note', 'verdict'])

/** The first statement by an author other than Cordon. */
function isAnswer({ kind, author }: TimelineEntry): boolean {
  return author !== 'cordon' && HUMAN.has(kind)
}

function evidence<K extends EvidenceKind>(
  record: DrillRecord,
  kind: K,
  fits: (body: EvidenceBody<K>) => boolean = () => true,
): Found {
  const it = bodiesOf(record.evidence, kind).find(({ body }) => fits(body))
  return it === undefined
    ? undefined
    : { at: it.link.recordedAt, source: `evidence ${it.link.sequence} (${kind})` }
}

function paged(record: DrillRecord): Found {
  return evidence(record, 'notification', ({ results }) =>
    results.some(({ outcome }) => outcome === 'delivered'),
  )
}

/**
 * Channels that accepted a page, by person; a person whom no page reached has none, and neither has a role without
 * people.
 */
export function channelsByPerson({ evidence }: DrillRecord): ReadonlyMap<string, ReadonlySet<string>> {
  const people = new Map<string, Set<string>>()
  for (const { body } of bodiesOf(evidence, 'notification')) {
    for (const { role, person, channel, outcome } of body.results) {
      const who = person ?? `nobody (${role})`
      const channels = people.get(who) ?? new Set()
      people.set(who, channels)
      if (outcome === 'delivered' && channel) channels.add(channel)
    }
  }
  return people
}

/** The last signature before the first transaction; if there is none, the one made in advance. */
function approved(record: DrillRecord): Found {
  const sent = evidence(record, 'broadcast')
  const words = record.timeline.filter(
    ({ kind, facts, discoveryTime }) =>
      kind === 'approval' && facts.decision === 'approve' && discoveryTime <= (sent?.at ?? discoveryTime),
  )
  const last = words.at(-1)
  if (last !== undefined)
    return { at: last.discoveryTime, source: `timeline ${last.sequence}, signed by ${last.author}` }
  const decided = evidence(record, 'decision')
  if (sent === undefined || decided === undefined) return undefined
  return { at: decided.at, source: 'standing authorisation, signed beforehand' }
}

function signed({ signedAt }: DrillRecord): Found {
  const [first] = signedAt
  return first === undefined ? undefined : { at: first, source: 'first signed transaction' }
}

/** A task that ended because the incident was contained. */
const endedSchema = z.looseObject({ answer: z.literal('done'), by: z.literal('cordon') })

type Question = Extract<TimelineEntry, { kind: 'question' }>

function questionsOf({ timeline }: DrillRecord): DrillQuestion[] {
  return timeline.flatMap((entry) => (entry.kind === 'question' ? [questionOf(entry, timeline)] : []))
}

type Given = { answer: 'done' | 'refuse'; author: string; at: number }

function questionOf(
  { facts, discoveryTime: askedAt }: Question,
  timeline: readonly TimelineEntry[],
): DrillQuestion {
  const { runId, stepId, title, roles, until } = facts
  const given = timeline.flatMap((entry): Given[] => {
    const { author, discoveryTime: at } = entry
    if (entry.facts.runId !== runId) return []
    if (entry.kind === 'answer' && entry.facts.target === stepId)
      return [{ answer: entry.facts.answer, author, at }]
    const isEnd = entry.kind === 'step' && entry.facts.stepId === stepId && entry.facts.state === 'succeeded'
    const ended = isEnd ? endedSchema.safeParse(entry.facts.output).data : undefined
    return ended === undefined ? [] : [{ answer: ended.answer, author, at }]
  })
  const last = given.at(-1)
  return {
    step: stepId,
    title,
    roles,
    askedAt,
    answeredAt: last?.at ?? null,
    answeredMs: last === undefined ? null : last.at - askedAt,
    by: given.map(({ author }) => author),
    answer: last?.answer ?? null,
    until,
  }
}
