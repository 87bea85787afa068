import { z } from 'zod'
import { isTruly } from '../../contain/approval/approve.ts'
import { installationFor } from '../../contain/approval/standing.ts'
import { durationMs, durationText } from '../../kit/duration.ts'
import { CordonError } from '../../kit/error.ts'
import { durationSchema } from '../../model/playbook.ts'
import { type RoleId, roleIdSchema } from '../../model/role.ts'
import type { ActionContext } from '../../playbooks/action.ts'
import { listApprovals } from '../../store/approvals.ts'
import { findIncident } from '../../store/incidents.ts'
import { listPlans } from '../../store/plans.ts'
import { listSignalsOf } from '../../store/signals.ts'
import type { App } from '../context.ts'
import type { ActionKind } from './action-kind.ts'
import { tellRoles } from './notify.ts'

export const escalateArgs = z.strictObject({
  title: z.string(),
  body: z.string().default(''),
  /** In this order, until one of the paged people signs something: an answer, an approval, a refusal. */
  levels: z
    .array(z.strictObject({ roles: z.array(roleIdSchema).min(1), after: durationSchema.default('5m') }))
    .min(1)
    .max(10),
})

/** The end of an escalation: who acted, and at which level, from 0. */
type Answered = { by: string; level: number }

/**
 * `escalate`: pages the first level, and the next one if nobody paged has signed anything about the incident for
 * `after`. A delivered page is not an answer, and neither is a statement that somebody else makes in a person's name.
 * Throws `app.NobodyAnswered` after the last level.
 */
export const escalateKind: ActionKind<z.infer<typeof escalateArgs>> = {
  name: 'escalate',
  args: escalateArgs,
  open:
    (app) =>
    async (context, { title, body, levels }) => {
      const began = await context.durable('began', async () => app.clock.now())
      for (const [level, { roles, after }] of levels.entries()) {
        const part = `:${level}`
        await tellRoles(app, context, { roles, title, body, part })
        const paged = await context.durable(`paged${part}`, async () => app.clock.now())
        const deadline = paged + (durationMs(after) ?? 0)
        const called = levels.slice(0, level + 1).flatMap((one) => one.roles)
        const look = (): Promise<string | undefined> => answerSince(app, context, { began, called })
        const seen = await context.until({ deadline, look })
        const by = await context.durable(`answered${part}`, async () => seen ?? null)
        if (by !== null) return { by, level } satisfies Answered
      }
      throw nobody(levels)
    },
}

type Called = { began: number; called: readonly RoleId[] }

/**
 * The first of the paged people that has signed something since: an approval, a refusal, an answer to a run. A person
 * without an address in `roles` cannot sign, and answers by name.
 */
async function answerSince(
  { store, config }: App,
  { incidentId }: ActionContext,
  { began, called }: Called,
): Promise<string | undefined> {
  const people = called.flatMap((role) => config.roles[role] ?? [])
  const addresses = new Set(people.flatMap(({ address }) => address ?? []))
  const incident = await findIncident(store, incidentId)
  if (incident === undefined) return undefined
  const installation = await installationFor(store, incident)
  for (const { id } of await listPlans(store, incidentId))
    for (const approval of await listApprovals(store, id)) {
      if (approval.givenAt < began || !addresses.has(approval.signer)) continue
      if (approval.installation === installation && (await isTruly(approval))) return approval.signer
    }
  const signals = await listSignalsOf(store, incidentId, began)
  return signals.find(({ author, proof }) =>
    people.some(({ name, address }) => name === author && (address === undefined || proof === 'signed')),
  )?.author
}

function nobody(levels: z.infer<typeof escalateArgs>['levels']): CordonError {
  const waited = levels.reduce((sum, { after }) => sum + (durationMs(after) ?? 0), 0)
  return new CordonError({
    code: 'app.NobodyAnswered',
    message: `Nobody who was called has signed anything in ${durationText(waited)}, on ${levels.length} levels.`,
    facts: { levels: levels.map(({ roles }) => roles.join(', ')) },
    fix: 'Call them by telephone. What ends an escalation: `cordon approvals sign`, or a signed answer (`cordon playbooks signal … --sign`). Try who can be reached with `cordon drill reach`.',
  })
}
