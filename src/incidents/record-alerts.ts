import { randomBytes } from 'node:crypto'
import { printable } from '../kit/text.ts'
import type { Alert } from '../model/alert.ts'
import { type Evidence, GENESIS_HASH } from '../model/evidence.ts'
import type { Incident } from '../model/incident.ts'
import {
  type AlertStanding,
  insertAlerts,
  listStandings,
  lockFingerprints,
  type NewAlert,
  reviveAlerts,
} from '../store/alerts.ts'
import { insertEvidence } from '../store/evidence.ts'
import { insertFindings } from '../store/findings.ts'
import { insertIncidents, lockRelated, updateIncidents } from '../store/incidents.ts'
import { type Store, transaction } from '../store/store.ts'
import { appendTimelines, type NewTimelineEntry } from '../store/timeline.ts'
import { entryOf, type IncidentContext, unknownIncident } from './context.ts'
import { nextLink } from './ledger.ts'
import { mergeAlert } from './merge.ts'

export type AlertTarget = { incidentId: string } | { new: { kind: Incident['kind']; title: string } }

export type SeenAlert = {
  alert: Alert
  /** The timestamp of the alert's block, in seconds since the epoch (`BlockBundle.timestamp`). */
  blockTimestamp: number | null
}

export type RecordedAs = {
  incident: Incident
  /** True where this alert created the incident. */
  created: boolean
  /** True where this same alert was already recorded, and nothing was written. */
  duplicate: boolean
  /** True where it reopened a withdrawn, contained or stable incident. */
  reopened: boolean
}

export type Choosing = {
  /** Incidents that a choice may name, in addition to those that share something with an alert. */
  named?: readonly string[]
  /** Selects the target of an alert among the incidents that are open or contained; null leaves it out. */
  choose: (alert: Alert, active: readonly Incident[]) => AlertTarget | null
  /** Whether a contained or stable incident reopens for an attack that is new to it; always by default. */
  reopens?: (alert: Alert) => boolean
}

/**
 * Records alerts in order, in one transaction and a dozen statements for any number of alerts: merged data, timeline
 * and evidence, all or nothing. The result is as if each were recorded alone after the previous one, so an alert sees
 * the incident that an earlier one created. A repetition writes nothing. Returns the result for each, null where it was
 * left out. Throws `incidents.UnknownIncident`.
 */
export async function recordAlerts(
  context: IncidentContext,
  seen: readonly SeenAlert[],
  { named = [], choose, reopens = () => true }: Choosing,
): Promise<(RecordedAs | null)[]> {
  if (seen.length === 0) return []
  const act = async (tx: Store): Promise<(RecordedAs | null)[]> => {
    const alerts = seen.map(({ alert }) => alert)
    const book = await openBook({ ...context, store: tx }, alerts, named)
    const recorded = seen.map((one) => {
      const active = [...book.incidents.values()].flatMap(({ incident }) =>
        incident.state === 'open' || incident.state === 'contained' ? [incident] : [],
      )
      const target = choose(one.alert, active)
      return target === null ? null : enter(book, one, { target, reopens })
    })
    await write(book)
    return recorded
  }
  return transaction(context.store, act, { idempotent: true })
}

type Held = {
  incident: Incident
  isNew: boolean
  isChanged: boolean
  evidence: { count: number; head: string }
}

/** The data about the incidents that a batch concerns, and the pending writes. */
type Book = {
  context: IncidentContext
  incidents: Map<string, Held>
  standings: Map<string, AlertStanding[]>
  alerts: NewAlert[]
  revived: AlertStanding[]
  entries: NewTimelineEntry[]
  links: Evidence[]
}

