import { getBlockNumber } from '../../chain/methods/get-block-number.ts'
import { readState } from '../../contain/reading/state-view.ts'
import { moveIncident } from '../../incidents/move.ts'
import { type ContainmentPlan, protectedBy } from '../../model/containment.ts'
import type { Address } from '../../model/hex.ts'
import type { Incident } from '../../model/incident.ts'
import { findBroadcast } from '../../store/broadcasts.ts'
import { findIncident } from '../../store/incidents.ts'
import { lastPull } from '../../store/lever-pulls.ts'
import { listPlans, listVerifications } from '../../store/plans.ts'
import type { App } from '../context.ts'
import { attackedBy } from './attacked.ts'
import { handPullText } from './pulled-by-hand.ts'
import { untilRecorded } from './until-recorded.ts'

/**
 * Moves an incident to contained if the newest plan of every attacked contract holds: pulled before Cordon acted, or
 * verified on the chain. Otherwise the incident stays open and needs people. It also stays open if one of the defenders
 * pulled a planned lever by hand: `verifyHandPulls` verifies that and reports it with their name.
 */
export async function settle(app: App, incident: Incident): Promise<void> {
  const found = await heldNow(app, incident)
  if (found === undefined) return
  const { held, seen } = found
  const targets = await attackedBy(app, incident)
  const isKnown = isEveryStopped(targets, held)
  if (isKnown || (isEveryStopped(targets, [...held, ...seen]) && !(await isByHand(app, incident, seen))))
    await moveToContained(app, incident, isKnown ? held : [...held, ...seen])
}

type Held = {
  /** Plans that were pulled, by Cordon or by hand, or were pulled before. */
  held: ContainmentPlan[]
  /** Plans whose lever somebody has pulled since they were made. */
  seen: ContainmentPlan[]
}

/** Undefined if the incident is not open. */
async function heldNow(app: App, incident: Incident): Promise<Held | undefined> {
  const current = await findIncident(app.store, incident.id)
  if (current?.state !== 'open') return undefined
  const found: Held = { held: [], seen: [] }
  for (const plan of await listPlans(app.store, incident.id)) {
    const how = plan.purpose === 'contain' ? await howHeld(app, plan) : undefined
    if (how !== undefined) found[how].push(plan)
  }
  return found
}

function isEveryStopped(targets: readonly Address[], plans: readonly ContainmentPlan[]): boolean {
  const stopped = new Set(plans.map(protectedBy))
  return targets.length > 0 && targets.every((target) => stopped.has(target))
}

/**
 * Whether the recorder, once it has reached the block in which the levers are pulled, reports that one of the defenders
 * did it.
 */
async function isByHand(app: App, { id }: Incident, seen: readonly ContainmentPlan[]): Promise<boolean> {
  for (const chainId of new Set(seen.map(({ lever }) => lever.chainId))) {
    const chain = app.chains.get(chainId)
    if (chain !== undefined) await untilRecorded(app, { chainId, block: await getBlockNumber(chain.rpc) })
  }
  const plans = await listPlans(app.store, id)
  return seen.some(({ lever: { target, calldata } }) =>
    plans.some(
      ({ byHand, lever }) => byHand !== null && lever.target === target && lever.calldata === calldata,
    ),
  )
}

/** Records that every lever holds, and who pulled which by hand; the caller has checked the chain. */
export function moveToContained(
  { store, clock, names }: App,
  incident: Incident,
  held: readonly ContainmentPlan[],
): Promise<Incident> {
  const targets = held.length === 0 ? incident.protected : [...new Set(held.map(protectedBy))]
  const named = targets.map((target) => names.get(target) ?? target).join(', ')
  const stopped = `${named} ${targets.length === 1 ? 'is' : 'are'} stopped, verified on the chain`
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
 * A plan that was sent, by Cordon or by hand, was verified once, and its state must still show it: it may have come
 * undone. A plan that was not sent holds if its state shows it: through the plan that pulled the lever, once that is
 * verified, or through somebody else.
 */
async function howHeld({ store, chains }: App, plan: ContainmentPlan): Promise<keyof Held | undefined> {
  const { id, lever, byHand } = plan
  const isSent = byHand !== null || (await findBroadcast(store, id)) !== undefined
  const { chainId, target, calldata } = lever
  const other = isSent ? undefined : await lastPull(store, { chainId, target, calldata, planId: id })
  const sent = isSent ? id : other?.planId
  if (sent !== undefined && (await listVerifications(store, sent)).at(-1)?.verified !== true) return undefined
  const isOpen = sent === undefined && lever.armed
  if (isOpen && lever.state.length === 0) return undefined
  const chain = chains.get(chainId)
  if (chain === undefined) return undefined
  const answers = await readState(chain.rpc, lever.state, await getBlockNumber(chain.rpc))
  if (answers.some(({ isPulled }) => !isPulled)) return undefined
  return isOpen ? 'seen' : 'held'
}
