import { readState } from '../../contain/state-view.ts'
import { moveIncident } from '../../incidents/move.ts'
import { messageOf } from '../../kit/error.ts'
import { sha256 } from '../../kit/json.ts'
import type { BlockRef } from '../../model/block.ts'
import type { ContainmentPlan } from '../../model/containment.ts'
import type { Incident } from '../../model/incident.ts'
import { listIncidents } from '../../store/incidents.ts'
import { listPlans } from '../../store/plans.ts'
import { deliver } from '../actions/notify.ts'
import type { App, ChainHandle } from '../context.ts'

/**
 * Asks after each block whether every lever of a contained incident still holds. One that came undone opens the incident
 * again and calls people: whoever lifts a pause on purpose says so first, by moving the incident to `stable`.
 */
export async function watchHolds(app: App, chain: ChainHandle, block: BlockRef): Promise<void> {
  const contained = await listIncidents(app.store, { states: ['contained'] })
  for (const incident of contained.filter(({ chainId }) => chainId === chain.chainId)) {
    for (const plan of await listPlans(app.store, incident.id)) {
      const view = await undoneOf(plan, chain, block)
      if (view === undefined) continue
      await comeUndone(app, { incident, plan, block, view })
      break
    }
  }
}

/** What of a lever's state no longer says that it is pulled. Levers without a view of their state are taken to hold. */
async function undoneOf(
  { lever }: ContainmentPlan,
  { rpc }: ChainHandle,
  { number }: BlockRef,
): Promise<string | undefined> {
  const answers = await readState(rpc, lever.state, number)
  const undone = answers.find(({ isPulled }) => !isPulled)
  return undone === undefined ? undefined : undone.read.text
}

type Undone = { incident: Incident; plan: ContainmentPlan; block: BlockRef; view: string }

async function comeUndone(app: App, { incident, plan, block, view }: Undone): Promise<void> {
  const { store, clock, names, hub, logger } = app
  const { target } = plan.lever
  const what = `${view} of ${names.get(target) ?? target} no longer says that it is pulled (block ${block.number}): the containment has come undone`
  const moved = await moveIncident(
    { store, clock },
    { incidentId: incident.id, to: 'open', author: 'cordon', reason: what },
  )
  hub.tell(moved)
  const results = await deliver(app, {
    id: sha256(`${plan.id}:undone:${block.hash ?? block.number}`).slice(0, 32),
    incidentId: incident.id,
    kind: incident.kind,
    roles: ['incident-leader', 'guardian', 'operations'],
    recipients: [],
    severity: 'critical',
    title: `${incident.kind === 'drill' ? 'DRILL: ' : ''}Containment has come undone: ${incident.title}`,
    body: `${what}. Pause again, or move the incident to stable if this was meant.`,
    at: clock.now(),
    facts: { incident: incident.id, target, block: block.number },
  }).catch((thrown) => messageOf(thrown))
  logger.warn(
    { incidentId: incident.id, target, block: block.number, results },
    'containment has come undone',
  )
}
