import type { Investigation } from '../model/investigation.ts'
import type { Audience, Tlp } from '../model/report.ts'
import { inUnits } from '../model/token.ts'
import { ownAccountsOf, ownTransactionsOf } from './own-accounts.ts'
import type { Names } from './parts.ts'
import type { IncidentRecord, PrintedInvestigation, PrintedRecord } from './record.ts'
import { redact, redactInvestigation } from './redact.ts'
import { tlpFor } from './tlp.ts'

/**
 * What is handed on, as its audience may read it: an incident with its investigation, or an investigation alone. Machine
 * formats and requests are made of it, so none of them redacts.
 */
export type Outgoing = {
  incident: PrintedRecord['incident'] | null
  found: PrintedInvestigation | null
  findings: PrintedRecord['findings']
  containments: PrintedRecord['containments']
  names: Names
  /** Accounts of the defenders, and what each is. */
  own: ReadonlyMap<string, string>
  /** What the defenders sent: no transaction of the attack. */
  ownTransactions: ReadonlySet<string>
  /** Null where there is no record. */
  evidence: { count: number; head: string } | null
  chainId: number
  audience: Audience
  tlp: Tlp
  /** Milliseconds since the epoch: block time of the attack; null where it is not known. */
  beganAt: number | null
  /** When it was first known, and when the newest thing was put on record. */
  knownAt: number
  changedAt: number
}

export type Handing = { audience: Audience; tlp?: Tlp | undefined }

/** An incident for an audience. Throws `reports.AudienceTooWide`. */
export function outgoing(record: IncidentRecord, { audience, tlp: asked }: Handing): Outgoing {
  const { incident, investigation, findings, containments, names, evidence, timeline } = redact(
    record,
    audience,
  )
  const { startedAt, discoveredAt, chainId } = record.incident
  // What was handed on before changes nothing of what happened.
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

/** An investigation without a record; `at` is when it is handed on. Throws `reports.AudienceTooWide`. */
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
  /** False where only the contract itself says so: it may call itself anything. */
  isVouched: boolean
  decimals: number | undefined
}

/** What an asset is called by the configuration, else by the investigation. */
export function tokenOf({ found, names }: Outgoing, asset: string): TokenWords {
  const known = found?.assets.find((one) => one.asset === asset)
  const name = names.get(asset)
  return {
    symbol: name ?? known?.symbol ?? undefined,
    isVouched: name !== undefined || known?.vouched === true,
    decimals: known?.decimals ?? undefined,
  }
}

/** For people: in quotes where nobody vouches for it; undefined where nobody says. */
export function symbolOf(out: Outgoing, asset: string): string | undefined {
  const { symbol, isVouched } = tokenOf(out, asset)
  return symbol === undefined || isVouched ? symbol : `“${symbol}”`
}

/** `1,234.5 WETH (0x…)`; base units, which it says, where nobody knows decimals. */
export function amountText(
  out: Outgoing,
  { asset, amount }: { asset: string; amount: bigint },
  /** What becomes of the symbol, where the text goes to who makes links of words. */
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

/** Every attack transaction that is told, each once. */
export function transactionsOf({ incident, found, ownTransactions }: Outgoing): string[] {
  const told = [...(found?.transactions.map(({ hash }) => hash) ?? []), ...(incident?.transactions ?? [])]
  return [...new Set(told)].filter(isHash).filter((hash) => !ownTransactions.has(hash))
}
