import type { Reporter } from '../model/report.ts'
import { isHostile, type KnownAccount, knownAccounts } from './known-accounts.ts'
import type { Outgoing } from './outgoing.ts'
import { caip2, isAddress, symbolOf, transactionsOf } from './outgoing.ts'
import {
  CORDON_EXTENSION,
  CORDON_IDENTITY,
  EXTENSION_DEFINITION,
  hundredths,
  isRedacted,
  objectId,
  type StixObject,
  said,
  stamp,
  TLP_MARKINGS,
  tlpMarking,
} from './stix-base.ts'
import { accountId, assetName, caip10, observables, transactionId } from './stix-observables.ts'

const MOST_ACCOUNTS = 2_000
const MOST_HYPOTHESES = 5
const MOST_REMEDIES = 40
/** OASIS Incident Core Extension; versions 1 and 2 have the terms that are used here. */
const INCIDENT_CORE = 'extension-definition--ef765651-680c-498d-9894-99799f2fa126'

/**
 * A STIX 2.1 bundle as text. The same input gives the same bytes: ids derive from the named objects, times come from
 * the record.
 */
export function stixBundle(out: Outgoing, reporter?: Reporter): string {
  const objects = bundleObjects(out, reporter)
  const bundle = { type: 'bundle', id: objectId('bundle', objects), objects }
  return `${JSON.stringify(bundle, null, 2)}\n`
}

/** The common properties of all Cordon's objects, and the objects that they refer to. */
type Frame = { out: Outgoing; reporter: StixObject; incident: string; caseKey: unknown }

function bundleObjects(out: Outgoing, reporter: Reporter | undefined): StixObject[] {
  const frame = frameOf(out, reporter)
  const accounts = knownAccounts(out).slice(0, MOST_ACCOUNTS)
  const { objects: seen, left } = observables(out, accounts)
  const patterns = attackPatterns(frame)
  const observed = observedData(frame)
  const indicators = indicatorObjects(frame, accounts)
  const remedies = coursesOfAction(frame)
  const told = [
    frame.reporter,
    incidentObject(frame),
    ...patterns.map(({ object }) => object),
    ...indicators.map(({ object }) => object),
    ...observed.map(({ object }) => object),
    ...remedies.map(({ object }) => object),
    ...seen,
    ...relationships(frame, { patterns, indicators, remedies, observed }),
    ...sightings(frame, { indicators, observed }),
    ...notes(frame, left),
  ]
  const marks = [...new Set([out.tlp, 'CLEAR' as const])].map(tlpMarking)
  return [...marks, CORDON_IDENTITY, EXTENSION_DEFINITION, ...told, reportObject(frame, told)]
}

function frameOf(out: Outgoing, reporter: Reporter | undefined): Frame {
  const caseKey = {
    chain: caip2(out.chainId),
    incident: out.incident?.id ?? null,
    transactions: out.incident === null ? transactionsOf(out) : [],
  }
  const name = reporter?.name ?? 'Reporter, not named'
  const identity = {
    ...commonOf(out),
    // The same in every bundle of a team, and older than its content: Ethereum’s first block.
    created: '2015-07-30T00:00:00.000Z',
    type: 'identity',
    id: objectId('identity', reporter?.name ?? caseKey),
    name: said(name, 200),
    identity_class: 'organization',
    ...(reporter?.contact === undefined ? {} : { contact_information: said(reporter.contact, 200) }),
  }
  return { out, reporter: identity, incident: objectId('incident', caseKey), caseKey }
}

function commonOf({ knownAt, changedAt, tlp }: Outgoing): Record<string, unknown> {
  return {
    spec_version: '2.1',
    created: stamp(knownAt),
    modified: stamp(changedAt),
    object_marking_refs: [TLP_MARKINGS[tlp]],
  }
}

type Properties = { key: unknown; [name: string]: unknown }

/** A domain or relationship object of this case; `key` distinguishes it from others of its type. */
function made(frame: Frame, type: string, { key, ...properties }: Properties): StixObject {
  return {
    type,
    id: objectId(type, [frame.caseKey, key]),
    ...commonOf(frame.out),
    created_by_ref: frame.reporter.id,
    ...properties,
  }
}

