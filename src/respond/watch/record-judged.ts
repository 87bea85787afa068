import { correlate, opensIncident } from '../../incidents/correlate.ts'
import { type RecordedAs, recordAlerts } from '../../incidents/record-alerts.ts'
import type { Alert } from '../../model/alert.ts'
import type { BlockRef } from '../../model/block.ts'
import { happening } from '../../model/category.ts'
import { atLeast, type Finding } from '../../model/finding.ts'
import type { Incident } from '../../model/incident.ts'
import type { Playbooks } from '../../playbooks/runner.ts'
import { ownTransactions } from '../../store/broadcasts.ts'
import { insertOwed, listDue, type OwedAnswer } from '../../store/owed-answers.ts'
import { insertRemarks } from '../../store/remarks.ts'
import { transaction } from '../../store/store.ts'
import type { App, ChainHandle } from '../context.ts'
import type { Seen } from '../upkeep/taint.ts'
import { asksForResponse, beginAnswers } from './answer-owed.ts'
import type { Observed } from './observed.ts'

/** What is left to do about a block, or a pending transaction, that was judged. */
export type Judged = {
  /** Null for a pending transaction. */
  block: BlockRef | null
  /** Seconds since the epoch; null where the block has none. */
  timestamp: number | null
  alerts: readonly Alert[]
  /** Findings that are on record beside the alerts: what was said in shadow. */
  remarks: readonly Finding[]
  /** Clean traffic counted up to this block; null where nothing is counted. */
  traffic: { transactions: number; days: number } | null
  /** What was seen beside the block and cannot be read again; null for what a restart does not go over again. */
  observed: Observed | null
  /** What stolen funds are followed through; null where there is nothing to follow. */
  seen: Seen | null
}

type Recording = { app: App; chain: ChainHandle; playbooks: Playbooks | null }
type Recorded = RecordedAs & { alert: Alert }

/**
 * Puts alerts on record, each in the incident it belongs to or in a new one, with what is owed an answer and the run that
 * gives it where none is under way: all in one transaction. The runs begin after it. An alert that belongs to no incident is
 * on record as remarks. Safe to call again with the same: everything is recorded once, and answered once.
 */
export async function recordJudged(recording: Recording, judged: readonly Judged[]): Promise<void> {
  const { app, chain, playbooks } = recording
  const alerts = judged.flatMap((one) =>
    one.alerts.map((alert) => ({ alert, blockTimestamp: one.timestamp })),
  )
  const hashes = alerts.flatMap(({ alert }) => alert.transactionHash ?? [])
  const own = await ownTransactions(app.store, chain.chainId, hashes)
  const isOurs = ({ transactionHash }: Alert): boolean => own.has(transactionHash ?? '')
  // What we broadcast ourselves is no attack on us: it is on record, and no incident opens again for it.
  const ours = alerts.filter(({ alert }) => isOurs(alert)).flatMap(({ alert }) => alert.findings)
  const others = alerts.filter(({ alert }) => !isOurs(alert))
  const remarks = [...judged.flatMap((one) => one.remarks), ...ours]
  if (others.length === 0 && remarks.length === 0) return
  let attempts = 0
  const { settled, runs } = await transaction(
    app.store,
    async (tx) => {
      attempts++
      const taken = await recordAlerts({ store: tx, clock: app.clock }, others, {
        choose: (alert, active) => targetOf(alert, active, app),
        reopens: ({ severity }) => atLeast(severity, app.config.respond.minSeverity),
      })
      const left = others.flatMap(({ alert }, i) => (taken[i] === null ? alert.findings : []))
      await insertRemarks(tx, [...remarks, ...left], app.clock.now())
      const settled = others.flatMap(({ alert }, i): Recorded[] => {
        const as = taken[i]
        // after a commit whose answer was lost our own work looks like a duplicate
        const isKnown = as?.duplicate === true && attempts === 1
        return as === null || as === undefined || isKnown ? [] : [{ alert, ...as }]
      })
      if (playbooks === null) return { settled, runs: [] }
      await insertOwed(tx, owedFor(settled, app))
      const incidents = new Map(settled.map(({ incident }) => [incident.id, incident]))
      const due = await listDue(tx, { incidentIds: [...incidents.keys()] })
      return { settled, runs: await beginAnswers({ app, tx, playbooks }, { due, incidents }) }
    },
    { idempotent: true },
  )
  for (const { alert } of others) app.hub.tell(alert)
  for (const { incident } of settled) app.hub.tell(incident)
  for (const { run, severity } of runs) playbooks?.start(run, severity)
}

/**
 * What is owed an answer: each new attack transaction of an incident that is open, also one that a reorg gave back or that
 * was pending before. What is about a block as a whole, and may be said of every block, only where it opened the incident.
 */
function owedFor(recorded: readonly Recorded[], app: App): OwedAnswer[] {
  return recorded.flatMap(({ alert, incident, duplicate, created, reopened }) => {
    const isNew = !duplicate && (alert.transactionHash !== null || created || reopened)
    if (!isNew || incident.state !== 'open' || incident.protected.length === 0) return []
    if (!asksForResponse(alert, app)) return []
    return [{ incidentId: incident.id, alertHash: alert.alertHash, owedAt: app.clock.now() }]
  })
}

function targetOf(alert: Alert, active: readonly Incident[], app: App) {
  const known = correlate(alert, candidatesFor(alert, active), app.clock.now())
  if (known !== undefined) return { incidentId: known.id }
  return opensIncident(alert) ? { new: { kind: app.kind, title: titleOf(alert, app) } } : null
}

/** What happens now is never counted to what was found late: that one is of the past. */
function candidatesFor({ late }: Alert, active: readonly Incident[]): readonly Incident[] {
  return late === null ? active.filter(({ foundLate }) => !foundLate) : active
}

function titleOf(alert: Alert, app: App): string {
  const whom = alert.protected[0] ?? alert.victims[0]
  const name = whom === undefined ? 'an unnamed contract' : (app.names.get(whom) ?? whom)
  return `${happening(alert.categories, name)}${alert.late === null ? '' : ' (found late)'}`
}
