import { headOf } from '../../chain/rpc/head.ts'
import { readState } from '../../contain/state-view.ts'
import { moveIncident } from '../../incidents/move.ts'
import { type ContainmentPlan, protectedBy } from '../../model/containment.ts'
import type { Incident } from '../../model/incident.ts'
import { findBroadcast } from '../../store/broadcasts.ts'
import { findIncident } from '../../store/incidents.ts'
import { lastPull } from '../../store/lever-pulls.ts'
import { listPlans, listVerifications } from '../../store/plans.ts'
import type { App } from '../context.ts'
import { handPullText } from './pulled-by-hand.ts'

/**
 * Moves an incident to contained when the newest plan of every protected contract holds: pulled before we came, or
 * verified on the chain. Otherwise people are needed and the incident stays open.
 */
export async function settle(app: App, incident: Incident): Promise<void> {
  const current = await findIncident(app.store, incident.id)
  if (current?.state !== 'open') return
  const plans = (await listPlans(app.store, incident.id)).filter(({ purpose }) => purpose === 'contain')
  const held: ContainmentPlan[] = []
  for (const plan of plans) if (await holds(app, plan)) held.push(plan)
  const stopped = new Set(held.map(protectedBy))
  if (incident.protected.length === 0 || !incident.protected.every((target) => stopped.has(target))) return
  await moveToContained(app, incident, held)
}

/** Says that every lever holds, and who pulled what of it by hand; the caller has asked the chain. */
export function moveToContained(
  { store, clock, names }: App,
  incident: Incident,
  held: readonly ContainmentPlan[],
): Promise<Incident> {
  const named = incident.protected.map((target) => names.get(target) ?? target).join(', ')
  const stopped = `${named} ${incident.protected.length === 1 ? 'is' : 'are'} stopped, verified on the chain`
  const hands = held.flatMap(({ byHand, lever }) =>
    byHand === null ? [] : [handPullText(lever, byHand, names)],
  )
  const reason = [stopped, ...new Set(hands)].join('; ')
  return moveIncident(
    { store, clock },
    { incidentId: incident.id, to: 'contained', author: 'cordon', reason },
  )
}

/**
 * What was sent, by Cordon or by hand, was verified once, and its state still says so: it may have come undone since. What was
 * not sent holds where its state says so: by the plan that pulled the lever, once that is verified, or by somebody else.
 */
async function holds({ store, chains }: App, { id, lever, byHand }: ContainmentPlan): Promise<boolean> {
  const isSent = byHand !== null || (await findBroadcast(store, id)) !== undefined
  const { chainId, target, calldata } = lever
  const other = isSent ? undefined : await lastPull(store, { chainId, target, calldata, planId: id })
  const sent = isSent ? id : other?.planId
  if (sent !== undefined && (await listVerifications(store, sent)).at(-1)?.verified !== true) return false
  if (sent === undefined && lever.armed && lever.state.length === 0) return false
  const chain = chains.get(chainId)
  if (chain === undefined) return false
  const latest = await headOf(chain.rpc)
  return (await readState(chain.rpc, lever.state, latest)).every(({ isPulled }) => isPulled)
}
