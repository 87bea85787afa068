import { isOpen } from '../model/drill.ts'
import type { AssetChange } from '../model/finding.ts'
import { counted, elapsedText } from '../words/share.ts'
import type { Block, Line, ListItem } from './document.ts'
import { code, dayAndTime, heading, iso, joined, list, paragraph, strong, table, text } from './document.ts'
import { evidenceLine } from './evidence-line.ts'
import { lossesOf } from './figures.ts'
import { harmText } from './outcome.ts'
import type { Names } from './parts.ts'
import { account, accounts, amountOf, asset, hex, prose } from './parts.ts'
import type { Printed, PrintedContainment, PrintedRecord } from './record.ts'

const MOST_FINDINGS = 100
const MOST_ENTRIES = 1_000

export function titleOf({ incident }: PrintedRecord): string {
  return `${incident.kind === 'drill' ? 'DRILL: ' : ''}${incident.title}`
}

/** Identifiers and names in the record, for a closer look. */
export function factBlocks({ incident, names, writtenAt, own }: PrintedRecord): Block[] {
  const ours = incident.actors.filter((address) => own.has(address))
  const theirs = incident.actors.filter((address) => !own.has(address))
  const row = (name: string, ...line: Line): Line[] => [[text(name)], line]
  return [
    heading(2, 'Appendix: the incident'),
    {
      kind: 'callout',
      tone: 'note',
      line: [text('Severity, categories and confidence come from rules and are not a verdict.')],
    },
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
        row('Protected', ...accounts(incident.protected, names)),
        row('Victims', ...accounts(incident.victims, names)),
        row('Actors', ...accounts(theirs, names)),
        ...(ours.length === 0
          ? []
          : [row('Our own accounts that took part: treat their keys as stolen', ...accounts(ours, names))]),
        row('Transactions', ...joined(incident.transactions.slice(0, 20).map((hash) => hex(hash)))),
      ],
    ),
  ]
}

/** The findings, if nobody has investigated. */
export function findingBlocks({ findings, names }: PrintedRecord): Block[] {
  const left = findings.length - MOST_FINDINGS
  return [
    heading(2, 'Cause'),
    paragraph(text('There is no investigation yet; these are the findings of the detectors.')),
    { kind: 'list', items: findings.slice(0, MOST_FINDINGS).map((finding) => findingItem(finding, names)) },
    ...(left > 0 ? [paragraph(text(`… and ${left} more findings.`))] : []),
  ]
}

/** Findings in the words and units of the record, for comparison. */
export function rawFindingBlocks({ findings, names }: PrintedRecord): Block[] {
  if (findings.length === 0) return []
  const left = findings.length - MOST_FINDINGS
  return [
    heading(2, 'Appendix: findings as recorded'),
    paragraph(text('Amounts in base units.')),
    {
      kind: 'list',
      items: findings.slice(0, MOST_FINDINGS).map((finding) => findingItem(finding, names)),
    },
    ...(left > 0 ? [paragraph(text(`… and ${left} more findings.`))] : []),
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
    items: evidence.map(({ statement, frames }) => evidenceLine(message, { statement, frames }, names)),
  }
}

