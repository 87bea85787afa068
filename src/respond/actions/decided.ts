import { patiently } from '../../chain/rpc/patiently.ts'
import { approve } from '../../contain/pipeline/approve.ts'
import { isAtHand } from '../../contain/pipeline/authorise.ts'
import { pullApproved } from '../../contain/pipeline/pipeline.ts'
import { notOurs } from '../../contain/planning/plan.ts'
import { findAttack, reviveAttack } from '../../contain/trials/attack.ts'
import { messageOf } from '../../kit/error.ts'
import { type ContainmentPlan, protectedBy } from '../../model/containment.ts'
import type { Incident } from '../../model/incident.ts'
import type { ActionContext } from '../../playbooks/action.ts'
import type { App } from '../context.ts'
import { focusedOn } from './attacks-owed.ts'
import { pageByHand } from './by-hand.ts'
import { carryOut } from './carry-out.ts'
import { isMoot, needlessBecause } from './due.ts'
import { inStep, prepare } from './prepare.ts'
import { type ContainOutcome, chainOf, unsent, type Work } from './work.ts'

type Decided = { context: ActionContext; incident: Incident; plan: ContainmentPlan }

/** Carries out a plan that people approved; one that they refused, or that is not needed any more, is left. */
export async function decided(app: App, { context, incident, plan }: Decided): Promise<ContainOutcome> {
  const at = { target: plan.lever.target, planId: plan.id }
  const needless = await context.durable(`by-hand:${plan.id}`, () => needlessBecause(app, context, plan))
  if (needless !== null) return unsent({ ...at, target: protectedBy(plan) }, 'already-paused', [needless])
  if (await context.durable(`moot:${plan.id}`, () => isMoot(app, plan)))
    return unsent(at, 'already-paused', ['the incident is contained without it'])
  const verdict = await approve({ ...inStep(app, context), incident }, plan)
  switch (verdict.state) {
    case 'refused':
      return unsent(at, 'refused', [`refused by ${verdict.by}`])
    case 'waiting':
      return unsent(at, 'proposed', ['its approval expired or was withdrawn before it was signed'])
    case 'approved':
      return approved(app, { context, incident, plan })
  }
}

const UNSENT = 'Approved, and Cordon cannot send it'

async function approved(app: App, { context, incident, plan }: Decided): Promise<ContainOutcome> {
  const chain = chainOf(app, incident, plan.lever.chainId)
  const found = await context.durable(`attack:${plan.id}`, () =>
    patiently(app, () => findAttack(chain.rpc, focusedOn(incident, plan.attackTransaction))),
  )
  const attack = reviveAttack(found)
  const target = protectedBy(plan)
  const work: Work = { app, chain, context, incident, attack, attempt: context.run.id, target }
  try {
    return await pullIt(work, plan)
  } catch (thrown) {
    await pageByHand(work, { plan, title: UNSENT, reasons: [messageOf(thrown)] })
    throw thrown
  }
}

async function pullIt(work: Work, plan: ContainmentPlan): Promise<ContainOutcome> {
  const at = { target: work.target, planId: plan.id }
  const failed = async (reason: string): Promise<ContainOutcome> => {
    await pageByHand(work, { plan, title: UNSENT, reasons: [reason] })
    return unsent(at, 'failed', [reason])
  }
  if (!isAtHand(work.app, plan)) return failed(notOurs(plan))
  const containing = await prepare(work)
  const pulled = await pullApproved(containing, plan)
  switch (pulled.kind) {
    case 'sent':
      return carryOut(work, { containing, sent: pulled })
    case 'fails':
      return failed('it fails in the simulation on the state of now')
    case 'needless':
      return unsent(at, 'already-paused', [`${plan.lever.signature} ${pulled.why}`])
    case 'not-permitted': {
      const { reasons } = pulled
      await pageByHand(work, { plan, title: 'Not sent: its approval does not hold any more', reasons })
      return unsent(at, 'proposed', reasons)
    }
  }
}
