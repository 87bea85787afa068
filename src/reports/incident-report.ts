import type { Broadcast, ContainmentPlan, Simulation, Verification } from '../model/containment.ts'
import type { AssetChange, Finding } from '../model/finding.ts'
import type { Address } from '../model/hex.ts'
import type { Incident, TimelineEntry } from '../model/incident.ts'
import type { Run } from '../model/playbook.ts'
import { code, markdown } from './escape.ts'

/** All that is on record about an incident. */
export type IncidentRecord = {
  incident: Incident
  findings: readonly Finding[]
  timeline: readonly TimelineEntry[]
  runs: readonly Run[]
  containments: readonly Containment[]
  evidence: { count: number; head: string; ok: boolean }
  names: ReadonlyMap<Address, string>
  /** Milliseconds since the epoch. */
  writtenAt: number
}

export type Containment = {
  plan: ContainmentPlan
  simulation: Simulation | null
  broadcast: Broadcast | null
  verification: Verification | null
}

/**
 * The report of an incident as Markdown: what happened, what was lost, what was done and when, and by which evidence.
 * Every text that came from a chain or a stranger is made inert.
 */
export function incidentReport(record: IncidentRecord): string {
  return [
    ...heading(record),
    ...whatHappened(record),
    ...lossesAndGains(record),
    ...responseTimes(record),
    ...whatWasDone(record),
    ...timelineTable(record),
    ...evidenceOf(record),
  ].join('\n')
}

function heading({ incident, writtenAt }: IncidentRecord): string[] {
  return [
    `# ${incident.kind === 'drill' ? 'DRILL: ' : ''}${markdown(incident.title)}`,
    '',
    '**TLP:RED** until the incident is closed. Severity, categories and confidence are a rule’s words, not a verdict.',
    '',
    `| | |`,
    `|---|---|`,
    `| Incident | ${code(incident.id)} (${incident.kind}) |`,
    `| State | **${incident.state}** |`,
    `| Severity | ${incident.severity} |`,
    `| Categories | ${incident.categories.map((category) => code(category)).join(', ')} |`,
    `| Chain | ${incident.chainId} |`,
    `| Began (block time) | ${incident.startedAt === null ? 'not known' : iso(incident.startedAt)} |`,
    `| Discovered | ${iso(incident.discoveredAt)} |`,
    `| Report written | ${iso(writtenAt)} |`,
    '',
  ]
}

function whatHappened({ incident, findings, names }: IncidentRecord): string[] {
  const lines = ['## What happened', '']
  for (const finding of findings) {
    const where = finding.pending ? 'pending' : `block ${finding.blockNumber}`
    lines.push(
      `- **${finding.detector}** (${finding.severity}, confidence ${finding.confidence.toFixed(2)}), ${where}${finding.transactionHash === null ? '' : `, transaction ${code(finding.transactionHash)}`}: ${markdown(finding.message)}`,
    )
    for (const item of finding.evidence) {
      const frames = item.frames.length > 0 ? ` — frames ${item.frames.join(', ')}` : ''
      lines.push(`  - ${markdown(item.statement)}${frames}`)
    }
  }
  lines.push(
    '',
    `Protected: ${list(incident.protected, names)}  `,
    `Victims: ${list(incident.victims, names)}  `,
    `Actors: ${list(incident.actors, names)}`,
    '',
  )
  return lines
}

/** Pending findings say what would have happened; only what was mined was lost. */
function lossesAndGains({ findings, names }: IncidentRecord): string[] {
  const mined = findings.filter((finding) => !finding.pending)
  const lines = ['## Who lost and who gained', '']
  if (mined.length === 0) return [...lines, 'No attack transaction was mined successfully.', '']
  const perTransaction = [...new Map(mined.map((finding) => [finding.transactionHash, finding])).values()]
  const losses = sum(perTransaction.flatMap((finding) => finding.loss))
  const profits = sum(perTransaction.flatMap((finding) => finding.profit))
  lines.push('Net of each transaction, in base units of the asset; gas is not counted.', '')
  lines.push('| | account | asset | amount |', '|---|---|---|---:|')
  for (const change of losses) lines.push(row('lost', change, names))
  for (const change of profits) lines.push(row('gained', change, names))
  return [...lines, '']
}

