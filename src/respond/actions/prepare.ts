import { z } from 'zod'
import type { Containing, Durable } from '../../contain/pipeline/containing.ts'
import type { Known } from '../../contain/pipeline/pipeline.ts'
import type { Operation } from '../../contain/trials/simulate.ts'
import { toJson } from '../../kit/json.ts'
import { addressSchema, amountSchema, hexSchema } from '../../model/hex.ts'
import { functionNames } from '../../names/function-names.ts'
import type { ActionContext } from '../../playbooks/action.ts'
import type { App } from '../context.ts'
import { relatedTo } from '../memory/map-protocol.ts'
import { recentOperations } from '../memory/operations.ts'
import { suspicionOn } from './decide.ts'
import { tellOn } from './tell.ts'
import type { Work } from './work.ts'

/** The inputs of the pipeline for one contract: those of the step, and recent operations. */
export async function prepare(work: Work): Promise<Containing> {
  const { app, context, ...about } = work
  return { ...about, ...inStep(app, context), operations: await operationsFor(work) }
}

/** The inputs that all stages of one step share: its durability and its record. */
export function inStep(app: App, context: ActionContext) {
  const durable: Durable = (name, act) => context.durable(name, act)
  return { means: app, runId: context.run.id, durable, tell: tellOn(app, context) }
}

/** The knowledge of this process about the attack and the protocol. */
export function knownOn({ app, chain, incident, attack, target }: Work): Known {
  return {
    names: functionNames,
    related: () => relatedTo(chain, { target, block: attack.pinnedBlock }),
    suspicionOn: (plan) => suspicionOn(app, chain, { incident, plan }),
  }
}

const operationsSchema = z.array(
  z.object({
    selector: hexSchema,
    from: addressSchema,
    to: addressSchema.nullable(),
    data: hexSchema,
    value: amountSchema,
  }),
)

/** The ordinary calls on which a lever is tried, as they were at the first request. */
async function operationsFor({ context, chain, target }: Work): Promise<Operation[]> {
  const json = await context.durable(`operations:${target}`, async () =>
    toJson(recentOperations(chain.operations, target)),
  )
  return operationsSchema.parse(JSON.parse(json))
}
