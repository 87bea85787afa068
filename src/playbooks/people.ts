import { crashPoint } from '../kit/crash-point.ts'
import { durationMs, durationText } from '../kit/duration.ts'
import { CordonError } from '../kit/error.ts'
import { printable } from '../kit/text.ts'
import type { ApprovalStep, Run, Signal, TaskStep, WaitStep } from '../model/playbook.ts'
import { findIncident } from '../store/incidents.ts'
import { listSignals } from '../store/signals.ts'
import { appendTimeline } from '../store/timeline.ts'
import { type Ending, errorOf } from './result.ts'
import { durably, type Session } from './session.ts'
import { until } from './until.ts'

type Told = { roles: readonly string[]; title: string; body: string }
type Waiting<S> = { run: Run; step: S; key: string }

/** Waits for a time to pass or for a signal by name. */
export async function waitOut(
  session: Session,
  { run, step, key }: Waiting<WaitStep>,
  startedAt: number,
): Promise<Ending> {
  const { wait } = step
  if ('for' in wait) {
    await until(session, run, { deadline: startedAt + (durationMs(wait.for) ?? 0) })
    return { state: 'succeeded', output: { answer: null, waitedMs: durationMs(wait.for) ?? 0 }, error: null }
  }
  const ms = durationMs(wait.timeout) ?? 0
  const targets = [key, wait.signal]
  return answered(session, { run, key, ms }, { startedAt, targets, verdict: firstAnswer })
}

/** Asks the people of roles and waits for their answers: one answer for a task, a quorum for an approval. */
export async function askPeople(
  session: Session,
  { run, step, key }: Waiting<TaskStep | ApprovalStep>,
  { startedAt, tell }: { startedAt: number; tell: (told: Told) => Promise<void> },
): Promise<Ending> {
  const asked = 'task' in step ? step.task : step.approval
  const ms = durationMs('ttl' in asked ? asked.ttl : asked.timeout) ?? 0
  const quorum = 'quorum' in asked ? asked.quorum : 1
  const many = quorum > 1 ? ` (${quorum} needed)` : ''
  const how = `cordon playbooks signal ${run.id} ${key} done|refuse --by NAME`
  await durably(session, `${key}/asked`, async () => {
    const now = session.clock.now()
    await appendTimeline(session.store, {
      incidentId: run.incidentId,
      kind: 'question',
      eventTime: now,
      discoveryTime: now,
      author: 'cordon',
      message: `Step ${key} waits ${durationText(ms)} for ${asked.roles.join(', ')}${many}: ${printable(asked.title, 200)}`,
      facts: { runId: run.id, playbookId: run.playbookId, stepId: key, ...asked, until: startedAt + ms },
    })
  })
  await tell({
    roles: asked.roles,
    title: asked.title,
    body: [asked.instructions, `Answer${many} within ${durationText(ms)}: ${how}`].filter(Boolean).join('\n'),
  })
  crashPoint(`playbooks.step-asked:${key}`)
  const verdict = 'approval' in step ? approvalOf(step) : firstAnswer
  const endsWhenContained = 'task' in step && step.task.endsWhen === 'contained'
  return answered(session, { run, key, ms }, { startedAt, targets: [key], verdict, endsWhenContained })
}

type Verdict = (signals: readonly Signal[]) => Ending | undefined

function firstAnswer([first]: readonly Signal[]): Ending | undefined {
  if (first === undefined) return undefined
  const { answer, author, note, givenAt } = first
  const output = { answer, by: author, note, givenAt }
  return answer === 'done'
    ? { state: 'succeeded', output, error: null }
    : { state: 'refused', output, error: refused(first) }
}

/** Counts each person once, and only people in one of the roles. */
function approvalOf({ approval }: ApprovalStep): Verdict {
  return (signals) => {
    const entitled = signals.filter(({ roles }) => roles.some((role) => approval.roles.includes(role)))
    const no = entitled.find(({ answer }) => answer === 'refuse')
    const by = [...new Map(entitled.map((signal) => [signal.author, signal])).values()]
      .slice(0, approval.quorum)
      .map(({ author, note, givenAt }) => ({ author, note, givenAt }))
    const approvedFirst = no === undefined || quorumBefore(entitled, no, approval.quorum)
    if (!approvedFirst && no !== undefined)
      return {
        state: 'refused',
        output: { approved: false, by: no.author, note: no.note },
        error: refused(no),
      }
    if (by.length < approval.quorum) return undefined
    return { state: 'succeeded', output: { approved: true, by }, error: null }
  }
}

/** A refusal that comes after the quorum changes nothing: the run may have acted on it. */
function quorumBefore(signals: readonly Signal[], no: Signal, quorum: number): boolean {
  const earlier = signals.slice(0, signals.indexOf(no)).map(({ author }) => author)
  return new Set(earlier).size >= quorum
}

type Asked = { run: Run; key: string; ms: number }
type Answering = {
  startedAt: number
  targets: readonly string[]
  verdict: Verdict
  endsWhenContained?: boolean
}

async function answered(session: Session, { run, key, ms }: Asked, answering: Answering): Promise<Ending> {
  const { targets, verdict, endsWhenContained = false } = answering
  const deadline = answering.startedAt + ms
  const look = async (): Promise<Ending | undefined> =>
    verdict(await listSignals(session.store, run.id, targets)) ??
    (endsWhenContained ? await doneByContainment(session, run) : undefined)
  const ending = await until(session, run, { deadline, look })
  if (ending !== undefined) return ending
  return { state: 'timed-out', output: { answer: null }, error: errorOf(timedOut(key, ms)) }
}

/** The requested result was reached in another way; undefined while the incident is not contained. */
async function doneByContainment(session: Session, { incidentId }: Run): Promise<Ending | undefined> {
  const incident = await findIncident(session.store, incidentId)
  if (incident?.state !== 'contained') return undefined
  const output = {
    answer: 'done',
    by: 'cordon',
    note: 'The incident is contained.',
    givenAt: session.clock.now(),
  }
  return { state: 'succeeded', output, error: null }
}

function refused({ author, note }: Signal): NonNullable<Ending['error']> {
  const said = note === '' ? '' : `: ${printable(note, 300)}`
  return errorOf(
    new CordonError({
      code: 'playbooks.Refused',
      message: `${printable(author, 60)} refused${said}`,
      fix: 'Decide what to do instead, and write it on the timeline.',
    }),
  )
}

function timedOut(key: string, ms: number): CordonError {
  return new CordonError({
    code: 'playbooks.TimedOut',
    message: `Nobody answered ${key} within ${durationText(ms)}.`,
    fix: 'Do it by hand, and check that the people in these roles can be reached.',
  })
}
