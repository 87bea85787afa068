import type { AssetChange } from '../model/finding.ts'
import type { Block, Line, ListItem } from './document.ts'
import { code, dayAndTime, heading, iso, joined, list, paragraph, strong, table, text } from './document.ts'
import type { Names } from './parts.ts'
import { account, accounts, asset, hex, prose } from './parts.ts'
import type { Printed, PrintedContainment, PrintedRecord } from './record.ts'

const MOST_FINDINGS = 100
const MOST_ENTRIES = 1_000

export function titleOf({ incident }: PrintedRecord): string {
  return `${incident.kind === 'drill' ? 'DRILL: ' : ''}${incident.title}`
}

export function factBlocks({ incident, writtenAt }: PrintedRecord): Block[] {
  const row = (name: string, ...line: Line): Line[] => [[text(name)], line]
  return [
    ...(incident.kind === 'drill'
      ? [callout('warning', 'This was a drill. Nothing in it happened to users.')]
      : []),
    callout('note', 'Severity, categories and confidence are a rule’s words, not a verdict.'),
    table(
      ['', '*'],
      [
        row('Incident', code(incident.id), text(` (${incident.kind})`)),
        row('State', strong(incident.state)),
        row('Severity', text(incident.severity)),
        row('Categories', ...joined(incident.categories.map((category) => [code(category)]))),
        row('Chain', text(String(incident.chainId))),
        row('Began (block time)', text(incident.startedAt === null ? 'not known' : iso(incident.startedAt))),
        row('Discovered', text(iso(incident.discoveredAt))),
        row('Report written', text(iso(writtenAt))),
      ],
    ),
  ]
}

function callout(tone: 'note' | 'warning', words: string): Block {
  return { kind: 'callout', tone, line: [text(words)] }
}

export function findingBlocks({ incident, findings, names, own }: PrintedRecord): Block[] {
  const ours = incident.actors.filter((address) => own.has(address))
  const party = (name: string, of: readonly string[]): Line => [text(`${name}: `), ...accounts(of, names)]
  const left = findings.length - MOST_FINDINGS
  return [
    heading(2, 'What happened'),
    { kind: 'list', items: findings.slice(0, MOST_FINDINGS).map((finding) => findingItem(finding, names)) },
    ...(left > 0 ? [paragraph(text(`… and ${left} more findings.`))] : []),
    list([
      party('Protected', incident.protected),
      party('Victims', incident.victims),
      party(
        'Actors',
        incident.actors.filter((address) => !ours.includes(address)),
      ),
      ...(ours.length === 0
        ? []
        : [party('Our own accounts that took part: treat their keys as stolen', ours)]),
    ]),
  ]
}

function findingItem(finding: PrintedRecord['findings'][number], names: Names): ListItem {
  const { detector, severity, confidence, pending, blockNumber, transactionHash, message, evidence } = finding
  const where = pending ? 'pending' : `block ${blockNumber}`
  return {
    line: [
      strong(detector),
      text(` (${severity}, confidence ${confidence.toFixed(2)}), ${where}`),
      ...(transactionHash === null ? [] : [text(', transaction '), ...hex(transactionHash)]),
      ...prose(`: ${message}`, names),
    ],
    items: evidence.map(({ statement, frames }) =>
      prose(`${statement}${frames.length > 0 ? ` — frames ${frames.join(', ')}` : ''}`, names),
    ),
  }
}

/** Pending findings say what would have happened; only what was mined was lost. */
export function balanceBlocks({ findings, names }: PrintedRecord): Block[] {
  const title = heading(2, 'Who lost and who gained')
  const mined = findings.filter((finding) => !finding.pending)
  if (mined.length === 0) return [title, paragraph(text('No attack transaction was mined successfully.'))]
  const perTransaction = [...new Map(mined.map((finding) => [finding.transactionHash, finding])).values()]
  const losses = sum(perTransaction.flatMap(({ loss }) => loss))
  const profits = sum(perTransaction.flatMap(({ profit }) => profit))
  return [
    title,
    paragraph(text('Net of each transaction, in base units of the asset; gas is not counted.')),
    table(
      ['', 'account**', 'asset**', '>amount'],
      [
        ...losses.map((change) => changeRow('lost', change, names)),
        ...profits.map((change) => changeRow('gained', change, names)),
      ],
    ),
  ]
}

type Change = Printed<AssetChange>

