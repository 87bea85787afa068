import { z } from 'zod'
import { durationMs, durationText } from '../../kit/duration.ts'
import { CordonError } from '../../kit/error.ts'
import { durationSchema } from '../../model/playbook.ts'
import { roleIdSchema } from '../../model/role.ts'
import type { Action, ActionContext } from '../../playbooks/action.ts'
import { listTimeline } from '../../store/timeline.ts'
import type { App } from '../context.ts'
import { tellRoles } from './notify.ts'

export const escalateArgs = z.strictObject({
  title: z.string(),
  body: z.string().default(''),
  /** In this order, until somebody does something: an answer, an approval, a note, a verdict. */
  levels: z
    .array(z.strictObject({ roles: z.array(roleIdSchema).min(1), after: durationSchema.default('5m') }))
    .min(1)
    .max(10),
})

/** What ended it: who did something, and at which level, from 0. */
type Answered = { by: string; level: number }

/**
 * `escalate`: calls the first level, and the next one where nobody has done anything on the incident for `after`. A page that was
 * delivered is no answer. Throws `app.NobodyAnswered` after the last.
 */
export function escalateAction(app: App): Action<z.infer<typeof escalateArgs>> {
  return {
    name: 'escalate',
    args: escalateArgs,
    async run(context, { title, body, levels }) {
      const began = await context.durable('began', async () => app.clock.now())
      for (const [level, { roles, after }] of levels.entries()) {
        const part = `:${level}`
        await tellRoles(app, context, { roles, title, body, part })
        const paged = await context.durable(`paged${part}`, async () => app.clock.now())
        const deadline = paged + (durationMs(after) ?? 0)
        const seen = await context.until({ deadline, look: () => answerSince(app, context, began) })
        const by = await context.durable(`answered${part}`, async () => seen ?? null)
        if (by !== null) return { by, level } satisfies Answered
      }
      throw nobody(levels)
    },
  }
}

/** The first person who put something on the timeline since. */
async function answerSince(
  app: App,
  { incidentId }: ActionContext,
  began: number,
): Promise<string | undefined> {
  const timeline = await listTimeline(app.store, incidentId)
  return timeline.find(({ author, discoveryTime }) => author !== 'cordon' && discoveryTime >= began)?.author
}

function nobody(levels: z.infer<typeof escalateArgs>['levels']): CordonError {
  const waited = levels.reduce((sum, { after }) => sum + (durationMs(after) ?? 0), 0)
  return new CordonError({
    code: 'app.NobodyAnswered',
    message: `Nobody has done anything in ${durationText(waited)}, on ${levels.length} levels.`,
    facts: { levels: levels.map(({ roles }) => roles.join(', ')) },
    fix: 'Call them by telephone. Try who can be reached with `cordon drill reach`.',
  })
}
