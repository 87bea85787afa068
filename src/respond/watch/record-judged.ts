import { correlate, opensIncident } from '../../incidents/correlate.ts'
import { type RecordedAs, recordAlerts } from '../../incidents/record-alerts.ts'
import { type Alert, isOutside } from '../../model/alert.ts'
import type { BlockRef } from '../../model/block.ts'
import { happening } from '../../model/category.ts'
import { atLeast, type Finding } from '../../model/finding.ts'
import type { Address } from '../../model/hex.ts'
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

/** The remaining data to record about a judged block or pending transaction. */
export type Judged = {
  /** Null for a pending transaction. */
  block: BlockRef | null
  /** Seconds since the epoch; null if the block has none. */
  timestamp: number | null
  alerts: readonly Alert[]
  /** Findings recorded in addition to the alerts: those raised in shadow. */
  remarks: readonly Finding[]
  /** Clean traffic counted up to this block; null if nothing is counted. */
  traffic: { transactions: number; days: number } | null
  /**
   * The observations that accompany the block and cannot be read again; null for blocks that a restart does not process
   * again.
   */
  observed: Observed | null
  /** The data by which stolen funds are followed; null if there is nothing to follow. */
  seen: Seen | null
}

type Recording = { app: App; chain: ChainHandle; playbooks: Playbooks | null }
type Recorded = RecordedAs & { alert: Alert }

/**
 * Records alerts, each in the incident it belongs to or in a new one, with the answers owed and the run that gives them
 * if none is under way: all in one transaction. The runs begin after it. An alert that belongs to no incident is
 * recorded as remarks. Safe to call again with the same input: everything is recorded once, and answered once.
 */
export async function recordJudged(recording: Recording, judged: readonly Judged[]): Promise<void> {
  const { app, chain, playbooks } = recording
  const alerts = judged.flatMap((one) =>
    one.alerts.map((alert) => ({ alert, blockTimestamp: one.timestamp })),
  )
  const hashes = alerts.flatMap(({ alert }) => alert.transactionHash ?? [])
  const own = await ownTransactions(app.store, chain.chainId, hashes)
  const isOurs = ({ transactionHash }: Alert): boolean => own.has(transactionHash ?? '')
  // Cordon's own broadcasts are not attacks on itself: they are recorded, and open no incident again.
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
        reopens: (alert) => !isOutside(alert) && atLeast(alert.severity, app.config.respond.minSeverity),
      })
      const left = others.flatMap(({ alert }, i) => (taken[i] === null ? alert.findings : []))
      await insertRemarks(tx, [...remarks, ...left], app.clock.now())
      const settled = others.flatMap(({ alert }, i): Recorded[] => {
        const as = taken[i]
        // after a commit whose answer was lost, this process's own write looks like a duplicate
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
 * The answers owed: for each new attack transaction of an open incident, also one that a reorg returned or that was
 * pending before. A finding about a block as a whole, which may apply to every block, counts only if it opened the
 * incident.
 */
function owedFor(recorded: readonly Recorded[], app: App): OwedAnswer[] {
  return recorded.flatMap(({ alert, incident, duplicate, created, reopened }) => {
    const isNew = !duplicate && (alert.transactionHash !== null || created || reopened)
    if (!isNew || incident.state !== 'open' || incident.protected.length === 0) return []
    const isElsewhere = isOutside(alert) && alert.protected.length === 0
    if (isElsewhere || !asksForResponse(alert, app)) return []
    return [{ incidentId: incident.id, alertHash: alert.alertHash, owedAt: app.clock.now() }]
  })
}

function targetOf(alert: Alert, active: readonly Incident[], app: App) {
  const known = correlate(alert, candidatesFor(alert, active), app.clock.now())
  if (known !== undefined) return { incidentId: known.id }
  return opensIncident(alert) ? { new: { kind: app.kind, title: titleOf(alert, app) } } : null
}

/** A current event never joins an incident that was detected late: that one belongs to the past. */
function candidatesFor({ late }: Alert, active: readonly Incident[]): readonly Incident[] {
  return late === null ? active.filter(({ foundLate }) => !foundLate) : active
}

function titleOf(alert: Alert, app: App): string {
  const named = (whom: Address | undefined): string =>
    whom === undefined ? 'an unnamed contract' : (app.names.get(whom) ?? whom)
  const late = alert.late === null ? '' : ' (found late)'
  if (!isOutside(alert))
    return `${happening(alert.categories, named(alert.protected[0] ?? alert.victims[0]))}${late}`
  return `${happening(alert.categories, named(alert.victims[0]))}, and ${named(alert.protected[0])} takes part${late}`
}
