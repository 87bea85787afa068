import { z } from 'zod'
import { getBlockNumber } from '../../chain/methods/get-block-number.ts'
import { resolveAuthority } from '../../contain/authority/authority.ts'
import { isPulled } from '../../contain/reading/state-view.ts'
import type { ReopenStage, ReopenStages } from '../../contain/trials/reopen.ts'
import { reopenStages } from '../../contain/trials/reopen.ts'
import { moveIncident } from '../../incidents/move.ts'
import { assert } from '../../kit/assert.ts'
import { durationMs } from '../../kit/duration.ts'
import { toJson } from '../../kit/json.ts'
import { type ContainmentPlan, containmentPlanSchema } from '../../model/containment.ts'
import type { Address } from '../../model/hex.ts'
import type { Incident } from '../../model/incident.ts'
import { durationSchema } from '../../model/playbook.ts'
import { peopleOf } from '../../model/role.ts'
import type { ActionContext } from '../../playbooks/action.ts'
import { findIncident } from '../../store/incidents.ts'
import { insertPlan, listPlans, listSimulations } from '../../store/plans.ts'
import type { Store } from '../../store/store.ts'
import type { App, ChainHandle } from '../context.ts'
import type { ActionKind } from './action-kind.ts'
import { carryOutApproved, failUnsent } from './approved.ts'
import { propose } from './propose.ts'
import { recordStep } from './record-step.ts'
import type { ContainOutcome } from './work.ts'

export const reopenArgs = z.strictObject({
  /** How long each stage waits for approvals. */
  wait: durationSchema,
  /** Time between opening withdrawals and opening liquidation, in which people can save their positions. */
  grace: durationSchema.default('1h'),
})

/**
 * `reopen`: takes pulled levers back in stages (feeds, way out, liquidation after the grace, the rest). Each plan needs
 * its own signed approvals under the policy for `reopen`, is simulated on the current state, sent once and verified; a
 * stage that fails stops the later ones. Never without people, never by the emergency path.
 */
export const reopenKind: ActionKind<z.infer<typeof reopenArgs>> = {
  name: 'reopen',
  args: reopenArgs,
  open:
    (app) =>
    async (context, { wait, grace }) => {
      const incident = await findIncident(app.store, context.incidentId)
      assert(incident !== undefined, 'a run has an incident')
      const stages = stagesSchema.parse(
        JSON.parse(await context.durable('stages', () => announce(app, { context, incident }))),
      )
      const outcomes: ContainOutcome[] = []
      for (const [i, stage] of stages.entries()) {
        if (i > 0 && stage.name === 'liquidation') await context.sleep(durationMs(grace) ?? 0)
        const done = await openStage(app, { context, incident, stage, wait })
        outcomes.push(...done)
        failUnsent(done)
        if (done.some(({ outcome }) => outcome !== 'reopened')) return outcomes
      }
      if (outcomes.length > 0) await stable(app, incident)
      return outcomes
    },
}

const stagesSchema = z.array(
  z.object({
    name: z.enum(['feeds', 'way-out', 'liquidation', 'all-else']),
    plans: z.array(containmentPlanSchema),
  }),
)

type Reopening = { context: ActionContext; incident: Incident }

/** Stores the plans of every stage and announces the stages. */
async function announce(app: App, { context, incident }: Reopening): Promise<string> {
  const { store, chains, config } = app
  const at = { store, chains, signers: [...app.signers.keys()], others: peopleOf(config) }
  const { stages, notes } = await stagesFor(at, incident.id)
  for (const { plans } of stages) for (const plan of plans) await insertPlan(app.store, plan)
  const named = stages.map(
    ({ name, plans }) => `${name} (${plans.map(({ lever }) => lever.target).join(', ')})`,
  )
  const message =
    stages.length === 0
      ? `Nothing is pulled that could be taken back. ${notes.join('; ')}`
      : `To be opened in ${stages.length} stages: ${named.join(', then ')}. ${notes.join('; ')}`
  await recordStep(app, context, {
    kind: 'plan',
    message,
    evidence: { kind: 'reopening', body: { stages, notes } },
  })
  return toJson(stages)
}

export type StagesOptions = {
  store: Store
  chains: ReadonlyMap<number, ChainHandle>
  signers: readonly Address[]
  others: readonly Address[]
}

/**
 * The levers of an incident that are pulled now, as stages that open them again, each call with the account that may
 * make it: often not the account that may pause. Sends nothing.
 */
export async function stagesFor(options: StagesOptions, incidentId: string): Promise<ReopenStages> {
  const { store, chains } = options
  const pulled: Parameters<typeof reopenStages>[0][number][] = []
  for (const plan of await listPlans(store, incidentId)) {
    const chain = chains.get(plan.lever.chainId)
    if (plan.purpose !== 'contain' || chain === undefined) continue
    if (!(await isPulled(chain.rpc, plan.lever.state, await getBlockNumber(chain.rpc)))) continue
    pulled.push({ plan, simulation: (await listSimulations(store, plan.id)).at(-1) ?? null })
  }
  const { stages, notes } = reopenStages(pulled)
  const resolved = stages.map(async ({ name, plans }) => ({
    name,
    plans: await Promise.all(plans.map((plan) => withAuthority(plan, options))),
  }))
  return { stages: await Promise.all(resolved), notes }
}

async function withAuthority(
  plan: ContainmentPlan,
  { chains, signers, others }: StagesOptions,
): Promise<ContainmentPlan> {
  const rpc = chains.get(plan.lever.chainId)?.rpc
  if (rpc === undefined) return plan
  const block = await getBlockNumber(rpc)
  const { authority, route, tried } = await resolveAuthority(plan.lever, { rpc, block, signers, others })
  const lever = { ...plan.lever, authority, evidence: [...plan.lever.evidence, ...tried] }
  return { ...plan, lever, route, pinnedBlock: block }
}

async function openStage(
  app: App,
  { context, incident, stage, wait }: Reopening & { stage: ReopenStage; wait: string },
): Promise<ContainOutcome[]> {
  const deadline = await context.durable(`stage:${stage.name}`, async () => {
    for (const plan of stage.plans)
      await propose(
        { app, context },
        { plan, reasons: [`stage ${stage.name}: opening again is for people to decide`] },
      )
    return app.clock.now() + (durationMs(wait) ?? 0)
  })
  const planIds = stage.plans.map(({ id }) => id)
  return carryOutApproved(app, { context, incident, planIds, deadline })
}

async function stable({ store, clock }: App, incident: Incident): Promise<void> {
  const current = await findIncident(store, incident.id)
  if (current?.state !== 'contained' && current?.state !== 'open') return
  const reason = 'every stage is open again and verified on the chain'
  await moveIncident({ store, clock }, { incidentId: incident.id, to: 'stable', author: 'cordon', reason })
}
