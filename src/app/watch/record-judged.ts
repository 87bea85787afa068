import { recordAlerts } from '../../incidents/record-alerts.ts'
import type { Alert } from '../../model/alert.ts'
import type { BlockRef } from '../../model/block.ts'
import { atLeast, type Finding } from '../../model/finding.ts'
import type { Incident } from '../../model/incident.ts'
import type { PinnedPlaybook, Run } from '../../model/playbook.ts'
import { choosePlaybook } from '../../playbooks/choose.ts'
import type { Playbooks } from '../../playbooks/runner.ts'
import { ownTransactions } from '../../store/broadcasts.ts'
import { insertRemarks } from '../../store/remarks.ts'
import { lastAttempts } from '../../store/runs.ts'
import { type Store, transaction } from '../../store/store.ts'
import { correlate, opensIncident } from '../../triage/correlate.ts'
import type { App, ChainHandle } from '../context.ts'
import type { Observed } from './observed.ts'
import type { Seen } from './taint.ts'

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
type Recorded = { alert: Alert; incident: Incident; reopened: boolean; run: Run | null }

/**
 * Puts alerts on record, each in the incident it belongs to or in a new one, with the run of a playbook where one is due:
 * all in one transaction. The runs begin after it. An alert that belongs to no incident is on record as remarks. Safe to
 * call again with the same: everything is recorded once, and an incident has one run of a playbook.
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
  const recorded = await transaction(
    app.store,
    async (tx) => {
      attempts++
      const taken = await recordAlerts({ store: tx, clock: app.clock }, others, {
        choose: (alert, active) => targetOf(alert, active, app),
      })
      const left = others.flatMap(({ alert }, i) => (taken[i] === null ? alert.findings : []))
      await insertRemarks(tx, [...remarks, ...left], app.clock.now())
      const settled = others.flatMap(({ alert }, i): Recorded[] => {
        const as = taken[i]
        // after a commit whose answer was lost our own work looks like a duplicate
        const isKnown = as?.duplicate === true && attempts === 1
        return as === null || as === undefined || isKnown
          ? []
          : [{ alert, incident: as.incident, reopened: as.reopened, run: null }]
      })
      return playbooks === null ? settled : withRuns(settled, { app, tx, playbooks })
    },
    { idempotent: true },
  )
  for (const { alert } of others) app.hub.tell(alert)
  for (const { incident } of recorded) app.hub.tell(incident)
  if (playbooks === null) return
  for (const { run, incident } of recorded) if (run !== null) playbooks.start(run, incident.severity)
}

function targetOf(alert: Alert, active: readonly Incident[], app: App) {
  const known = correlate(alert, candidatesFor(alert, active), app.clock.now())
  if (known !== undefined) return { incidentId: known.id }
  return opensIncident(alert) ? { new: { kind: app.kind, title: titleOf(alert, app) } } : null
}

/** What happens now is never counted to what was found late: an old incident's one run may be over, and did nothing. */
function candidatesFor({ late }: Alert, active: readonly Incident[]): readonly Incident[] {
  return late === null ? active.filter(({ foundLate }) => !foundLate) : active
}

type Responding = { app: App; tx: Store; playbooks: Playbooks }

/**
 * One response each time an incident is open: a category that comes later must not begin a second one beside the first, and
 * an incident that is open again, after a reorg or a containment that did not last, is answered again.
 */
async function withRuns(
  recorded: readonly Recorded[],
  { app, tx, playbooks }: Responding,
): Promise<Recorded[]> {
  const ids = recorded.map(({ incident }) => incident.id)
  const attempts = await lastAttempts(tx, ids, 'cordon')
  const reopened = new Set(recorded.flatMap((one) => (one.reopened ? [one.incident.id] : [])))
  const answered = new Set([...attempts.keys()].filter((id) => !reopened.has(id)))
  const due = recorded.map((one) => {
    const { incident, alert } = one
    const pinned = answered.has(incident.id) ? undefined : playbookFor(incident, alert, app)
    if (pinned !== undefined) answered.add(incident.id)
    return { one, pinned }
  })
  const wanted = due.flatMap(({ one: { incident }, pinned }) =>
    pinned === undefined ? [] : [{ incident, pinned, attempt: (attempts.get(incident.id) ?? 0) + 1 }],
  )
  const runs = new Map((await playbooks.write(tx, wanted)).map((run) => [run.incidentId, run]))
  return due.map(({ one, pinned }) =>
    pinned === undefined ? one : { ...one, run: runs.get(one.incident.id) ?? null },
  )
}

/**
 * Only incidents about what we protect are acted on, and only where the score reaches the calibration's threshold for
 * waking somebody.
 */
function playbookFor(incident: Incident, alert: Alert, app: App): PinnedPlaybook | undefined {
  const { respond } = app.config
  if (!respond.enabled || incident.protected.length === 0) return undefined
  if (!atLeast(alert.severity, respond.minSeverity) || alert.assessment?.pages === false) return undefined
  return choosePlaybook(app.playbooks, incident)
}

function titleOf(alert: Alert, app: App): string {
  const whom = alert.protected[0] ?? alert.victims[0]
  const name = whom === undefined ? 'an unnamed contract' : (app.names.get(whom) ?? whom)
  return `${alert.categories[0] ?? 'attack'} against ${name}${alert.late === null ? '' : ', found late'}`
}
