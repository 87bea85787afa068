import type { Investigation } from '../model/investigation.ts'
import type { Audience, Tlp } from '../model/report.ts'
import { inUnits } from '../model/token.ts'
import { ownAccountsOf, ownTransactionsOf } from './own-accounts.ts'
import type { Names } from './parts.ts'
import type { IncidentRecord, PrintedInvestigation, PrintedRecord } from './record.ts'
import { redact, redactInvestigation } from './redact.ts'
import { tlpFor } from './tlp.ts'

/**
 * The data to share, as its audience may read it: an incident with its investigation, or an investigation alone.
 * Machine formats and requests are built from it, so none of them redacts.
 */
export type Outgoing = {
  incident: PrintedRecord['incident'] | null
  found: PrintedInvestigation | null
  findings: PrintedRecord['findings']
  containments: PrintedRecord['containments']
  names: Names
  /** Accounts of the defenders, with their roles. */
  own: ReadonlyMap<string, string>
  /** Transactions that the defenders sent: these are not attack transactions. */
  ownTransactions: ReadonlySet<string>
  /** Null if there is no record. */
  evidence: { count: number; head: string } | null
  chainId: number
  audience: Audience
  tlp: Tlp
  /** Milliseconds since the epoch: block time of the attack; null if unknown. */
  beganAt: number | null
  /** When it was first known, and the time of the newest entry on record. */
  knownAt: number
  changedAt: number
}

export type Handing = { audience: Audience; tlp?: Tlp | undefined }

/** An incident in the form for an audience. Throws `reports.AudienceTooWide`. */
export function outgoing(record: IncidentRecord, { audience, tlp: asked }: Handing): Outgoing {
  const { incident, investigation, findings, containments, names, evidence, timeline } = redact(
    record,
    audience,
  )
  const { startedAt, discoveredAt, chainId } = record.incident
  // Earlier exports do not change the facts of the incident.
  const told = timeline.filter(({ kind }) => kind !== 'report').map(({ discoveryTime }) => discoveryTime)
  return {
    incident,
    found: investigation,
    findings,
    containments,
    names,
    own: ownAccountsOf(record),
    ownTransactions: ownTransactionsOf(record),
    evidence: { count: evidence.count, head: evidence.head },
    chainId,
    audience,
    tlp: tlpFor({ audience, asked, isClosed: record.incident.state === 'closed' }),
    beganAt: startedAt,
    knownAt: discoveredAt,
    changedAt: told.reduce((latest, at) => Math.max(latest, at), discoveredAt),
  }
}

/** An investigation without a record; `at` is the time of sharing. Throws `reports.AudienceTooWide`. */
export function outgoingInvestigation(
  found: Investigation,
  { audience, tlp: asked, at }: Handing & { at: number },
): Outgoing {
  return {
    incident: null,
    found: redactInvestigation(found, audience),
    findings: [],
    containments: [],
    names: new Map(),
    own: new Map(),
    ownTransactions: new Set(),
    evidence: null,
    chainId: found.chainId,
    audience,
    tlp: tlpFor({ audience, asked, isClosed: false }),
    beganAt: null,
    knownAt: at,
    changedAt: at,
  }
}

export type TokenWords = {
  symbol: string | undefined
  /** False if only the contract itself claims it: it may call itself anything. */
  isVouched: boolean
  decimals: number | undefined
}

/** The name of an asset from the configuration, otherwise from the investigation. */
export function tokenOf({ found, names }: Outgoing, asset: string): TokenWords {
  const known = found?.assets.find((one) => one.asset === asset)
  const name = names.get(asset)
  return {
    symbol: name ?? known?.symbol ?? undefined,
    isVouched: name !== undefined || known?.vouched === true,
    decimals: known?.decimals ?? undefined,
  }
}

/** For people: in quotes if nobody vouches for it; undefined if there is none. */
export function symbolOf(out: Outgoing, asset: string): string | undefined {
  const { symbol, isVouched } = tokenOf(out, asset)
  return symbol === undefined || isVouched ? symbol : `“${symbol}”`
}

/** `1,234.5 WETH (0x…)`; base units, labelled as such, if the decimals are unknown. */
export function amountText(
  out: Outgoing,
  { asset, amount }: { asset: string; amount: bigint },
  /** Transforms the symbol, for recipients that turn words into links. */
  said: (symbol: string) => string = (symbol) => symbol,
): string {
  const { decimals } = tokenOf(out, asset)
  const symbol = symbolOf(out, asset)
  const count = decimals === undefined ? `${amount} base units` : inUnits(amount, decimals)
  return symbol === undefined ? `${count} of ${asset}` : `${count} ${said(symbol)} (${asset})`
}

/** CAIP-2. */
export function caip2(chainId: number): string {
  return `eip155:${chainId}`
}

export function isAddress(text: string): text is `0x${string}` {
  return /^0x[0-9a-f]{40}$/.test(text)
}

export function isHash(text: string): boolean {
  return /^0x[0-9a-f]{64}$/.test(text)
}

/** Every reported attack transaction, each once. */
export function transactionsOf({ incident, found, ownTransactions }: Outgoing): string[] {
  const told = [...(found?.transactions.map(({ hash }) => hash) ?? []), ...(incident?.transactions ?? [])]
  return [...new Set(told)].filter(isHash).filter((hash) => !ownTransactions.has(hash))
}
