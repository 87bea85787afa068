import { patiently } from '../../chain/rpc/patiently.ts'
import { reviveAttack } from '../../contain/trials/attack.ts'
import { assert } from '../../kit/assert.ts'
import { CordonError, messageOf } from '../../kit/error.ts'
import type { Hash } from '../../model/hex.ts'
import type { Incident } from '../../model/incident.ts'
import type { ActionContext } from '../../playbooks/action.ts'
import { findIncident } from '../../store/incidents.ts'
import { markContaining } from '../../store/runs.ts'
import type { App } from '../context.ts'
import type { ActionKind } from './action-kind.ts'
import { attacksOwed, focusedOn } from './attacks-owed.ts'
import { type Begun, begin, carryOut } from './carry-out.ts'
import { findFreshAttack } from './fresh-look.ts'
import { recordStep } from './record-step.ts'
import { settle } from './settle.ts'
import { type ContainArgs, containArgs, worksFor } from './targets.ts'
import { type ContainOutcome, chainOf, unsent, type Work } from './work.ts'

/**
 * `contain`: takes each protected contract of the incident, or each named lever, through the pipeline
 * (`contain/pipeline/pipeline.ts`) up to the broadcast; then, for all that were sent, to the end. Each stage is a
 * durable step, so after a crash between two stages the run continues where it stopped. A target that fails never stops
 * the others; the step fails after them.
 */
export const containKind: ActionKind<ContainArgs> = {
  name: 'contain',
  args: containArgs,
  open: (app) => async (context, args) => {
    const incident = await findIncident(app.store, context.incidentId)
    assert(incident !== undefined, 'a run has an incident')
    // until this step has a result no other attempt begins in parallel
    await markContaining(app.store, context.run.id, context.stepId)
    const attacks = await context.durable('owed', () => attacksOwed(app, context))
    for (let turn = 0; ; turn++) {
      const answering = { incident, hash: attacks[turn] ?? null, turn }
      const { outcomes, errors } = await answer(app, context, { args, answering })
      await settle(app, incident)
      // if nothing could be done about the worst attack, the next is tried: the worst may be a decoy
      if (turn + 1 < attacks.length && outcomes.every(isNothingDone)) continue
      if (errors.length > 0) throw errors.find(isRetryable) ?? errors[0]
      return outcomes
    }
  },
}

/** The attack transaction at index `turn` among those that the step answers; null if none is known. */
type Answering = { incident: Incident; hash: Hash | null; turn: number }

async function answer(
  app: App,
  context: ActionContext,
  { args, answering }: { args: ContainArgs; answering: Answering },
): Promise<{ outcomes: ContainOutcome[]; errors: unknown[] }> {
  const { incident, hash, turn } = answering
  const chain = chainOf(app, incident)
  const looking = { app, chain, context, incident: focusedOn(incident, hash) }
  const found = await context.durable('attack', () => patiently(app, () => findFreshAttack(looking)))
  const attempt = turn === 0 ? context.run.id : `${context.run.id}:${turn + 1}`
  const shared = { app, context, incident, attack: reviveAttack(found), attempt }
  const works = await worksFor(args, shared)
  const errors: unknown[] = []
  const isOrdered = args.action === 'levers' && args.order === 'in-order'
  const outcomes = isOrdered ? await oneByOne(works, errors) : await together(works, errors)
  return { outcomes, errors }
}

function isNothingDone({ outcome, isWorthIt = false }: ContainOutcome): boolean {
  if (isWorthIt) return false
  return outcome === 'proposed' || outcome === 'still-proposed' || outcome === 'failed'
}

/** Sends all of them before it waits for the first: a block is short. */
async function together(works: readonly Work[], errors: unknown[]): Promise<ContainOutcome[]> {
  const all: { work: Work; begun: Begun | ContainOutcome }[] = []
  for (const work of works) all.push({ work, begun: await caught(work, errors, () => begin(work)) })
  const outcomes: ContainOutcome[] = []
  for (const { work, begun } of all)
    outcomes.push('sent' in begun ? await caught(work, errors, () => carryOut(work, begun)) : begun)
  return outcomes
}

/** Stops at the first lever that does not hold: the later ones depend on it. */
async function oneByOne(works: readonly Work[], errors: unknown[]): Promise<ContainOutcome[]> {
  const outcomes: ContainOutcome[] = []
  for (const work of works) {
    const [outcome] = await together([work], errors)
    if (outcome === undefined) break
    outcomes.push(outcome)
    if (outcome.outcome !== 'contained' && outcome.outcome !== 'already-paused') break
  }
  return outcomes
}

async function caught<T>(
  { app, context, target }: Work,
  errors: unknown[],
  act: () => Promise<T>,
): Promise<T | ContainOutcome> {
  try {
    return await act()
  } catch (thrown) {
    errors.push(thrown)
    const message = `Containment of ${app.names.get(target) ?? target} failed: ${messageOf(thrown)}`
    await recordStep(app, context, {
      kind: 'error',
      message,
      evidence: { kind: 'failure', body: { target } },
    })
    return unsent({ target, planId: null }, 'failed', [messageOf(thrown)])
  }
}

function isRetryable(thrown: unknown): boolean {
  return thrown instanceof CordonError && thrown.retryable
}
