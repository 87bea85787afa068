import { getBlockNumber } from '../../chain/methods/get-block-number.ts'
import { type Attack, findAttack, reviveAttack } from '../../contain/trials/attack.ts'
import { trialOf } from '../../contain/trials/attack-trial.ts'
import { simulatePlan } from '../../contain/trials/simulate.ts'
import { type Trial, takesAgain } from '../../contain/trials/trial.ts'
import { verifyPlan } from '../../contain/trials/verify.ts'
import { messageOf } from '../../kit/error.ts'
import { byWeight } from '../../model/alert.ts'
import type { BlockRef } from '../../model/block.ts'
import type { ContainmentPlan, Simulation, Verification } from '../../model/containment.ts'
import { protectedBy } from '../../model/containment.ts'
import type { Hash } from '../../model/hex.ts'
import type { Incident } from '../../model/incident.ts'
import { simulationText, verifiedText } from '../../reports/step-text.ts'
import { listAlerts } from '../../store/alerts.ts'
import { findIncident } from '../../store/incidents.ts'
import {
  insertSimulation,
  insertVerification,
  listActivePlans,
  listSimulations,
  listVerifications,
} from '../../store/plans.ts'
import { focusedOn } from '../actions/attacks-owed.ts'
import { pageAbout } from '../actions/notify.ts'
import { handPullText } from '../actions/pulled-by-hand.ts'
import { settle } from '../actions/settle.ts'
import type { App, ChainHandle } from '../context.ts'
import { recentOperations } from '../memory/operations.ts'
import { deliver } from '../outbox.ts'
import { recordTended } from './keep-alive.ts'

/**
 * Blocks after a call by hand in which Cordon checks again whether it holds: a node may be behind, or a second call
 * complete it.
 */
const TRIED_BLOCKS = 64
/** Maximum number of the incident's attacks that it is tried against, strongest findings first. */
const MOST_TRIED = 3

type Place = { app: App; chain: ChainHandle }
type Pulled = { incident: Incident; plan: ContainmentPlan }

/**
 * Checks on the chain whether the levers that the defenders pulled by hand hold, as after a pull of Cordon's own: the
 * state of the lever, and the attacks tried again by value. If they do, the incident is contained, and the report to
 * people names who did it.
 */
export async function verifyHandPulls(app: App, chain: ChainHandle, block: BlockRef): Promise<void> {
  for (const plan of await listActivePlans(app.store)) {
    const { byHand, lever } = plan
    if (byHand === null || lever.chainId !== chain.chainId) continue
    if (block.number - byHand.blockNumber > TRIED_BLOCKS) continue
    try {
      const incident = await findIncident(app.store, plan.incidentId)
      if (incident?.state === 'open') await verifyIt({ app, chain }, { incident, plan })
    } catch (thrown) {
      // the next block is another chance
      app.logger.warn({ planId: plan.id, reason: messageOf(thrown) }, 'could not verify a pull by hand')
    }
  }
}

async function verifyIt(place: Place, { incident, plan }: Pulled): Promise<void> {
  const { app, chain } = place
  if ((await getBlockNumber(chain.rpc)) < (plan.byHand?.blockNumber ?? 0)) return
  const before = (await listVerifications(app.store, plan.id)).at(-1)
  if (before?.verified === true) return settleAndTell(place, { incident, plan })
  const attacks = await attacksOf(place, incident)
  const simulation = await simulationOf(place, { plan, attack: attacks[0] })
  const verification = await lookedAt(place, { plan, simulation, attacks })
  if (before !== undefined && !verification.verified) return
  await insertVerification(app.store, verification)
  const message = `${verifiedText(plan, verification)} Pulled by hand by ${plan.byHand?.who}.`
  await recordTended(app, plan, { kind: 'verification', message, body: verification })
  if (verification.verified) await settleAndTell(place, { incident, plan })
}

type Tried = { attack: Attack; trial: Trial }

