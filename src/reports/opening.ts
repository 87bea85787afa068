import { counted, elapsedText } from '../words/share.ts'
import type { Block, Line } from './document.ts'
import { code, dayAndTime, joined, paragraph, strong, table, text } from './document.ts'
import { leftText, lostText } from './figures.ts'
import { harmText, type Outcome, outcomeOf } from './outcome.ts'
import { account, prose } from './parts.ts'
import type { PrintedRecord } from './record.ts'
import { lexiconOf } from './spoken-record.ts'

/**
 * The first screen of a report: lost, safe, stopped or not, by whom; what happened, the current state, what comes next.
 * `record` is one that uses whole tokens.
 */
export function openingBlocks(record: PrintedRecord): Block[] {
  const { incident, names } = record
  const outcome = outcomeFor(record)
  const kind = incident.kind === 'normal' ? '' : `${incident.kind} · `
  return [
    paragraph(
      text(`Incident ${incident.id} · ${kind}`),
      strong(incident.state),
      text(` · chain ${incident.chainId} · ${dayAndTime(incident.startedAt ?? incident.discoveredAt)}`),
    ),
    ...(incident.kind === 'drill' ? [drillNote()] : []),
    table(
      ['Lost*', 'Safe*', 'Stopped after*', 'Who*'],
      [[lostCell(record), safeCell(record, outcome), stoppedCell(record, outcome), whoCell(record)]],
    ),
    table(
      ['', '*'],
      [
        [[strong('What happened')], whatHappened(record)],
        [[strong('Now')], prose(nowText(record, outcome), names)],
        [[strong('Next')], nextLine(record, outcome)],
      ],
    ),
  ]
}

function drillNote(): Block {
  return {
    kind: 'callout',
    tone: 'warning',
    line: [text('This was a drill. Nothing in it happened to users.')],
  }
}

export function outcomeFor(record: PrintedRecord): Outcome {
  const errors = record.timeline.flatMap(({ kind, message }) => (kind === 'error' ? [message] : []))
  return outcomeOf({ ...record, errors }, lexiconOf(record))
}

function lostCell(record: PrintedRecord): Line {
  const lost = lostText(record, lexiconOf(record).tokens)
  return [lost === '' ? text('nothing that is known') : strong(lost)]
}

function safeCell(record: PrintedRecord, { state }: Outcome): Line {
  const left = leftText(record, lexiconOf(record).tokens)
  if (left === '') return [text('not known')]
  return state === 'contained' ? [strong(left)] : [text(`${left}, still at risk`)]
}

function stoppedCell({ times, incident }: PrintedRecord, { state }: Outcome): Line {
  const at = times?.milestones.find(({ name }) => name === 'contained')?.at ?? null
  const after = at === null ? null : at - incident.discoveredAt
  const seen = counted(incident.transactions.length, 'attack transaction')
  if (state !== 'contained') return [strong('not stopped'), text(` · ${seen}`)]
  return [strong(after === null ? 'stopped' : elapsedText(after)), text(` · ${seen}`)]
}

function whoCell({ incident, investigation, names, own }: PrintedRecord): Line {
  const named = (investigation?.attackers.accounts ?? incident.actors).filter((address) => !own.has(address))
  const [first] = named
  if (first === undefined) return [text('nobody is named')]
  const others = named.length - 1
  return [...account(first, names), text(others > 0 ? ` and ${others} more` : '')]
}

/** The likeliest cause, otherwise the statement of the most confident finding. */
function whatHappened({ investigation, findings, names }: PrintedRecord): Line {
  const hypothesis = investigation?.rootCause.hypotheses[0]
  if (hypothesis !== undefined)
    return [
      ...prose(hypothesis.statement, names),
      ...(hypothesis.confidence === 0
        ? []
        : [
            text(
              ` Cause: ${hypothesis.category}, ${Math.round(hypothesis.confidence * 100)} % by our rules.`,
            ),
          ]),
    ]
  const [surest] = [...findings].sort((a, b) => b.confidence - a.confidence)
  return surest === undefined ? [text('Nothing was found.')] : prose(surest.message, names)
}

function nowText(record: PrintedRecord, outcome: Outcome): string {
  const harm = outcome.state === 'contained' ? harmText(record.containments, lexiconOf(record)) : ''
  const sentence = `${outcome.sentence.charAt(0).toUpperCase()}${outcome.sentence.slice(1)}.`
  return harm === '' ? sentence : `${sentence} Until you reopen: ${harm}.`
}

const MOST_NEXT = 5

/** The tasks that wait for people, otherwise the default next step. */
function nextLine({ times, incident, proposals, containments }: PrintedRecord, { state }: Outcome): Line {
  const open = (times?.questions ?? []).filter(({ answer }) => answer === null).slice(0, MOST_NEXT)
  const sign =
    state === 'contained'
      ? []
      : containments.filter(({ plan, broadcast }) => broadcast === null && proposals.has(plan.id)).slice(0, 2)
  const parts: Line[] = [
    ...sign.map(({ plan }): Line => [text('Decide: '), code(`cordon approvals sign ${plan.id}`)]),
    ...open.map(({ title, roles }): Line => [text(`${title} (${roles.join(', ')})`)]),
  ]
  if (parts.length > 0) return joined(parts, ' · ')
  return state === 'contained'
    ? [text('Find and fix the cause, then reopen: '), code(`cordon levers reopen ${incident.id}`)]
    : [text('Stop it by hand: '), code(`cordon incidents show ${incident.id}`), text(' has each call.')]
}
