import { listActive } from '../../incidents/move.ts'
import { recordAlert } from '../../incidents/record-alert.ts'
import type { Alert } from '../../model/alert.ts'
import type { BlockBundle } from '../../model/block.ts'
import { atLeast } from '../../model/finding.ts'
import type { Incident } from '../../model/incident.ts'
import type { PinnedPlaybook, Run } from '../../model/playbook.ts'
import { choosePlaybook } from '../../playbooks/choose.ts'
import type { Playbooks } from '../../playbooks/runner.ts'
import { findRun, findRunBy } from '../../store/runs.ts'
import { correlate, opensIncident } from '../../triage/correlate.ts'
import type { App } from '../context.ts'

/**
 * Puts an alert on record, in the incident it belongs to or in a new one, and begins the playbook for it.
 * A remark that belongs to no incident stays on the stream and in the log: null. Safe to call again with the same alert: it is recorded once and an incident has one run of a playbook.
 */
export async function recordAndRespond(
  app: App,
  { alert, bundle }: { alert: Alert; bundle: BlockBundle },
  playbooks: Playbooks | null,
): Promise<{ incident: Incident; run: Run | null } | null> {
  const context = { store: app.store, clock: app.clock }
  const known = correlate(alert, candidatesFor(alert, await listActive(context)), app.clock.now())
  if (known === undefined && !opensIncident(alert)) return null
  const target =
    known === undefined ? { new: { kind: app.kind, title: titleOf(alert, app) } } : { incidentId: known.id }
  const recorded = await recordAlert(context, alert, { ...target, blockTimestamp: bundle.timestamp })
  const { incident } = recorded
  if (recorded.duplicate) return { incident, run: null }
  app.hub.tell(incident)
  const playbook = playbookFor(incident, alert, app)
  if (playbooks === null || playbook === undefined) return { incident, run: null }
  // One response for one incident: a category that comes later must not begin a second one beside the first.
  const begun = await findRunBy(app.store, incident.id, 'cordon')
  if (begun !== undefined) return { incident, run: (await findRun(app.store, begun)) ?? null }
  return { incident, run: await playbooks.begin(incident, playbook) }
}

/** What happens now is never counted to what was found late: an old incident's one run may be over, and did nothing. */
function candidatesFor({ late }: Alert, active: readonly Incident[]): readonly Incident[] {
  return late === null ? active.filter(({ foundLate }) => !foundLate) : active
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