/** The attacks of the incident that can be tried again; none of them on another chain. */
async function attacksOf({ app, chain }: Place, incident: Incident): Promise<Tried[]> {
  if (incident.chainId !== chain.chainId) return []
  const alerts = (await listAlerts(app.store, incident.id)).map(({ alert }) => alert)
  const hashes = byWeight(alerts).flatMap(({ transactionHash }) => transactionHash ?? [])
  const tried: Tried[] = []
  for (const hash of [...new Set<Hash>(hashes)].slice(0, MOST_TRIED)) {
    const attack = reviveAttack(await findAttack(chain.rpc, focusedOn(incident, hash)))
    const trial = await trialOf({ means: app, chain, incident }, attack)
    if (trial !== null) tried.push({ attack, trial })
  }
  return tried
}

/** The call before the worst attack, on the state before that: by value, once. */
async function simulationOf(
  { app, chain }: Place,
  { plan, attack }: { plan: ContainmentPlan; attack: Tried | undefined },
): Promise<Simulation> {
  const known = (await listSimulations(app.store, plan.id)).at(-1)
  if (known !== undefined) return known
  const { rpc, sequencer, operations } = chain
  const simulation = await simulatePlan({
    ...{ rpc, sequencer },
    plan: { ...plan, pinnedBlock: attack?.attack.pinnedBlock ?? plan.pinnedBlock },
    attack: attack?.trial ?? null,
    operations: recentOperations(operations, protectedBy(plan)),
  })
  await insertSimulation(app.store, simulation)
  await recordTended(app, plan, {
    kind: 'simulation',
    message: simulationText(plan, simulation),
    body: simulation,
  })
  return simulation
}

type Looking = { plan: ContainmentPlan; simulation: Simulation; attacks: readonly Tried[] }

async function lookedAt({ chain }: Place, { plan, simulation, attacks }: Looking): Promise<Verification> {
  const { rpc, sequencer } = chain
  const [worst, ...others] = attacks
  const base = await verifyPlan({
    ...{ rpc, sequencer, plan, simulation },
    broadcast: null,
    attack: worst?.trial ?? null,
    operations: [],
  })
  const checks = [...base.checks, ...proofOf(plan, simulation)]
  for (const { attack, trial } of others) {
    const works = await takesAgain(sequencer, { block: base.atBlock, trial, pulls: [] })
    if (works === null) continue
    const detail = `it takes ${works ? 'again' : 'nothing'} at block ${base.atBlock}`
    checks.push({ check: `the attack ${attack.hash} is blocked`, passed: !works, detail })
  }
  return { ...base, checks, verified: checks.length > 0 && checks.every(({ passed }) => passed) }
}

/**
 * The evidence against a call beyond its views: an attack that takes the full amount even with the call before it; and
 * if no view of the protected contract itself shows the state, an attack that could not be tried.
 */
function proofOf(plan: ContainmentPlan, { attack, atBlock }: Simulation): Verification['checks'] {
  const check = 'the call stops the attack'
  if (attack === 'stopped')
    return [{ check, passed: true, detail: `tried before the attack, on the state of block ${atBlock}` }]
  if (attack === 'not-stopped')
    return [{ check, passed: false, detail: `with the call before it, it still takes (block ${atBlock})` }]
  const speaksForItself = plan.lever.state.length > 0 && plan.protects === null
  return speaksForItself ? [] : [{ check, passed: false, detail: 'the attack could not be tried' }]
}

/** Contained once every lever holds; then people are notified of who did it, once. */
async function settleAndTell({ app }: Place, { incident, plan }: Pulled): Promise<void> {
  await settle(app, incident)
  const current = await findIncident(app.store, incident.id)
  if (current?.state !== 'contained' || plan.byHand === null) return
  app.hub.tell(current)
  const body = `${handPullText(plan.lever, plan.byHand, app.names)}. Cordon has verified that it holds.`
  const page = await pageAbout(app, current, {
    roles: ['incident-leader', 'guardian', 'operations', 'communications'],
    ...{ title: 'Contained by hand', about: 'outcome', body, key: `${plan.id}:contained-by-hand` },
  })
  const results = await deliver(app, page)
  app.logger.info({ incidentId: incident.id, planId: plan.id, results }, 'contained by hand')
}
