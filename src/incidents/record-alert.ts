import { randomBytes } from 'node:crypto'
import { printable } from '../kit/text.ts'
import type { Alert } from '../model/alert.ts'
import type { Incident } from '../model/incident.ts'
import {
  findIncidentOfAlert,
  fingerprintStanding,
  insertAlert,
  lockFingerprint,
  reviveAlert,
} from '../store/alerts.ts'
import { insertFindings } from '../store/findings.ts'
import { insertIncident, setIncidentState, updateIncident } from '../store/incidents.ts'
import { type Store, transaction } from '../store/store.ts'
import { type IncidentContext, lockKnown, note } from './context.ts'
import { appendEvidence } from './ledger.ts'
import { mergeAlert } from './merge.ts'

export type AlertTarget = ({ incidentId: string } | { new: { kind: Incident['kind']; title: string } }) & {
  /** When the alert's block was made, in seconds since the epoch (`BlockBundle.timestamp`). */
  blockTimestamp?: number | null
}

export type RecordedAs = {
  incident: Incident
  /** True where this alert made the incident. */
  created: boolean
  /** True where this very alert stood there already, and nothing was written. */
  duplicate: boolean
  /** True where a withdrawn, contained or stable incident is open again because of it. */
  reopened: boolean
}

type Standing = 'unknown' | 'standing' | 'withdrawn'

/**
 * Records an alert in an incident, or in a new one: merged knowledge, timeline and evidence, all or nothing.
 * Saying it again writes nothing. A `new` target joins the incident of the same kind that knows this attack
 * (same fingerprint, not closed, or this very alert) instead of making a second one.
 * Throws `incidents.UnknownIncident`.
 *
 * @example
 * await recordAlert({ store, clock }, alert, { new: { kind: 'normal', title: alert.message } })
 */
export async function recordAlert(
  context: IncidentContext,
  alert: Alert,
  target: AlertTarget,
): Promise<RecordedAs> {
  const act = async (tx: Store): Promise<RecordedAs> => {
    const inside = { ...context, store: tx }
    const { incident, created } = await locate(inside, alert, target)
    return settle({
      context: inside,
      alert,
      incident,
      created,
      blockTimestamp: target.blockTimestamp ?? null,
    })
  }
  return transaction(context.store, act, { idempotent: true })
}

async function locate(
  context: IncidentContext,
  alert: Alert,
  target: AlertTarget,
): Promise<{ incident: Incident; created: boolean }> {
  const tx = context.store
  if ('incidentId' in target) return { incident: await lockKnown(tx, target.incidentId), created: false }
  await lockFingerprint(tx, alert.fingerprint)
  const known = await findIncidentOfAlert(tx, alert, target.new.kind)
  if (known) return { incident: await lockKnown(tx, known.incidentId), created: false }
  const incident = newIncident(alert, target.new, context.clock.now())
  await insertIncident(tx, incident)
  return { incident, created: true }
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

type Settling = {
  context: IncidentContext
  alert: Alert
  incident: Incident
  created: boolean
  blockTimestamp: number | null
}

async function settle(settling: Settling): Promise<RecordedAs> {
  const { context, alert, incident, created } = settling
  const tx = context.store
  const standing = await fingerprintStanding(tx, incident.id, alert.fingerprint)
  const inserted = await insertAlert(tx, alert, { incidentId: incident.id, recordedAt: context.clock.now() })
  if (!inserted && !(await reviveAlert(tx, incident.id, alert.alertHash))) {
    return { incident, created: false, duplicate: true, reopened: false }
  }
  const happenedAt = settling.blockTimestamp === null ? null : settling.blockTimestamp * 1_000
  const merged = mergeAlert(incident, alert, happenedAt)
  await updateIncident(tx, merged)
  await noteAlert({ ...settling, standing, happenedAt })
  if (inserted) {
    await insertFindings(tx, incident.id, alert)
    for (const finding of alert.findings) {
      await appendEvidence(context, { incidentId: incident.id, kind: 'finding', body: finding })
    }
  }
  const reopened = !created && (await reopen(context, incident, standing))
  return { incident: reopened ? { ...merged, state: 'open' } : merged, created, duplicate: false, reopened }
}

async function noteAlert(told: Settling & { standing: Standing; happenedAt: number | null }): Promise<void> {
  const { context, alert, incident, standing, happenedAt } = told
  const place = alert.pending ? 'pending' : `in block ${alert.blockNumber}`
  const lead = {
    unknown: `${alert.severity} alert, ${place}`,
    standing: `The same attack is now ${place}`,
    withdrawn: `After a reorg the attack is back, ${place}`,
  }[standing]
  await note(context, {
    incidentId: incident.id,
    kind: 'alert',
    message: `${lead}${lateText(alert)}: ${alert.message}`,
    ...(happenedAt === null ? {} : { eventTime: happenedAt }),
    facts: {
      alertHash: alert.alertHash,
      fingerprint: alert.fingerprint,
      chainId: alert.chainId,
      blockNumber: alert.blockNumber,
      blockHash: alert.blockHash,
      transactionHash: alert.transactionHash,
      pending: alert.pending,
      late: alert.late,
      severity: alert.severity,
      confidence: alert.confidence,
      detectors: [...new Set(alert.findings.map(({ detector }) => detector))],
    },
  })
}

function lateText({ late }: Alert): string {
  if (late === null) return ''
  const seconds = late.seconds === null ? '' : ` and ${late.seconds} s`
  return `, found late, ${late.blocks} blocks${seconds} behind the head`
}

/** A withdrawn incident opens for any alert; a contained or stable one only for an attack it did not know. */
async function reopen(context: IncidentContext, incident: Incident, standing: Standing): Promise<boolean> {
  const from = incident.state
  const opens =
    from === 'withdrawn' || ((from === 'contained' || from === 'stable') && standing === 'unknown')
  if (!opens) return false
  await setIncidentState(context.store, incident.id, { from, to: 'open' })
  await note(context, {
    incidentId: incident.id,
    kind: 'state',
    message: `${from} → open: a new alert joined`,
    facts: { from, to: 'open' },
  })
  return true
}
