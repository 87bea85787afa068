import { canonicalJson } from '../kit/json.ts'
import type { Address } from '../model/hex.ts'
import type { IncidentState } from '../model/incident.ts'
import type { Audience } from '../model/report.ts'
import { roleIds } from '../model/role.ts'
import type { TimelineKind } from '../model/timeline.ts'
import { addressesIn, ownAccountsOf } from './own-accounts.ts'
import type { IncidentRecord, Printed, PrintedRecord } from './record.ts'
import { concealer, veiled } from './sweep.ts'

/** The matters that a report may withhold. */
const matters = ['people', 'approvals', 'levers', 'messages', 'hypotheses', 'at-risk', 'actions'] as const
type Matter = (typeof matters)[number]

type Rule = { reason: string; from: readonly Audience[]; until?: 'closed' }

/** The matters withheld from each audience, with reasons: the only place that defines this. */
export const HIDDEN: Readonly<Record<Matter, Rule>> = {
  people: { reason: 'name of a person', from: ['partner', 'public'] },
  approvals: { reason: 'approval', from: ['partner', 'public'] },
  levers: { reason: 'how it is contained', from: ['partner', 'public'] },
  messages: { reason: 'internal message', from: ['partner', 'public'] },
  hypotheses: { reason: 'hypothesis that is still open', from: ['partner', 'public'] },
  'at-risk': { reason: 'what is still at risk', from: ['partner', 'public'], until: 'closed' },
  // A planned fix reveals what is broken.
  actions: { reason: 'action that is not done yet', from: ['partner', 'public'], until: 'closed' },
}

/** A hypothesis with at least this confidence is shown to everybody. */
const SURE = 0.8

/** Data that the chain shows to everybody anyway. */
const OPEN_KINDS: ReadonlySet<string> = new Set<TimelineKind>([
  'alert',
  'withdrawn',
  'state',
  'broadcast',
  'verification',
])
const NOBODY: ReadonlySet<string> = new Set(['cordon', ...roleIds])

export function conceal(reason: string): string {
  return `[redacted: ${reason}]`
}

/** Whether `audience` must not see a matter, and the text that replaces it. */
type Veil = (matter: Matter) => string | undefined

function veilFor(audience: Audience, state: IncidentState): Veil {
  return (matter) => {
    const { reason, from, until } = HIDDEN[matter]
    return from.includes(audience) && until !== state ? conceal(reason) : undefined
  }
}

/**
 * A record as an audience may read it. Redaction works on the data, before anything is written, so no format can leak:
 * first field by field, then every remaining text is searched for the removed values.
 */
export function redact(record: IncidentRecord, audience: Audience): PrintedRecord {
  const veil = veilFor(audience, record.incident.state)
  const printed: PrintedRecord = {
    ...record,
    timeline: record.timeline.map((entry) => entryFor(entry, veil)),
    runs: record.runs.map((run) => runFor(run, veil)),
    containments: record.containments.map((containment) => containmentFor(containment, veil)),
    proposals: veil('levers') === undefined ? record.proposals : new Map(),
    investigation: record.investigation === null ? null : investigationFor(record.investigation, veil),
    names: namesFor(record, veil),
  }
  return concealer(secretsOf(record, veil))(printed)
}

function entryFor(entry: IncidentRecord['timeline'][number], veil: Veil): PrintedRecord['timeline'][number] {
  const { author, message, kind } = entry
  const hidden = kind === 'approval' ? veil('approvals') : OPEN_KINDS.has(kind) ? undefined : veil('messages')
  return {
    ...entry,
    author: NOBODY.has(author) ? author : (veil('people') ?? author),
    message: hidden ?? message,
    facts: veil('messages') === undefined ? entry.facts : {},
  }
}

function runFor(run: IncidentRecord['runs'][number], veil: Veil): PrintedRecord['runs'][number] {
  const hidden = veil('messages')
  if (hidden === undefined) return run
  return {
    ...run,
    steps: run.steps.map((step) => ({
      ...step,
      output: null,
      error: step.error === null ? null : { code: step.error.code, message: hidden, fix: hidden },
    })),
  }
}

function containmentFor(
  given: IncidentRecord['containments'][number],
  veil: Veil,
): PrintedRecord['containments'][number] {
  const hidden = veil('levers')
  if (hidden === undefined) return given
  const { plan, simulation, broadcast, verification } = given
  return {
    // No route, no arguments, no operations: only that there was a lever.
    plan: {
      ...plan,
      id: hidden,
      lever: {
        ...plan.lever,
        target: hidden,
        signature: hidden,
        authority: plan.lever.authority === null ? null : { ...plan.lever.authority, address: hidden },
      },
      byHand:
        plan.byHand === null
          ? null
          : { ...plan.byHand, by: hidden, sender: hidden, who: hidden, transactionHash: hidden },
    },
    simulation: simulation === null ? null : { ...simulation, stateDiff: null, asymmetry: null, notes: [] },
    broadcast:
      broadcast === null
        ? null
        : { ...broadcast, from: hidden, rawTransaction: hidden, transactionHash: hidden },
    verification:
      verification === null
        ? null
        : {
            ...verification,
            checks: verification.checks.map(({ passed }) => ({ passed, check: hidden, detail: hidden })),
          },
  }
}

/** An investigation without a record, as an audience may read it: the contracts at risk may still be at risk. */
export function redactInvestigation(found: Investigated, audience: Audience): Printed<Investigated> {
  return investigationFor(found, veilFor(audience, 'open'))
}

