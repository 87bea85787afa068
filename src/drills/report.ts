import { durationText } from '../kit/duration.ts'
import type {
  DrillPoint,
  DrillQuestion,
  DrillReport,
  DrillWhere,
  ReachedPerson,
  ReachTest,
} from '../model/drill.ts'
import { isOpen } from '../model/drill.ts'
import { code, markdown } from '../reports/escape.ts'

/** The report of a drill as Markdown: times, losses, people, and each point of the certification list. */
export function drillReport(drill: DrillReport): string {
  return [
    ...heading(drill),
    ...score(drill),
    ...times(drill),
    ...losses(drill),
    ...people(drill),
    ...notes(drill),
  ].join('\n')
}

function heading(drill: DrillReport): string[] {
  const { attack, where, contained } = drill
  return [
    `# DRILL ${drill.id}: ${markdown(attack)}, ${contained ? 'contained' : 'NOT contained'}`,
    '',
    'This was a drill. Nothing in it happened to users.',
    '',
    '| | |',
    '|---|---|',
    `| Kind | ${drill.kind} |`,
    `| Where | ${whereText(where)} |`,
    `| People | ${drill.people}${drill.people === 'played' ? `, ${drill.pace} times faster than real people` : ''} |`,
    `| Standing authorisation | ${drill.standing ? 'yes' : 'no'} |`,
    `| Pending transactions watched | ${drill.mempool ? 'yes' : 'no'} |`,
    `| Blocks | every ${drill.blockSeconds} s |`,
    `| Seed | ${drill.seed} |`,
    `| Began | ${iso(drill.startedAt)} |`,
    `| Ended | ${iso(drill.endedAt)} |`,
    `| Incident | ${drill.incidentId === null ? 'none' : code(drill.incidentId)} |`,
    `| Playbook | ${drill.playbookId === null ? 'none' : code(drill.playbookId)}: ${drill.runState ?? 'not begun'} |`,
    '',
  ]
}

function whereText(where: DrillWhere): string {
  if (where.kind === 'embedded') return `a chain of its own (${where.chainId})`
  const replayed = where.replayed === null ? '' : `; replayed ${code(where.replayed)}`
  return `a fork of chain ${where.forkOf} at block ${where.forkBlock}, as chain ${where.chainId}${replayed}`
}

const WORDS = { met: 'met', 'not-met': '**not met**', 'not-tried': 'not tried' } as const

function score({ points }: DrillReport): string[] {
  const met = points.filter(({ state }) => state === 'met').length
  return [
    '## Score',
    '',
    `${met} of ${points.length} points of SEAL’s certification for incident response are met. Points that were not tried do not count.`,
    '',
    '| point | | evidence | what to do |',
    '|---|---|---|---|',
    ...points.map(pointRow),
    '',
  ]
}

function pointRow({ title, state, evidence, fix }: DrillPoint): string {
  const why = evidence.map((line) => markdown(line)).join('; ')
  return `| ${markdown(title)} | ${WORDS[state]} | ${why} | ${fix ?? '–'} |`
}

function times({ times }: DrillReport): string[] {
  const lines = ['## Times', '', '| milestone | after the attack | from |', '|---|---:|---|']
  for (const { name, afterMs, source } of times.milestones)
    lines.push(`| ${name} | ${afterMs === null ? 'never' : `${afterMs} ms`} | ${markdown(source)} |`)
  return [...lines, '']
}

function losses({ funds, attackTransactions }: DrillReport): string[] {
  const { mined, reverted } = attackTransactions
  const lines = ['## Losses', '', `Attack transactions: ${mined} went through, ${reverted} failed.`, '']
  if (funds === null) return [...lines, 'The value at stake could not be measured here.', '']
  const without = funds.lostWithoutResponseBps === null ? 'not tried' : percent(funds.lostWithoutResponseBps)
  return [
    ...lines,
    '| | of the value at stake |',
    '|---|---:|',
    `| lost with the response | ${percent(funds.lostBps)} |`,
    `| lost without one (same scene) | ${without} |`,
    '',
  ]
}

function people({ times: { questions }, endedAt }: DrillReport): string[] {
  if (questions.length === 0) return ['## People', '', 'There were no questions to people.', '']
  const lines = ['## People', '', '| asked | of | answer | by | after |', '|---|---|---|---|---:|']
  return [...lines, ...questions.map((question) => questionRow(question, endedAt)), '']
}

function questionRow(question: DrillQuestion, endedAt: number): string {
  const { step, title, roles, answer, by, answeredMs } = question
  const missing = isOpen(question, endedAt) ? 'open' : '**none**'
  const after = answeredMs === null ? '–' : durationText(answeredMs)
  return `| ${code(step)} ${markdown(title)} | ${roles.join(', ')} | ${answer ?? missing} | ${markdown(by.join(', '))} | ${after} |`
}

function notes({ notes }: DrillReport): string[] {
  if (notes.length === 0) return []
  return ['## How to read this', '', ...notes.map((line) => `- ${markdown(line)}`), '']
}

/** The result of a reach test as Markdown. */
export function reachReport(test: ReachTest, people: readonly ReachedPerson[]): string {
  const reached = people.filter((person) => person.reached).length
  return [
    `# DRILL ${test.id}: reach test, ${reached} of ${people.length} reached`,
    '',
    `Began ${iso(test.startedAt)}; answers counted until ${iso(test.endsAt)}.`,
    '',
    '| person | roles | paged over | answer | over | after | signature |',
    '|---|---|---|---|---|---:|---|',
    ...people.map(reachRow),
    ...test.emptyRoles.map((role) => `| **nobody** | ${role} | – | **none** | – | – | – |`),
    '',
  ].join('\n')
}

function reachRow({ person, roles, codes, paged, notPaged, answer, afterMs }: ReachedPerson): string {
  const failed = notPaged.map(({ channel }) => `${markdown(channel)} (failed)`)
  const over = codes.length === 0 ? '**nothing**' : [...paged.map((id) => markdown(id)), ...failed].join(', ')
  const said = answer === null ? '**none**' : answer.late ? '**late**' : 'yes'
  const signature =
    answer === null ? '–' : { signed: 'valid', named: 'no address', missing: '**missing**' }[answer.proof]
  const after = afterMs === null ? '–' : durationText(afterMs)
  return `| ${markdown(person)} | ${roles.join(', ')} | ${over} | ${said} | ${answer === null ? '–' : markdown(answer.channel)} | ${after} | ${signature} |`
}

function percent(bps: number): string {
  return `${(bps / 100).toFixed(2)} %`
}

function iso(milliseconds: number): string {
  return new Date(milliseconds).toISOString()
}