function sum(changes: readonly AssetChange[]): AssetChange[] {
  const totals = new Map<string, AssetChange>()
  for (const change of changes) {
    const key = `${change.account}:${change.asset}`
    const known = totals.get(key)
    totals.set(key, known === undefined ? change : { ...known, amount: known.amount + change.amount })
  }
  return [...totals.values()]
}

function row(
  what: string,
  { account, asset, amount }: AssetChange,
  names: ReadonlyMap<Address, string>,
): string {
  const unit = asset === 'native' ? 'native' : nameOf(asset, names)
  return `| ${what} | ${nameOf(account, names)} | ${unit} | ${amount} |`
}

const MILESTONES = [
  ['alert', 'first alert'],
  ['plan', 'plan made'],
  ['simulation', 'simulated'],
  ['broadcast', 'broadcast'],
  ['verification', 'verified'],
] as const

function responseTimes({ incident, timeline }: IncidentRecord): string[] {
  const lines = ['## Response times', '', '| milestone | after discovery |', '|---|---:|']
  for (const [kind, label] of MILESTONES) {
    const entry = timeline.find((item) => item.kind === kind)
    if (entry !== undefined) lines.push(`| ${label} | ${entry.discoveryTime - incident.discoveredAt} ms |`)
  }
  return [...lines, '']
}

function whatWasDone({ containments, runs, names }: IncidentRecord): string[] {
  const lines = ['## What was done', '']
  if (containments.length === 0) lines.push('No containment was planned.', '')
  for (const { plan, simulation, broadcast, verification } of containments) {
    const { lever } = plan
    lines.push(`### ${code(lever.signature)} on ${nameOf(lever.target, names)}`, '')
    lines.push(
      `- Authority: ${lever.authority === null ? 'nobody known' : nameOf(lever.authority.address, names)}`,
    )
    if (simulation !== null)
      lines.push(
        `- Simulated at block ${simulation.atBlock} (${simulation.method}): attack **${simulation.attack}**`,
      )
    if (broadcast !== null)
      lines.push(
        `- Transaction ${code(broadcast.transactionHash)}: **${broadcast.state}**, block ${broadcast.blockNumber ?? '–'}`,
      )
    for (const check of verification?.checks ?? []) {
      lines.push(`- ${check.passed ? '✓' : '✗'} ${markdown(check.check)} (${markdown(check.detail)})`)
    }
    lines.push('')
  }
  for (const run of runs) {
    lines.push(
      `Playbook ${code(run.playbookId)} (content ${code(run.contentHash.slice(0, 12))}): **${run.state}**`,
      '',
    )
    for (const step of run.steps) {
      const why = step.error === null ? '' : `: ${markdown(step.error.message)}`
      lines.push(`- ${code(step.stepId)} ${step.state} in ${step.endedAt - step.startedAt} ms${why}`)
    }
    lines.push('')
  }
  return lines
}

function timelineTable({ timeline }: IncidentRecord): string[] {
  const lines = ['## Timeline', '', '| # | happened | learned | who | what |', '|---:|---|---|---|---|']
  for (const entry of timeline) {
    lines.push(
      `| ${entry.sequence} | ${iso(entry.eventTime)} | ${iso(entry.discoveryTime)} | ${markdown(entry.author)} | ${markdown(entry.message)} |`,
    )
  }
  return [...lines, '']
}

function evidenceOf({ evidence, incident }: IncidentRecord): string[] {
  return [
    '## Evidence',
    '',
    `${evidence.count} links in the hash chain, ${evidence.ok ? 'intact' : '**broken**'}; head ${code(evidence.head)}.`,
    `Check it: ${code(`cordon incidents verify ${incident.id}`)}.`,
    '',
  ]
}

function list(addresses: readonly Address[], names: ReadonlyMap<Address, string>): string {
  return addresses.length === 0 ? 'none named' : addresses.map((address) => nameOf(address, names)).join(', ')
}

function nameOf(address: Address, names: ReadonlyMap<Address, string>): string {
  const name = names.get(address)
  return name === undefined ? code(address) : `${markdown(name)} ${code(address)}`
}

function iso(milliseconds: number): string {
  return new Date(milliseconds).toISOString()
}