function incidentObject(frame: Frame): StixObject {
  const { incident, chainId, beganAt, knownAt } = frame.out
  const drill = incident?.kind === 'drill' ? 'DRILL: ' : ''
  return {
    ...made(frame, 'incident', { key: 'incident' }),
    id: frame.incident,
    name: `${drill}${said(incident?.title ?? `Attack on ${caip2(chainId)}`, 200)}`,
    description: 'Severity, categories and confidence come from rules and are not a verdict.',
    extensions: {
      [INCIDENT_CORE]: {
        extension_type: 'property-extension',
        determination: 'suspected',
        investigation_status: incident?.state === 'closed' ? 'closed' : 'open',
      },
      [CORDON_EXTENSION]: {
        extension_type: 'property-extension',
        chain: caip2(chainId),
        ...(incident === null
          ? {}
          : { severity: incident.severity, state: incident.state, kind: incident.kind }),
        ...(beganAt === null ? {} : { began: stamp(beganAt) }),
        discovered: stamp(knownAt),
        losses: losses(frame.out),
      },
    },
  }
}

function losses(out: Outgoing): object[] {
  return (out.found?.victims ?? []).flatMap(({ address, loss }) =>
    loss.map(({ asset, tokenId, amount, usd }) => {
      const symbol = symbolOf(out, asset)
      return {
        ...(isAddress(address) ? { account_ref: accountId(out, address) } : {}),
        asset: assetName(out, asset),
        ...(tokenId === null ? {} : { token_id: String(tokenId) }),
        ...(symbol === undefined ? {} : { symbol: said(symbol, 60) }),
        amount: String(amount),
        ...(usd === undefined ? {} : { usd }),
      }
    }),
  )
}

type Pattern = { category: string; object: StixObject }

/** Root causes that the audience may know, the likeliest first. */
function attackPatterns(frame: Frame): Pattern[] {
  return (frame.out.found?.rootCause.hypotheses ?? [])
    .filter(({ category }) => !isRedacted(category))
    .slice(0, MOST_HYPOTHESES)
    .map(({ category, statement, confidence, weakness, contract, function: name }, index) => {
      const place = [contract ?? '', name ?? ''].filter((part) => part !== '').join(' ')
      const object = made(frame, 'attack-pattern', {
        key: [index, category],
        name: said(category, 100),
        description: said(`${statement}${place === '' ? '' : ` (${place})`}`),
        confidence: hundredths(confidence),
        ...(weakness === null
          ? {}
          : {
              external_references: [
                {
                  source_name: said(weakness.list, 100),
                  external_id: said(weakness.id, 40),
                  description: said(weakness.title, 200),
                },
              ],
            }),
      })
      return { category, object }
    })
}

type Indicator = { object: StixObject; transaction: string | null }

/** Patterns by which others find the same accounts and transactions. */
function indicatorObjects(frame: Frame, accounts: readonly KnownAccount[]): Indicator[] {
  const { out } = frame
  const indicator = (key: string, properties: object): StixObject =>
    made(frame, 'indicator', {
      key,
      indicator_types: ['malicious-activity'],
      pattern_type: 'stix',
      valid_from: stamp(out.beganAt ?? out.knownAt),
      ...properties,
    })
  const ofAccounts = accounts.filter(isHostile).map((account) => ({
    transaction: account.firstTransaction,
    object: indicator(account.address, {
      name: `Account of the attack: ${account.address}`,
      description: said([account.role, ...account.reasons].join('; ')),
      pattern: `[blockchain-account:value = '${caip10(out, account.address)}']`,
      ...(account.confidence === null ? {} : { confidence: hundredths(account.confidence) }),
    }),
  }))
  const ofTransactions = transactionsOf(out).map((hash) => ({
    transaction: hash,
    object: indicator(hash, {
      name: `Transaction of the attack: ${hash}`,
      description: 'Sent in the attack, as far as detectors and the investigation say.',
      pattern: `[blockchain-transaction:chain = '${caip2(out.chainId)}' AND blockchain-transaction:hash = '${hash}']`,
    }),
  }))
  return [...ofAccounts, ...ofTransactions]
}

type Observed = { transaction: string; object: StixObject }

/** One for each attack transaction: seen once, when the attack began as far as the record shows. */
function observedData(frame: Frame): Observed[] {
  const { out } = frame
  const at = stamp(out.beganAt ?? out.knownAt)
  return transactionsOf(out).map((hash) => ({
    transaction: hash,
    object: made(frame, 'observed-data', {
      key: hash,
      first_observed: at,
      last_observed: at,
      number_observed: 1,
      object_refs: [transactionId(out, hash)],
    }),
  }))
}