async function openBook(
  context: IncidentContext,
  alerts: readonly Alert[],
  named: readonly string[],
): Promise<Book> {
  const tx = context.store
  await lockFingerprints(
    tx,
    alerts.map(({ fingerprint }) => fingerprint),
  )
  const standings = await listStandings(tx, alerts)
  const related = await lockRelated(tx, {
    ids: [...new Set([...named, ...standings.map(({ incidentId }) => incidentId)])],
    chainIds: unique(alerts, ({ chainId }) => [chainId]),
    transactions: unique(alerts, ({ transactionHash }) => transactionHash ?? []),
    protected: unique(alerts, (alert) => alert.protected),
    victims: unique(alerts, ({ victims }) => victims),
    actors: unique(alerts, ({ actors }) => actors),
  })
  const incidents = new Map(
    related.map(({ evidenceCount: count, evidenceHead: head, ...incident }) => [
      incident.id,
      { incident, isNew: false, isChanged: false, evidence: { count, head } },
    ]),
  )
  const book: Book = {
    context,
    incidents,
    standings: new Map(),
    alerts: [],
    revived: [],
    entries: [],
    links: [],
  }
  for (const standing of standings) remember(book, standing)
  return book
}

function unique<T>(alerts: readonly Alert[], of: (alert: Alert) => T | readonly T[]): T[] {
  return [...new Set(alerts.flatMap(of))]
}

function remember({ standings }: Book, standing: AlertStanding): void {
  const { fingerprint } = standing
  const known = standings.get(fingerprint)
  if (known === undefined) standings.set(fingerprint, [standing])
  else known.push(standing)
}

type Entering = { target: AlertTarget; reopens: (alert: Alert) => boolean }

function enter(book: Book, { alert, blockTimestamp }: SeenAlert, { target, reopens }: Entering): RecordedAs {
  const { held, created } = locate(book, alert, target)
  const { incident } = held
  const known = (book.standings.get(alert.fingerprint) ?? []).filter(
    ({ incidentId }) => incidentId === incident.id,
  )
  const same = known.find(({ alertHash }) => alertHash === alert.alertHash)
  if (same !== undefined && !same.isWithdrawn)
    return { incident, created: false, duplicate: true, reopened: false }
  const standing: Standing =
    known.length === 0 ? 'unknown' : known.some(({ isWithdrawn }) => !isWithdrawn) ? 'standing' : 'withdrawn'
  const happenedAt = blockTimestamp === null ? null : blockTimestamp * 1_000
  held.incident = mergeAlert(incident, alert, happenedAt)
  held.isChanged = true
  book.entries.push(alertEntry(book.context, { alert, incident, standing, happenedAt }))
  if (same === undefined) add(book, held, alert)
  else {
    same.isWithdrawn = false
    book.revived.push(same)
  }
  const isUnknown = (): boolean => standing === 'unknown' && reopens(alert)
  const reopened = !created && reopen(book, held, isUnknown)
  return { incident: held.incident, created, duplicate: false, reopened }
}

function locate(book: Book, alert: Alert, target: AlertTarget): { held: Held; created: boolean } {
  if ('incidentId' in target) {
    const held = book.incidents.get(target.incidentId)
    if (held === undefined) throw unknownIncident(target.incidentId)
    return { held, created: false }
  }
  const known = (book.standings.get(alert.fingerprint) ?? []).filter(({ incidentId, alertHash }) => {
    const incident = book.incidents.get(incidentId)?.incident
    if (incident?.kind !== target.new.kind) return false
    return alertHash === alert.alertHash || incident.state !== 'closed'
  })
  const exact = known.find(({ alertHash }) => alertHash === alert.alertHash) ?? known[0]
  const joined = exact === undefined ? undefined : book.incidents.get(exact.incidentId)
  if (joined !== undefined) return { held: joined, created: false }
  const incident = newIncident(alert, target.new, book.context.clock.now())
  const held = { incident, isNew: true, isChanged: false, evidence: { count: 0, head: GENESIS_HASH } }
  book.incidents.set(incident.id, held)
  return { held, created: true }
}

