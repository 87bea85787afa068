import { getBlockNumber } from '../../chain/methods/get-block-number.ts'
import { isStateGone } from '../../chain/rpc/state-gone.ts'
import { readState } from '../../contain/reading/state-view.ts'
import { findAttack, reviveAttack } from '../../contain/trials/attack.ts'
import { trialOf } from '../../contain/trials/attack-trial.ts'
import { undoOf } from '../../contain/trials/reopen.ts'
import { takesAgain } from '../../contain/trials/trial.ts'
import { stillBlocked, trialSeen } from '../../contain/trials/verify.ts'
import { moveIncident } from '../../incidents/move.ts'
import { messageOf } from '../../kit/error.ts'
import { sha256 } from '../../kit/json.ts'
import type { BlockRef } from '../../model/block.ts'
import { type ContainmentPlan, protectedBy, type Simulation } from '../../model/containment.ts'
import type { Incident } from '../../model/incident.ts'
import { drillMark } from '../../notify/title.ts'
import { findBroadcast } from '../../store/broadcasts.ts'
import { findIncident, listIncidents } from '../../store/incidents.ts'
import { listPlans, listSimulations, listVerifications } from '../../store/plans.ts'
import { readable } from '../../words/readable.ts'
import { focusedOn } from '../actions/attacks-owed.ts'
import { untilRecorded } from '../actions/until-recorded.ts'
import type { App, ChainHandle } from '../context.ts'
import { lexiconOf } from '../lexicon.ts'
import { recentOperations } from '../memory/operations.ts'
import { deliver } from '../outbox.ts'

/** Blocks between two trials of the calls that a lever blocks; its state is read after each block. */
const TRY_EVERY = 5

type Holding = { incident: Incident; plan: ContainmentPlan; block: BlockRef }

/**
 * Checks after each block whether every lever of a contained incident still holds: its state, and every few blocks
 * (each block if no view shows its state) whether the attack and the operations that it blocks still fail. A lever that
 * came undone opens the incident again and pages people. Levers that people opened again by a plan are left out; so are
 * those that one of the defenders takes back by hand, which the recorder reports with their name.
 */
export async function watchHolds(app: App, chain: ChainHandle, block: BlockRef): Promise<void> {
  const contained = await listIncidents(app.store, { states: ['contained'] })
  for (const incident of contained) {
    for (const plan of await listPlans(app.store, incident.id)) {
      if (plan.purpose !== 'contain' || plan.lever.chainId !== chain.chainId) continue
      if (!(await isHolding(app, plan)) || (await isYetToCome(app, plan, block))) continue
      const at = { incident, plan, block }
      const undone = await undoneOf(app, chain, at)
      if (undone === undefined || (await wasReopened(app, plan))) continue
      if (await wasOpenedByHand(app, chain, at)) break
      await comeUndone(app, { ...at, undone })
      break
    }
  }
}

/**
 * A plan that was only proposed, or failed, holds nothing that could come undone: another plan contains the incident.
 */
async function isHolding({ store }: App, { id, lever }: ContainmentPlan): Promise<boolean> {
  return !lever.armed || (await listVerifications(store, id)).at(-1)?.verified === true
}

/** A watcher that is behind processes blocks from before the pause. */
async function isYetToCome(
  app: App,
  { id, byHand }: ContainmentPlan,
  { number }: BlockRef,
): Promise<boolean> {
  const broadcast = await findBroadcast(app.store, id)
  return (byHand?.blockNumber ?? broadcast?.blockNumber ?? 0) > number
}

/**
 * The evidence that the lever is no longer pulled; undefined if it holds as far as Cordon can see. If the node no
 * longer has the state of the block, its latest one is read, and the answer states that.
 */
async function undoneOf(app: App, chain: ChainHandle, at: Holding): Promise<string | undefined> {
  try {
    return await undoneAt(app, chain, at)
  } catch (thrown) {
    if (!isStateGone(thrown)) throw thrown
    const number = await getBlockNumber(chain.rpc)
    if (number <= at.block.number) throw thrown
    const undone = await undoneAt(app, chain, { ...at, block: { number, hash: null } })
    return undone === undefined
      ? undefined
      : `${undone}, as of block ${number} (the node no longer has the state of this block)`
  }
}

