import { readStateView } from '../../contain/state-view.ts'
import { moveIncident } from '../../incidents/move.ts'
import { messageOf } from '../../kit/error.ts'
import { sha256 } from '../../kit/json.ts'
import type { BlockRef } from '../../model/block.ts'
import type { ContainmentPlan } from '../../model/containment.ts'
import type { Incident } from '../../model/incident.ts'
import { findBroadcast } from '../../store/broadcasts.ts'
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
      if (await isYetToCome(app, plan, block)) continue
      if (await holds(plan, chain, block)) continue
      await comeUndone(app, { incident, plan, block })
      break
    }
  }
}

/** A watcher that is behind looks at blocks from before the pause. */
async function isYetToCome(app: App, { id }: ContainmentPlan, { number }: BlockRef): Promise<boolean> {
  const broadcast = await findBroadcast(app.store, id)
  return (broadcast?.blockNumber ?? 0) > number
}

/** Levers without a view of their state are taken to hold: nothing says otherwise. */
async function holds(
  { lever }: ContainmentPlan,
  { rpc }: ChainHandle,
  { number }: BlockRef,
): Promise<boolean> {
  const { target, stateView } = lever
  return stateView === null || (await readStateView(rpc, { target, stateView }, number)).isPulled
}

type Undone = { incident: Incident; plan: ContainmentPlan; block: BlockRef }

async function comeUndone(app: App, { incident, plan, block }: Undone): Promise<void> {
  const { store, clock, names, hub, logger } = app
  const { target, stateView } = plan.lever
  const what = `${stateView} of ${names.get(target) ?? target} is no longer true (block ${block.number}): the containment has come undone`
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
