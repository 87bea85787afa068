import { durationText } from '../kit/duration.ts'
import { isOpen } from '../model/drill.ts'
import type { Block, Line, ReportDocument } from './document.ts'
import { code, dayAndTime, heading, iso, list, paragraph, strong, table, text } from './document.ts'
import {
  balanceBlocks,
  deedBlocks,
  evidenceBlocks,
  factBlocks,
  runBlocks,
  timelineBlocks,
  titleOf,
  toldBlocks,
} from './incident-blocks.ts'
import {
  actorBlocks,
  causeBlocks,
  counterfactualBlocks,
  flowBlocks,
  lossBlocks,
  stepBlocks,
  treeBlocks,
  unexplainedBlocks,
} from './investigation-blocks.ts'
import { openingBlocks } from './opening.ts'
import { accounts, percent, withSymbols } from './parts.ts'
import type { PrintedRecord } from './record.ts'
import { remedyBlocks } from './remedy-blocks.ts'
import { proposalBlocks, scopeBlocks } from './scope-blocks.ts'
import { withShortForms } from './short-forms.ts'
import { spokenRecord } from './spoken-record.ts'

/**
 * A blameless postmortem: the course of events, the causes, the cost, the response, and the actions with their owners.
 * It names roles, steps and systems, not people.
 */
export function postmortem(recorded: PrintedRecord): Pick<ReportDocument, 'title' | 'blocks'> {
  const record = spokenRecord(recorded)
  const { investigation: found } = record
  const names = withSymbols(record.names, [...(found?.assets ?? []), ...record.assets])
  const bad = failures(record)
  const blocks = [
    ...openingBlocks({ ...record, names }),
    ...summaryBlocks(record),
    ...timelineBlocks({ ...record, names }),
    ...(found === null
      ? [heading(2, 'Root cause'), notInvestigated()]
      : [...causeBlocks(found, names), ...counterfactualBlocks(found), ...stepBlocks(found, names)]),
    ...(found === null
      ? balanceBlocks({ ...record, names })
      : [...lossBlocks(found, names), ...actorBlocks(found, names)]),
    ...timeBlocks(record),
    ...workedBlocks(record, bad),
    ...(found === null ? [] : flowBlocks(found, names)),
    ...deedBlocks({ ...record, names }),
    ...(found === null ? [] : scopeBlocks(found, names)),
    ...toldBlocks({ ...record, names }),
    ...remedyBlocks(found, { names, failed: bad.map(([what]) => what) }),
    ...(found === null ? [] : [...proposalBlocks(found), ...unexplainedBlocks(found)]),
    ...evidenceBlocks(record),
    ...factBlocks(record),
    ...runBlocks(record),
    ...(found === null ? [] : treeBlocks(found)),
  ]
  return { title: `Postmortem: ${titleOf(record)}`, blocks: withShortForms(blocks, names) }
}

function notInvestigated(): Block {
  return paragraph(
    text('There is no investigation on record: a playbook’s step '),
    code('investigate'),
    text(' does, or '),
    code('cordon investigate --incident ID --record'),
    text('.'),
  )
}

function summaryBlocks({ incident, investigation, containments, times, names }: PrintedRecord): Block[] {
  const began = incident.startedAt === null ? 'At a time not known' : `At ${iso(incident.startedAt)}`
  const contained = times?.milestones.find(({ name, at }) => name === 'contained' && at !== null)
  const worked = containments.filter(({ verification }) => verification?.verified === true).length
  const cause = investigation?.rootCause
  return [
    heading(2, 'Summary'),
    paragraph(
      text(
        `${began}, ${counted(incident.transactions.length, 'transaction')} on chain ${incident.chainId} attacked `,
      ),
      ...accounts(incident.victims.length > 0 ? incident.victims : incident.protected, names),
      text(`. It was discovered at ${iso(incident.discoveredAt)}. `),
      ...(cause === undefined || cause.category === 'unknown'
        ? [text('The cause is not known. ')]
        : [
            text('The most likely cause: '),
            strong(cause.category),
            text(` (${percent(cause.confidence)}). `),
          ]),
      text(
        contained === undefined || contained.afterMs === null
          ? 'The record shows no containment.'
          : `It was contained ${durationText(contained.afterMs)} after it became visible, by ${counted(worked, 'verified action')}.`,
      ),
    ),
  ]
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}