async function undoneAt(app: App, chain: ChainHandle, at: Holding): Promise<string | undefined> {
  const { lever } = at.plan
  const { number } = at.block
  const answers = await readState(chain.rpc, lever.state, number)
  const undone = answers.find(({ isPulled }) => !isPulled)
  if (undone !== undefined)
    return `${undone.read.text} of ${app.names.get(lever.target) ?? lever.target} no longer shows that it is pulled`
  if (answers.length > 0 && number % TRY_EVERY !== 0) return undefined
  return tried(app, chain, at)
}

/** The calls that the plan's simulation saw blocked, tried on the state of this block. */
async function tried(
  app: App,
  chain: ChainHandle,
  { incident, plan, block }: Holding,
): Promise<string | undefined> {
  const simulation = (await listSimulations(app.store, plan.id)).at(-1)
  if (simulation === undefined) return undefined
  const target = protectedBy(plan)
  const calls = recentOperations(chain.operations, target)
    .filter(({ selector }) => simulation.opEffects[selector] === 'blocked')
    .map((call) => ({ name: `operation ${call.selector}`, call }))
  const open =
    (await stillBlocked(chain.sequencer, { calls, block: block.number })) ??
    (await attackAgain({ app, chain }, { incident, plan, block, simulation }))
  return open === undefined ? undefined : `${open} works again on ${app.names.get(target) ?? target}`
}

async function attackAgain(
  { app, chain }: { app: App; chain: ChainHandle },
  { incident, plan, block, simulation }: Holding & { simulation: Simulation },
): Promise<string | undefined> {
  if (simulation.attack !== 'stopped' || incident.chainId !== chain.chainId) return undefined
  const focused = focusedOn(incident, plan.attackTransaction)
  const attack = reviveAttack(await findAttack(chain.rpc, focused))
  const found = await trialOf({ means: app, chain, incident }, attack)
  if (found === null) return undefined
  const trial = trialSeen(found, simulation)
  const works = await takesAgain(chain.sequencer, { block: block.number, trial, pulls: [] })
  return works === true ? 'the attack' : undefined
}

async function wasReopened({ store }: App, plan: ContainmentPlan): Promise<boolean> {
  const back = undoOf(plan)
  return back !== null && (await findBroadcast(store, back.id)) !== undefined
}

/**
 * True if the recorder, once it has reached this block, has opened the incident with the name of the person who took
 * the lever back.
 */
async function wasOpenedByHand(
  app: App,
  { chainId }: ChainHandle,
  { incident, block }: Holding,
): Promise<boolean> {
  await untilRecorded(app, { chainId, block: block.number })
  return (await findIncident(app.store, incident.id))?.state !== 'contained'
}

async function comeUndone(
  app: App,
  { incident, plan, block, undone }: Holding & { undone: string },
): Promise<void> {
  const { store, clock, hub, logger } = app
  const { target } = plan.lever
  const what = `${undone} (block ${block.number}): the containment no longer holds`
  const moved = await moveIncident(
    { store, clock },
    { incidentId: incident.id, to: 'open', author: 'cordon', reason: what },
  )
  hub.tell(moved)
  const lexicon = await lexiconOf(app, incident.chainId)
  const results = await deliver(app, {
    id: sha256(`${plan.id}:undone:${block.hash ?? block.number}`).slice(0, 32),
    incidentId: incident.id,
    kind: incident.kind,
    roles: ['incident-leader', 'guardian', 'operations'],
    recipients: [],
    severity: 'critical',
    title: `${drillMark(incident)}NO LONGER CONTAINED · ${readable(`${undone} (block ${block.number}): ${incident.title}`, lexicon)}`,
    body: 'Pause again now. If this was meant, move the incident to stable.',
    at: clock.now(),
    facts: { incident: incident.id, target, block: block.number, subject: 'no longer contained' },
  }).catch((thrown) => messageOf(thrown))
  logger.warn(
    { incidentId: incident.id, target, block: block.number, results },
    'containment has come undone',
  )
}
