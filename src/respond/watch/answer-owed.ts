import { messageOf } from '../../kit/error.ts'
import { type Alert, byWeight } from '../../model/alert.ts'
import { atLeast, type Severity } from '../../model/finding.ts'
import type { Incident } from '../../model/incident.ts'
import type { PinnedPlaybook, Run } from '../../model/playbook.ts'
import { choosePlaybook } from '../../playbooks/choose.ts'
import { followUpOf } from '../../playbooks/follow-up.ts'
import type { Playbooks } from '../../playbooks/runner.ts'
import type { RecordedAlert } from '../../store/alerts.ts'
import { lockIncident } from '../../store/incidents.ts'
import { listDue, takeOwed } from '../../store/owed-answers.ts'
import { lastAttempts } from '../../store/runs.ts'
import { type Store, transaction } from '../../store/store.ts'
import type { App, ChainHandle } from '../context.ts'
import { kindsAttacked } from '../memory/protocol-kinds.ts'

/** Whether an alert reaches the level at which Cordon pages somebody and responds. */
export function asksForResponse({ severity, assessment }: Alert, { config: { respond } }: App): boolean {
  return respond.enabled && atLeast(severity, respond.minSeverity) && assessment?.pages !== false
}

type Responding = { app: App; tx: Store; playbooks: Playbooks }
export type BegunAnswer = { run: Run; severity: Severity }
type Due = {
  due: readonly RecordedAlert[]
  /** Locked by the transaction. */
  incidents: ReadonlyMap<string, Incident>
}

/**
 * Records an attempt for each incident that is due one, and that it answers everything owed there: many attack
 * transactions are one attempt. The attempts begin once the transaction is committed.
 */
export async function beginAnswers(
  { app, tx, playbooks }: Responding,
  { due, incidents }: Due,
): Promise<BegunAnswer[]> {
  const byIncident = new Map<string, RecordedAlert[]>()
  for (const one of due) byIncident.set(one.incidentId, [...(byIncident.get(one.incidentId) ?? []), one])
  const last = await lastAttempts(tx, [...byIncident.keys()])
  const wanted: { incident: Incident; pinned: PinnedPlaybook; attempt: number }[] = []
  const takers: { incidentId: string; by: string }[] = []
  for (const [id, alerts] of byIncident) {
    const incident = incidents.get(id)
    if (incident === undefined) continue
    const { attempt, isRunning } = last.get(id) ?? { attempt: 0, isRunning: false }
    const pinned = playbookFor(incident, alerts, app)
    if (pinned === undefined) takers.push({ incidentId: id, by: 'no playbook' })
    else wanted.push({ incident, pinned: isRunning ? followUpOf(pinned) : pinned, attempt: attempt + 1 })
  }
  const runs = await playbooks.write(tx, wanted)
  takers.push(...runs.map(({ incidentId, id }) => ({ incidentId, by: id })))
  await takeOwed(tx, takers)
  return runs.map((run, i) => ({ run, severity: wanted[i]?.incident.severity ?? 'high' }))
}

/** By the category of the new attack, then by the incident's category until now. */
function playbookFor(
  incident: Incident,
  alerts: readonly RecordedAlert[],
  app: App,
): PinnedPlaybook | undefined {
  const worst = byWeight(alerts.map(({ alert }) => alert))[0]
  const categories = [...new Set([...(worst?.categories ?? []), ...incident.categories])]
  const protocols = kindsAttacked(app, incident, categories)
  return choosePlaybook(app.playbooks, { categories, severity: incident.severity, protocols })
}

type Answering = { app: App; chain: ChainHandle; playbooks: Playbooks | null }

/** Answers the attacks of one chain that arrived while a run was under way, or were never taken up. */
export async function answerOwed({ app, chain, playbooks }: Answering): Promise<void> {
  if (playbooks === null) return
  const found = await listDue(app.store, { chainId: chain.chainId })
  for (const id of new Set(found.map(({ incidentId }) => incidentId))) {
    const begun = await transaction(
      app.store,
      async (tx) => {
        const incident = await lockIncident(tx, id)
        if (incident === undefined) return []
        // a faster process has taken it
        const due = await listDue(tx, { incidentIds: [id] })
        return beginAnswers({ app, tx, playbooks }, { due, incidents: new Map([[id, incident]]) })
      },
      { idempotent: true },
    )
    for (const { run, severity } of begun) playbooks.start(run, severity)
  }
}

/**
 * Checks again whenever a run or one of its steps ends: attacks that arrived meanwhile are answered right after it.
 * Returns a function that stops following.
 */
export function followAnswers(answering: Answering): () => void {
  const { app, chain, playbooks } = answering
  if (playbooks === null) return () => {}
  let isLooking = false
  let isAsked = false
  const look = async (): Promise<void> => {
    if (isLooking) {
      isAsked = true
      return
    }
    isLooking = true
    do {
      isAsked = false
      await answerOwed(answering).catch((thrown) =>
        // the next block is another chance
        app.logger.warn(
          { chainId: chain.chainId, reason: messageOf(thrown) },
          'could not answer what is owed',
        ),
      )
    } while (isAsked)
    isLooking = false
  }
  return app.hub.listen((event) => {
    if (
      event.type === 'timeline' &&
      (event.kind === 'run' || event.kind === 'step' || event.kind === 'answer')
    )
      void look()
  })
}