/** Measured as in a drill, from the record alone. */
function timeBlocks({ times, writtenAt }: PrintedRecord): Block[] {
  const title = heading(2, 'Response times')
  if (times === null) return [title, paragraph(text('The record has no response times.'))]
  const rows = times.milestones.map(({ name, at, afterMs, source }) => [
    [text(name)],
    [text(at === null ? '–' : dayAndTime(at))],
    [text(afterMs === null ? 'never' : afterMs < 0 ? `${afterMs} ms` : durationText(afterMs))],
    [text(source)],
  ])
  const asked = times.questions.map(
    (question): Line => [
      code(question.step),
      text(` ${question.title} (${question.roles.join(', ')}): ${answerText(question, writtenAt)}`),
    ],
  )
  return [
    title,
    paragraph(
      text('Times count from the moment when the attack became visible; block times are whole seconds.'),
    ),
    table(['milestone', 'at', '>after', 'from*'], rows),
    ...(asked.length === 0 ? [] : [paragraph(text('Asked of people:')), list(asked)]),
  ]
}

type Question = NonNullable<PrintedRecord['times']>['questions'][number]

function answerText(question: Question, now: number): string {
  const { answer, answeredMs, until } = question
  if (answer !== null) return `${answer} after ${durationText(answeredMs ?? 0)}`
  return isOpen(question, now) && until !== undefined ? `open until ${dayAndTime(until)}` : 'no answer'
}

type Failure = readonly [what: string, why: string]

/** A refusal is a decision, not a failure. */
function failures({ runs, containments, times, writtenAt }: PrintedRecord): Failure[] {
  return [
    ...runs.flatMap(({ playbookId, steps }) =>
      steps
        .filter(({ state }) => state === 'failed' || state === 'timed-out')
        .map(
          ({ stepId, state, error }): Failure => [
            `step ${stepId} of ${playbookId} (${state})`,
            error?.message ?? '',
          ],
        ),
    ),
    ...containments.flatMap(({ plan, simulation, broadcast, verification }): Failure[] => {
      const what = `${plan.purpose === 'reopen' ? 'reopening' : 'containment'} by ${plan.lever.signature}`
      const broken = (verification?.checks ?? []).filter(({ passed }) => !passed).map(({ check }) => check)
      if (broadcast?.state === 'reverted' || broadcast?.state === 'abandoned')
        return [[what, `its transaction was ${broadcast.state}`]]
      if (verification?.verified === false) return [[what, broken.join('; ')]]
      return simulation?.attack === 'not-stopped' ? [[what, 'it would not have stopped the attack']] : []
    }),
    ...(times?.questions ?? [])
      .filter((question) => question.answer === null && !isOpen(question, writtenAt))
      .map(({ step }): Failure => [`question ${step}`, 'nobody answered']),
  ]
}

function workedBlocks({ runs, containments }: PrintedRecord, bad: readonly Failure[]): Block[] {
  const good: Line[] = [
    ...containments
      .filter(({ verification }) => verification?.verified === true)
      .map(
        ({ plan, simulation }): Line => [
          text(`${plan.lever.signature} was verified on the chain`),
          text(simulation?.attack === 'stopped' ? '; simulated beforehand, it stopped the attack' : ''),
        ],
      ),
    ...runs.map(({ playbookId, steps }): Line => {
      const done = steps.filter(({ state }) => state === 'succeeded').length
      return [text('Playbook '), code(playbookId), text(`: ${done} of ${steps.length} steps succeeded`)]
    }),
  ]
  return [
    heading(2, 'What worked'),
    good.length === 0 ? paragraph(text('Nothing on record.')) : list(good),
    heading(2, 'What did not work'),
    bad.length === 0
      ? paragraph(text('Nothing on record.'))
      : list(bad.map(([what, why]) => [text(what), text(why === '' ? '' : `: ${why}`)])),
  ]
}