function coursesOfAction(frame: Frame): Pattern[] {
  return (frame.out.found?.remediation ?? [])
    .filter(({ action }) => !isRedacted(action))
    .slice(0, MOST_REMEDIES)
    .map(({ category, action, when, contract }, index) => ({
      category,
      object: made(frame, 'course-of-action', {
        key: index,
        name: said(`${when === 'now' ? 'Now' : 'Before reopening'}: ${category}`, 100),
        description: said(`${action}${contract === null ? '' : ` (${contract})`}`),
      }),
    }))
}

type Parts = {
  patterns: readonly Pattern[]
  indicators: readonly Indicator[]
  remedies: readonly Pattern[]
  observed: readonly Observed[]
}

function relationships(frame: Frame, { patterns, indicators, remedies, observed }: Parts): StixObject[] {
  const link = (kind: string, source: string, target: string): StixObject =>
    made(frame, 'relationship', {
      key: [kind, source, target],
      relationship_type: kind,
      source_ref: source,
      target_ref: target,
    })
  const [likeliest] = patterns
  const basis = new Map(observed.map(({ transaction, object }) => [transaction, object.id]))
  return [
    ...patterns.map(({ object }) => link('related-to', frame.incident, object.id)),
    ...indicators.flatMap(({ object, transaction }) => {
      const seen = transaction === null ? undefined : basis.get(transaction)
      return [
        link('related-to', object.id, frame.incident),
        ...(likeliest === undefined ? [] : [link('indicates', object.id, likeliest.object.id)]),
        ...(seen === undefined ? [] : [link('based-on', object.id, seen)]),
      ]
    }),
    ...remedies.flatMap(({ category, object }) =>
      patterns
        .filter((pattern) => pattern.category === category)
        .map((pattern) => link('mitigates', object.id, pattern.object.id)),
    ),
  ]
}

/** Each indicator was seen once, in its transaction. */
function sightings(
  frame: Frame,
  { indicators, observed }: Pick<Parts, 'indicators' | 'observed'>,
): StixObject[] {
  const basis = new Map(observed.map(({ transaction, object }) => [transaction, object]))
  return indicators.flatMap(({ object, transaction }) => {
    const seen = transaction === null ? undefined : basis.get(transaction)
    if (seen === undefined) return []
    return [
      made(frame, 'sighting', {
        key: object.id,
        first_seen: seen['first_observed'],
        last_seen: seen['last_observed'],
        count: 1,
        sighting_of_ref: object.id,
        observed_data_refs: [seen.id],
        where_sighted_refs: [frame.reporter.id],
      }),
    ]
  })
}

/** Unexplained observations, content withheld from this audience, and content that did not fit: never hidden. */
function notes(frame: Frame, left: number): StixObject[] {
  const { found, evidence, audience } = frame.out
  const hidden = (texts: readonly string[] | undefined): number => (texts ?? []).filter(isRedacted).length
  const causes = hidden(found?.rootCause.hypotheses.map(({ category }) => category))
  const actions = hidden(found?.remediation.map(({ action }) => action))
  const lines = [
    `Made for the audience: ${audience}.`,
    ...(causes > 0 ? [`Redacted: ${causes} hypotheses that are still open.`] : []),
    ...(actions > 0 ? [`Redacted: ${actions} actions that are not done yet.`] : []),
    ...(left > 0 ? [`Left out for length: ${left} movements of the fund flow.`] : []),
    ...(evidence === null ? [] : [`Evidence chain: ${evidence.count} links, head ${evidence.head}.`]),
    ...(found?.unexplained ?? []).slice(0, 40).map((what) => `Not explained: ${said(what, 400)}.`),
  ]
  return [
    made(frame, 'note', {
      key: 'caveats',
      abstract: 'What this bundle does not say',
      content: lines.join(' '),
      object_refs: [frame.incident],
    }),
  ]
}

function reportObject(frame: Frame, told: readonly StixObject[]): StixObject {
  const { incident, chainId, changedAt } = frame.out
  return made(frame, 'report', {
    key: 'report',
    name: said(incident?.title ?? `Attack on ${caip2(chainId)}`, 200),
    report_types: ['threat-report'],
    published: stamp(changedAt),
    object_refs: told.map(({ id }) => id),
  })
}
