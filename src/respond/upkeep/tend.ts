import { REPLACE_AFTER_BLOCKS } from '../../contain/sending/confirm.ts'
import { hashAt } from '../../contain/sending/settle.ts'
import { findAttack, reviveAttack } from '../../contain/trials/attack.ts'
import { trialOf } from '../../contain/trials/attack-trial.ts'
import { verifyPlan } from '../../contain/trials/verify.ts'
import { messageOf } from '../../kit/error.ts'
import type { BlockRef } from '../../model/block.ts'
import {
  type Broadcast,
  type ContainmentPlan,
  protectedBy,
  type Verification,
} from '../../model/containment.ts'
import type { Incident } from '../../model/incident.ts'
import { verifiedText } from '../../reports/step-text.ts'
import { findBroadcast, listUnsettled } from '../../store/broadcasts.ts'
import { findIncident } from '../../store/incidents.ts'
import { findPlan, insertVerification, listPlans, listSimulations } from '../../store/plans.ts'
import { attackedBy } from '../actions/attacked.ts'
import { focusedOn } from '../actions/attacks-owed.ts'
import { moveToContained } from '../actions/settle.ts'
import type { App, ChainHandle } from '../context.ts'
import { keptAlive, recordTended } from './keep-alive.ts'
import { resend } from './resend.ts'

/**
 * Blocks after which a mined transaction is no longer checked; deeper reorgs have not been seen where blocks are final.
 */
const TENDED_BLOCKS = 64

/**
 * After each block: no containment transaction is forgotten. One whose block is gone goes back to the pool, also if
 * nobody was watching when it went; one that no step waits for any more (it gave up, or a reorg came after it) is kept
 * alive; and once all levers of an open incident hold, the incident is contained.
 */
export async function tendBroadcasts(app: App, chain: ChainHandle, block: BlockRef): Promise<void> {
  const unsettled = await listUnsettled(app.store, chain.chainId, block.number - TENDED_BLOCKS)
  for (const broadcast of unsettled) {
    try {
      await tend({ app, chain, block }, broadcast)
    } catch (thrown) {
      // the next block is another chance; the step has reported any problem with the transaction to people
      app.logger.warn({ planId: broadcast.planId, reason: messageOf(thrown) }, 'could not tend a broadcast')
    }
  }
}

type Place = { app: App; chain: ChainHandle; block: BlockRef }

async function tend(place: Place, broadcast: Broadcast): Promise<void> {
  const { app, chain } = place
  if (await isGone(chain, broadcast)) await resend(app, chain, broadcast)
  if (app.containing.has(broadcast.planId)) return
  const plan = await findPlan(app.store, broadcast.planId)
  if (plan === undefined) return
  const standing = (await findBroadcast(app.store, broadcast.planId)) ?? broadcast
  const isOverdue = place.block.number % REPLACE_AFTER_BLOCKS === 0
  const settled = await keptAlive({ app, chain }, { broadcast: standing, plan, isOverdue })
  if (settled.state !== 'mined' && settled.state !== 'reverted') return
  const incident = await findIncident(app.store, plan.incidentId)
  if (incident?.state === 'open') await containAfterAll(place, incident)
}

/** True if another block now has the number of the block that it was mined in. */
async function isGone({ rpc }: ChainHandle, { blockNumber, blockHash }: Broadcast): Promise<boolean> {
  if (blockNumber === null) return false
  const now = await hashAt(rpc, blockNumber)
  return now !== null && now !== blockHash
}

/** Contained only if every attacked contract of the incident has a plan that holds on the chain. */
async function containAfterAll({ app, chain }: Place, incident: Incident): Promise<void> {
  const plans = (await listPlans(app.store, incident.id)).filter(
    ({ purpose, byHand }) => purpose === 'contain' && byHand === null,
  )
  const verifications: { plan: ContainmentPlan; verification: Verification }[] = []
  for (const target of await attackedBy(app, incident)) {
    const ofTarget = plans.filter((plan) => protectedBy(plan) === target)
    const held = await newestThatHolds({ app, chain }, { plans: ofTarget, incident })
    if (held === undefined) return
    verifications.push(held)
  }
  // its step may have settled it while the levers were looked at: what is contained is not verified a second time
  if ((await findIncident(app.store, incident.id))?.state !== 'open') return
  for (const { plan, verification } of verifications) {
    await insertVerification(app.store, verification)
    const message = `${verifiedText(plan, verification)} It took longer than its step, or the chain had changed.`
    await recordTended(app, plan, { kind: 'verification', message, body: verification })
  }
  app.hub.tell(
    await moveToContained(
      app,
      incident,
      verifications.map(({ plan }) => plan),
    ),
  )
}

/** An earlier attempt may have failed, and a later one held. */
async function newestThatHolds(
  place: Pick<Place, 'app' | 'chain'>,
  { plans, incident }: { plans: readonly ContainmentPlan[]; incident: Incident },
): Promise<{ plan: ContainmentPlan; verification: Verification } | undefined> {
  for (const plan of plans.toReversed()) {
    const verification = await verifyAgain(place, { plan, incident })
    if (verification.verified) return { plan, verification }
  }
  return undefined
}

async function verifyAgain(
  { app, chain }: Pick<Place, 'app' | 'chain'>,
  { plan, incident }: { plan: ContainmentPlan; incident: Incident },
): Promise<Verification> {
  const [simulation] = (await listSimulations(app.store, plan.id)).slice(-1)
  const broadcast = (await findBroadcast(app.store, plan.id)) ?? null
  if (simulation === undefined) return { planId: plan.id, atBlock: 0, verified: false, checks: [] }
  const { rpc, sequencer } = chain
  const found = await findAttack(rpc, focusedOn(incident, plan.attackTransaction))
  const attack = await trialOf({ means: app, chain, incident }, reviveAttack(found))
  return verifyPlan({ rpc, sequencer, plan, simulation, broadcast, attack, operations: [] })
}