/** Pending findings show the effect that would have happened; only mined losses are losses. */
export function balanceBlocks({ findings, names, assets }: PrintedRecord): Block[] {
  const title = heading(2, 'Who lost and who gained')
  const mined = findings.filter((finding) => !finding.pending)
  if (mined.length === 0) return [title, paragraph(text('No attack transaction was mined successfully.'))]
  const losses = lossesOf({ findings, investigation: null })
  const perTransaction = [...new Map(mined.map((finding) => [finding.transactionHash, finding])).values()]
  const profits = sum(perTransaction.flatMap(({ profit }) => profit))
  return [
    title,
    paragraph(text('Net of each transaction; gas is not counted.')),
    table(
      ['', 'account**', '>amount', 'asset**'],
      [
        ...losses.map((change) => changeRow('lost', change, { names, assets })),
        ...profits.map((change) => changeRow('gained', change, { names, assets })),
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

type Said = { names: Names; assets: PrintedRecord['assets'] }

function changeRow(
  what: string,
  { account: who, asset: id, amount }: Change,
  { names, assets }: Said,
): Line[] {
  return [[text(what)], account(who, names), amountOf(id, amount, assets), asset(id, null, names)]
}

/** Characters of the longest bar. */
const BAR = 30

const MILESTONES = [
  ['alert', 'first alert'],
  ['plan', 'plan made'],
  ['simulation', 'simulated'],
  ['broadcast', 'broadcast'],
  ['verification', 'verified'],
] as const

/** The duration of each part, with a bar: the longest is the full width. */
export function milestoneBlocks({ incident, timeline }: PrintedRecord): Block[] {
  const reached = MILESTONES.flatMap(([kind, label]) => {
    const entry = timeline.find((item) => item.kind === kind)
    return entry === undefined ? [] : [{ label, ms: entry.discoveryTime - incident.discoveredAt }]
  })
  const longest = Math.max(1, ...reached.map(({ ms }) => ms))
  const rows = reached.map(({ label, ms }) => [
    [text(label)],
    [text(elapsedText(ms))],
    [text('█'.repeat(Math.max(1, Math.round((BAR * Math.max(0, ms)) / longest))))],
  ])
  return [heading(2, 'Response times'), table(['milestone', '>after discovery', '*'], rows)]
}

export function deedBlocks({ containments, names, functions }: PrintedRecord): Block[] {
  return [
    heading(2, 'Containment'),
    ...(containments.length === 0 ? [paragraph(text('No containment was planned.'))] : []),
    ...containments.flatMap((containment) => containmentBlocks(containment, { names, functions })),
  ]
}

function containmentBlocks(
  { plan, simulation, broadcast, verification }: PrintedContainment,
  { names, functions }: Pick<PrintedRecord, 'names' | 'functions'>,
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
  if (plan.byHand !== null)
    items.push([
      text(`Called by hand by ${plan.byHand.who} in transaction `),
      ...hex(plan.byHand.transactionHash),
      text(`, block ${plan.byHand.blockNumber}`),
    ])
  const harm = harmText([{ plan, simulation, broadcast, verification }], {
    names,
    functions,
    tokens: new Map(),
  })
  if (harm !== '') items.push([text(`Effect on users: ${harm}`)])
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

/** The steps that the playbooks ran. */
export function runBlocks({ runs }: PrintedRecord): Block[] {
  return runs.length === 0 ? [] : [heading(2, 'Appendix: playbooks'), ...runs.flatMap(oneRunBlocks)]
}

function oneRunBlocks({ playbookId, contentHash, state, steps }: PrintedRecord['runs'][number]): Block[] {
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
        text(` ${step.state} in ${elapsedText(step.endedAt - step.startedAt)}`),
        text(step.error === null ? '' : `: ${step.error.message}`),
      ]),
    ),
  ]
}

/** Entries that the report shows elsewhere are left out here: steps that succeeded, and the recipients of pages. */
function isNews({ kind, facts }: PrintedRecord['timeline'][number]): boolean {
  return kind !== 'notification' && !(kind === 'step' && facts.state === 'succeeded')
}

export function timelineBlocks({ timeline, names }: PrintedRecord): Block[] {
  const news = timeline.filter(isNews)
  const left = news.length - MOST_ENTRIES
  const rest = timeline.length - news.length
  return [
    heading(2, 'Timeline'),
    paragraph(
      text(
        `When it happened; when it was learned, where that was later.${rest === 0 ? '' : ` ${counted(rest, 'entry', 'entries')} about steps that went well and about pages are below.`}`,
      ),
    ),
    table(
      ['>#', 'happened*', 'learned', 'who', 'what*****'],
      news
        .slice(0, MOST_ENTRIES)
        .map((entry) => [
          [text(String(entry.sequence))],
          [text(dayAndTime(entry.eventTime))],
          [text(laterText(entry))],
          [text(entry.author)],
          prose(entryText(entry), names),
        ]),
    ),
    ...(left > 0 ? [paragraph(text(`… and ${left} more entries on record.`))] : []),
  ]
}

function laterText({ eventTime, discoveryTime }: PrintedRecord['timeline'][number]): string {
  const later = discoveryTime - eventTime
  return later < 1 ? '' : `+${elapsedText(later)}`
}

/** The content of an alert stands under its cause: here only that it arrived, and from which detector. */
function entryText({ kind, facts, message }: PrintedRecord['timeline'][number]): string {
  const { detectors, confidence } = facts
  const isTold = kind === 'alert' && Array.isArray(detectors) && typeof confidence === 'number'
  const [lead = message] = message.split(': ')
  return isTold ? `${lead}, by ${detectors.join(' and ')}, confidence ${confidence.toFixed(2)}` : message
}

/** The recipients of pages, and the text. */
export function toldBlocks({ timeline, names }: PrintedRecord): Block[] {
  const pages = timeline.filter(({ kind }) => kind === 'notification')
  if (pages.length === 0) return []
  return [
    heading(2, 'Who was notified'),
    table(
      ['when*', 'what*****'],
      pages
        .slice(0, MOST_ENTRIES)
        .map(({ eventTime, message }) => [[text(dayAndTime(eventTime))], prose(message, names)]),
    ),
  ]
}

/** The open tasks that people have not answered. */
export function openTaskBlocks({ times, writtenAt }: PrintedRecord): Block[] {
  const open = (times?.questions ?? []).filter(({ answer }) => answer === null)
  if (open.length === 0) return []
  return [
    heading(2, 'Open tasks'),
    list(
      open.map((question) => [
        text(`${question.title} (${question.roles.join(', ')}): `),
        isOpen(question, writtenAt)
          ? text(`open until ${iso(question.until ?? 0)}`)
          : strong('no answer in time'),
      ]),
    ),
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