/** Which links of the evidence chain may be shown: a finding only if it contains none of the withheld text. */
export type EvidenceVeil = {
  /** Whether an audience sees this body as it was recorded. */
  shows(link: { kind: string; body: unknown }): boolean
  /** False: files that were made for the team stay with it. */
  files: boolean
}

export function evidenceVeil(record: IncidentRecord, audience: Audience): EvidenceVeil {
  const veil = veilFor(audience, record.incident.state)
  if (veil('messages') === undefined && veil('levers') === undefined)
    return { shows: () => true, files: true }
  const clean = concealer(secretsOf(record, veil))
  const whole = (body: unknown): boolean => canonicalJson(clean(body)) === canonicalJson(body)
  return { shows: ({ kind, body }) => kind === 'finding' && whole(body), files: false }
}

type Investigated = NonNullable<IncidentRecord['investigation']>

/** An investigation as an audience may read it. */
function investigationFor(found: Investigated, veil: Veil): Printed<Investigated> {
  const unsure = veil('hypotheses')
  const risk = veil('at-risk')
  const action = veil('actions')
  return {
    ...found,
    rootCause: {
      ...found.rootCause,
      ...(unsure === undefined || found.rootCause.confidence >= SURE
        ? {}
        : { category: unsure, contract: null, function: null, file: null, line: null, weakness: null }),
      hypotheses: found.rootCause.hypotheses.map((hypothesis) =>
        unsure === undefined || hypothesis.confidence >= SURE
          ? hypothesis
          : { ...hypothesis, ...EMPTY, category: unsure, statement: unsure },
      ),
    },
    divergence: unsure === undefined || found.rootCause.confidence >= SURE ? found.divergence : null,
    scope: risk === undefined ? found.scope : veiled(found.scope, risk),
    ...counterfactualsFor(found, unsure),
    ...(action === undefined || found.proposals === undefined
      ? {}
      : { proposals: veiled(found.proposals, action) }),
    remediation: found.remediation.map((remedy) =>
      action === undefined ? remedy : { ...remedy, category: action, contract: null, action },
    ),
  }
}

/** The reruns on a fork show how to improve the attack, so they are withheld until the cause is sure. */
function counterfactualsFor(
  { counterfactuals }: Investigated,
  unsure: string | undefined,
): Partial<Printed<Investigated>> {
  if (unsure === undefined || counterfactuals === undefined) return {}
  return { counterfactuals: veiled(counterfactuals, unsure) }
}

const EMPTY = { contract: null, function: null, weakness: null, evidence: [], confidence: 0 } as const

/** Names of withheld accounts are withheld too. */
function namesFor({ names, containments }: IncidentRecord, veil: Veil): ReadonlyMap<string, string> {
  if (veil('levers') === undefined) return names
  const authorities = new Set(containments.flatMap(({ plan }) => plan.lever.authority?.address ?? []))
  return new Map([...names].filter(([address]) => !authorities.has(address)))
}

/** The removed values, wherever else they may appear. Addresses that the attack itself touched are not secret. */
function secretsOf(record: IncidentRecord, veil: Veil): Map<string, string> {
  const { incident, timeline, containments, investigation, names } = record
  const secrets = new Map<string, string>()
  const levers = veil('levers')
  if (levers !== undefined) {
    const open = new Set<string>([
      ...incident.protected,
      ...incident.victims,
      ...incident.actors,
      ...incident.transactions,
    ])
    // An account that may pull levers stays hidden, also if it was taken for an actor.
    const own = ownAccountsOf(record)
    for (const address of incident.actors) if (isHidden(address, own, incident)) open.delete(address)
    for (const address of investigation?.victims ?? []) open.add(address.address)
    for (const { asset } of investigation?.fundFlow.edges ?? []) open.add(asset)
    for (const containment of containments)
      for (const secret of leverSecrets(containment, names))
        if (!open.has(secret)) secrets.set(secret, levers)
  }
  const people = veil('people')
  if (people !== undefined)
    for (const { author } of timeline) {
      if (NOBODY.has(author) || author.trim() === '') continue
      // `Ada (guardian)` is called Ada elsewhere.
      for (const name of [author, author.replace(/( \([^()]*\))+$/, '')]) secrets.set(name, people)
    }
  return secrets
}

function leverSecrets(
  { plan, broadcast }: IncidentRecord['containments'][number],
  names: IncidentRecord['names'],
): string[] {
  const { lever, route } = plan
  const accounts = [
    lever.target,
    lever.authority?.address,
    broadcast?.from,
    plan.byHand?.by,
    plan.byHand?.sender ?? undefined,
    ...addressesIn(route),
    ...addressesIn(lever.authority),
  ]
  const known = accounts.filter((account) => account !== undefined)
  return [
    plan.id,
    ...known,
    ...known.slice(1).flatMap((address) => names.get(address) ?? []),
    ...(broadcast === null ? [] : [broadcast.transactionHash, broadcast.rawTransaction]),
    ...(plan.byHand === null ? [] : [plan.byHand.transactionHash]),
  ]
}

function isHidden(
  address: Address,
  own: ReadonlyMap<string, string>,
  { protected: named, victims }: IncidentRecord['incident'],
): boolean {
  return own.has(address) && !named.includes(address) && !victims.includes(address)
}