function sum(changes: readonly Change[]): Change[] {
  const totals = new Map<string, Change>()
  for (const change of changes) {
    const key = `${change.account}:${change.asset}`
    const known = totals.get(key)
    totals.set(key, known === undefined ? change : { ...known, amount: known.amount + change.amount })
  }
  return [...totals.values()]
}

function changeRow(what: string, { account: who, asset: id, amount }: Change, names: Names): Line[] {
  return [[text(what)], account(who, names), asset(id, null, names), [text(String(amount))]]
}

const MILESTONES = [
  ['alert', 'first alert'],
  ['plan', 'plan made'],
  ['simulation', 'simulated'],
  ['broadcast', 'broadcast'],
  ['verification', 'verified'],
] as const

export function milestoneBlocks({ incident, timeline }: PrintedRecord): Block[] {
  const rows = MILESTONES.flatMap(([kind, label]) => {
    const entry = timeline.find((item) => item.kind === kind)
    return entry === undefined
      ? []
      : [[[text(label)], [text(`${entry.discoveryTime - incident.discoveredAt} ms`)]]]
  })
  return [heading(2, 'Response times'), table(['milestone', '>after discovery'], rows)]
}

export function deedBlocks({ containments, runs, names }: PrintedRecord): Block[] {
  return [
    heading(2, 'What was done'),
    ...(containments.length === 0 ? [paragraph(text('No containment was planned.'))] : []),
    ...containments.flatMap((containment) => containmentBlocks(containment, names)),
    ...runs.flatMap(runBlocks),
  ]
}

function containmentBlocks(
  { plan, simulation, broadcast, verification }: PrintedContainment,
  names: Names,
): Block[] {
  const { lever } = plan
  const items: Line[] = [
    [text('Lever: '), ...signature(lever.signature), text(' on '), ...account(lever.target, names)],
    [
      text('Authority: '),
      ...(lever.authority === null ? [text('nobody known')] : account(lever.authority.address, names)),
    ],
  ]
  if (simulation !== null)
    items.push([
      text(`Simulated at block ${simulation.atBlock} (${simulation.method}): attack `),
      strong(simulation.attack),
    ])
  if (broadcast !== null)
    items.push([
      text('Transaction '),
      ...hex(broadcast.transactionHash),
      text(': '),
      strong(broadcast.state),
      text(`, block ${broadcast.blockNumber ?? '–'}`),
    ])
  for (const { passed, check, detail } of verification?.checks ?? [])
    items.push(prose(`${passed ? '✓' : '✗'} ${check} (${detail})`, names))
  return [
    heading(3, `${plan.purpose === 'reopen' ? 'Reopening' : 'Containment'}: ${lever.signature}`),
    list(items),
  ]
}

function signature(words: string): Line {
  return [words.startsWith('[') ? text(words) : code(words)]
}

function runBlocks({ playbookId, contentHash, state, steps }: PrintedRecord['runs'][number]): Block[] {
  return [
    paragraph(
      text('Playbook '),
      code(playbookId),
      text(' (content '),
      code(contentHash.slice(0, 12)),
      text('): '),
      strong(state),
    ),
    list(
      steps.map((step) => [
        code(step.stepId),
        text(` ${step.state} in ${step.endedAt - step.startedAt} ms`),
        text(step.error === null ? '' : `: ${step.error.message}`),
      ]),
    ),
  ]
}

export function timelineBlocks({ timeline, names }: PrintedRecord): Block[] {
  const left = timeline.length - MOST_ENTRIES
  return [
    heading(2, 'Timeline'),
    paragraph(text('When it happened, and when it was learned, are told apart.')),
    table(
      ['>#', 'happened*', 'learned*', 'who*', 'what****'],
      timeline
        .slice(0, MOST_ENTRIES)
        .map(({ sequence, eventTime, discoveryTime, author, message }) => [
          [text(String(sequence))],
          [text(dayAndTime(eventTime))],
          [text(dayAndTime(discoveryTime))],
          [text(author)],
          prose(message, names),
        ]),
    ),
    ...(left > 0 ? [paragraph(text(`… and ${left} more entries on record.`))] : []),
  ]
}

export function evidenceBlocks({ evidence, incident }: PrintedRecord): Block[] {
  return [
    heading(2, 'Evidence'),
    paragraph(
      text(`${evidence.count} links in the hash chain, `),
      evidence.ok ? text('intact') : strong('broken'),
      text('; head '),
      code(evidence.head),
      text('. Check it: '),
      code(`cordon incidents verify ${incident.id}`),
      text('.'),
    ),
  ]
}
