import type { Containing } from '../../contain/pipeline/containing.ts'
import type { Scheduled } from '../../contain/pipeline/delay.ts'
import {
  execute,
  finish,
  pull,
  type Sent,
  type Unsent,
  type Verified,
} from '../../contain/pipeline/pipeline.ts'
import { pageByHand } from './by-hand.ts'
import { knownOn, prepare } from './prepare.ts'
import { propose, proposeOnce } from './propose.ts'
import { type ContainOutcome, unsent, type Work } from './work.ts'

/** A transaction that was sent, with the inputs of the stages that follow. */
export type Begun = { containing: Containing; sent: Sent }

/** Contains one contract without people, up to the broadcast. A plan that may not be sent is proposed. */
export async function begin(work: Work): Promise<Begun | ContainOutcome> {
  const containing = await prepare(work)
  const pulled = await pull(containing, knownOn(work))
  return pulled.kind === 'sent' ? { containing, sent: pulled } : outcomeUnsent(work, pulled)
}

async function outcomeUnsent(work: Work, ended: Unsent): Promise<ContainOutcome> {
  const { context, target } = work
  const { plan } = ended
  const at = { target, planId: plan.id }
  switch (ended.kind) {
    case 'already-pulled':
      return unsent(at, 'already-paused', ['its state says that it is pulled'])
    case 'needless':
      return unsent(at, 'already-paused', [ended.why])
    case 'for-people': {
      const outcome = await proposeOnce(work, ended)
      return { ...unsent(at, outcome, ended.reasons), isWorthIt: ended.isWorthIt }
    }
    case 'not-permitted': {
      const { reasons } = ended
      await context.durable(`refused:${plan.id}`, () => propose(work, { plan, reasons }))
      await pageByHand(work, { plan, title: 'Not sent: it may not be signed any more', reasons })
      return unsent(at, 'proposed', reasons)
    }
  }
}

/** Waits for the chain and checks whether the lever holds. */
export async function carryOut(work: Work, { containing, sent }: Begun): Promise<ContainOutcome> {
  const { target } = work
  try {
    const ended = await finish(containing, sent)
    if (ended.kind === 'scheduled') return await afterDelay(work, { containing, sent }, ended)
    return outcomeOf(target, ended)
  } finally {
    work.app.containing.delete(sent.plan.id)
  }
}

function outcomeOf(target: Work['target'], { plan, broadcast, verification }: Verified): ContainOutcome {
  return {
    target,
    planId: plan.id,
    transactionHash: broadcast.transactionHash,
    outcome: !verification.verified ? 'not-verified' : plan.purpose === 'contain' ? 'contained' : 'reopened',
    reasons: verification.checks
      .filter((check) => !check.passed)
      .map((check) => `${check.check}: ${check.detail}`),
  }
}

/**
 * The longest delay of the chain that a run waits for; a longer one is reported, and the run continues without it.
 * Seconds.
 */
const MOST_WAIT = 900

/** Executes a scheduled call once its delay is over; where that is far off, the time is on the timeline for people. */
async function afterDelay(
  work: Work,
  { containing, sent }: Begun,
  { plan, broadcast, readyAt, now }: Scheduled,
): Promise<ContainOutcome> {
  const { transactionHash } = broadcast
  const base = { target: work.target, planId: plan.id, transactionHash }
  if (readyAt === null) return { ...base, outcome: 'not-verified', reasons: ['it was not scheduled'] }
  const seconds = readyAt - now
  const reasons = [`it can be executed at ${new Date(readyAt * 1_000).toISOString()}`]
  if (seconds > MOST_WAIT) return { ...base, outcome: 'scheduled', reasons }
  await work.context.sleep(Math.max(0, seconds) * 1_000)
  const execution = await execute(containing, sent, readyAt)
  if (execution.kind === 'sent') return carryOut(work, { containing, sent: execution })
  await pageByHand(work, { ...execution, title: 'Scheduled, and not executed' })
  return { ...base, outcome: 'scheduled', reasons: [...execution.reasons] }
}