function newIncident(alert: Alert, wish: { kind: Incident['kind']; title: string }, now: number): Incident {
  const day = new Date(now).toISOString().slice(0, 10).replaceAll('-', '')
  return {
    type: 'incident',
    id: `inc-${day}-${randomBytes(4).toString('hex')}`,
    kind: wish.kind,
    state: 'open',
    title: printable(wish.title, 200),
    chainId: alert.chainId,
    severity: alert.severity,
    categories: [],
    protected: [],
    victims: [],
    actors: [],
    transactions: [],
    startedAt: null,
    discoveredAt: now,
    foundLate: alert.late !== null,
  }
}

function add(book: Book, held: Held, alert: Alert): void {
  const { id: incidentId } = held.incident
  const recordedAt = book.context.clock.now()
  const { alertHash, fingerprint } = alert
  book.alerts.push({ incidentId, alert, recordedAt })
  remember(book, { incidentId, alertHash, fingerprint, isWithdrawn: false })
  for (const body of alert.findings) {
    const link = nextLink(held.evidence, { incidentId, kind: 'finding', body, recordedAt })
    book.links.push(link)
    held.evidence = { count: link.sequence, head: link.hash }
  }
}

type Standing = 'unknown' | 'standing' | 'withdrawn'
type Noted = { alert: Alert; incident: Incident; standing: Standing; happenedAt: number | null }

function alertEntry(
  context: IncidentContext,
  { alert, incident, standing, happenedAt }: Noted,
): NewTimelineEntry {
  const place = alert.pending ? 'pending' : `in block ${alert.blockNumber}`
  const lead = {
    unknown: `${alert.severity} alert, ${place}`,
    standing: `The same attack is now ${place}`,
    withdrawn: `After a reorg the attack is back, ${place}`,
  }[standing]
  const { alertHash, fingerprint, chainId, blockNumber, blockHash, transactionHash } = alert
  const { pending, severity, confidence } = alert
  return entryOf(context, {
    incidentId: incident.id,
    kind: 'alert',
    message: `${lead}${lateText(alert)}: ${alert.message}`,
    ...(happenedAt === null ? {} : { eventTime: happenedAt }),
    facts: {
      ...{ alertHash, fingerprint, chainId, blockNumber, blockHash, transactionHash },
      ...{ pending, late: alert.late, severity, confidence },
      detectors: [...new Set(alert.findings.map(({ detector }) => detector))],
    },
  })
}

function lateText({ late }: Alert): string {
  if (late === null) return ''
  const seconds = late.seconds === null ? '' : ` and ${late.seconds} s`
  return `, found late, ${late.blocks} blocks${seconds} behind the head`
}

/** A withdrawn incident reopens for any alert; a contained or stable one only for an attack that is new to it. */
function reopen(book: Book, held: Held, isUnknown: () => boolean): boolean {
  const { id: incidentId, state: from } = held.incident
  const opens = from === 'withdrawn' || ((from === 'contained' || from === 'stable') && isUnknown())
  if (!opens) return false
  held.incident = { ...held.incident, state: 'open' }
  const message = `${from} → open: a new alert joined`
  const facts = { from, to: 'open' } as const
  book.entries.push(entryOf(book.context, { incidentId, kind: 'state', message, facts }))
  return true
}

async function write({ context, incidents, alerts, revived, entries, links }: Book): Promise<void> {
  const tx = context.store
  const changed = [...incidents.values()].filter(({ isChanged }) => isChanged)
  const made = changed.filter(({ isNew }) => isNew).map(({ incident }) => incident)
  const merged = changed.filter(({ isNew }) => !isNew).map(({ incident }) => incident)
  if (made.length > 0) await insertIncidents(tx, made)
  if (merged.length > 0) await updateIncidents(tx, merged)
  if (revived.length > 0) await reviveAlerts(tx, revived)
  if (alerts.length > 0) {
    await insertAlerts(tx, alerts)
    await insertFindings(tx, alerts)
  }
  await appendTimelines(tx, entries)
  await insertEvidence(tx, links)
}
