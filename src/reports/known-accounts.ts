import { z } from 'zod'
import type { Outgoing } from './outgoing.ts'
import { isAddress, isHash } from './outgoing.ts'
import { isKeyOf } from './own-accounts.ts'

/** An account that is connected to the attack, and the reason. */
export type KnownAccount = {
  address: `0x${string}`
  /** From the investigation if it names one, otherwise from the fund flow, otherwise from the detectors (`actor`). */
  role: string
  /** 0 to 1; null if no source states a confidence. */
  confidence: number | null
  reasons: string[]
  labels: string[]
  /** The first transaction in which it appears; null if unknown. */
  firstTransaction: string | null
}

/** The roles of accounts that an exchange should look for. */
const HOSTILE: ReadonlySet<string> = new Set(['attacker', 'beneficiary', 'accomplice', 'actor'])

export function isHostile({ role }: KnownAccount): boolean {
  return HOSTILE.has(role)
}

type Said = { role: string; confidence?: number; reasons?: readonly string[]; labels?: readonly string[] }
type Book = Map<string, KnownAccount>

/** Newer investigations record the origin of an actor. */
const originSchema = z.object({
  deployer: z.string().optional(),
  funders: z
    .array(
      z.object({
        from: z.string(),
        label: z.object({ name: z.string(), source: z.string() }).optional(),
      }),
    )
    .optional(),
})

/** Every reported account, each once, those of the attacker first. */
export function knownAccounts(out: Outgoing): KnownAccount[] {
  const book: Book = new Map()
  fromInvestigation(out, book)
  fromIncident(out, book)
  fromFlow(out, book)
  fromOrigins(out, book)
  for (const [address, account] of book) {
    const name = out.names.get(address)
    if (name !== undefined) account.labels.unshift(name)
  }
  firstSeen(out, book)
  for (const [address, what] of out.own) {
    const account = book.get(address)
    if (account !== undefined) spare(account, what)
  }
  const all = [...book.values()]
  return [...all.filter(isHostile), ...all.filter((account) => !isHostile(account))]
}

/** The role of the defenders’ accounts that appear among the attacker’s. */
export const STOLEN_KEY = 'stolen key'

/**
 * A defenders' account is not an indicator: if it acted for the attack, its key is stolen, and the report states that.
 */
function spare(account: KnownAccount, what: string): void {
  if (!isHostile(account)) return
  const isKey = isKeyOf(what)
  account.role = isKey ? STOLEN_KEY : 'protected'
  account.reasons.unshift(
    isKey ? `an account of the defenders (${what}) that took part: treat its key as stolen` : what,
  )
}

/** The first source that gives more than `unknown` for an account sets its role. */
function tell(book: Book, address: string, said: Said): void {
  if (!isAddress(address)) return
  const known = book.get(address)
  if (known === undefined) {
    const { confidence = null, reasons = [], labels = [], role } = said
    const account = { address, role, confidence, reasons: [...reasons], labels: [...labels] }
    book.set(address, { ...account, firstTransaction: null })
    return
  }
  if (known.role === 'unknown') known.role = said.role
  known.confidence ??= said.confidence ?? null
  known.reasons.push(...(said.reasons ?? []).filter((reason) => !known.reasons.includes(reason)))
  known.labels.push(...(said.labels ?? []).filter((label) => !known.labels.includes(label)))
}

function fromInvestigation({ found }: Outgoing, book: Book): void {
  if (found === null) return
  for (const { address, role, confidence, reasons } of found.actors)
    tell(book, address, { role, confidence, reasons })
  for (const address of [...found.attackers.accounts, ...found.attackers.contracts])
    if (!book.has(address)) tell(book, address, { role: 'attacker' })
  for (const { address } of found.victims) tell(book, address, { role: 'victim' })
}

/** An account whose role the investigation leaves open is not called hostile by a less informed source. */
function roleBeside({ found }: Outgoing, address: string, role: string): string {
  const isOpen = found?.actors.some((actor) => actor.address === address && actor.role === 'unknown') === true
  return isOpen && HOSTILE.has(role) ? 'unknown' : role
}

function fromIncident(out: Outgoing, book: Book): void {
  const { incident } = out
  if (incident === null) return
  for (const address of incident.victims)
    tell(book, address, { role: 'victim', reasons: ['named by a detector'] })
  for (const address of incident.actors)
    tell(book, address, { role: roleBeside(out, address, 'actor'), reasons: ['named by a detector'] })
  for (const address of incident.protected) tell(book, address, { role: 'protected' })
}

function fromFlow(out: Outgoing, book: Book): void {
  for (const { id, kind, label } of out.found?.fundFlow.nodes ?? [])
    tell(book, id, {
      role: roleBeside(out, id, kind),
      labels: label === null ? [] : [`${label.name} (${label.source})`],
    })
}

/** The creators and funders of the attacker’s accounts, if nothing else is known of them. */
function fromOrigins({ found }: Outgoing, book: Book): void {
  for (const actor of found?.actors ?? []) {
    if (!HOSTILE.has(actor.role)) continue
    const { deployer, funders = [] } = originSchema.safeParse(actor).data ?? {}
    if (deployer !== undefined)
      tell(book, deployer, { role: 'deployer', reasons: [`deployed ${actor.address}`] })
    for (const { from, label } of funders)
      tell(book, from, {
        role: 'funder',
        reasons: [`paid ${actor.address} before the attack`],
        labels: label === undefined ? [] : [`${label.name} (${label.source})`],
      })
  }
}

function firstSeen({ found, findings }: Outgoing, book: Book): void {
  const see = (address: string | null, transaction: string | null): void => {
    const account = address === null ? undefined : book.get(address)
    if (account !== undefined && transaction !== null && isHash(transaction))
      account.firstTransaction ??= transaction
  }
  for (const { hash, from, to } of found?.transactions ?? []) for (const end of [from, to]) see(end, hash)
  for (const { from, to, through, transactionHash } of found?.fundFlow.edges ?? [])
    for (const address of [from, to, ...through]) see(address, transactionHash)
  for (const { actors, victims, transactionHash } of findings)
    for (const address of [...actors, ...victims]) see(address, transactionHash)
}
