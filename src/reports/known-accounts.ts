import { z } from 'zod'
import type { Outgoing } from './outgoing.ts'
import { isAddress, isHash } from './outgoing.ts'
import { isKeyOf } from './own-accounts.ts'

/** An account that has to do with the attack, and why we say so. */
export type KnownAccount = {
  address: `0x${string}`
  /** By the investigation where it names one, else by the fund flow, else by the detectors (`actor`). */
  role: string
  /** 0 to 1; null where nobody says how sure it is. */
  confidence: number | null
  reasons: string[]
  labels: string[]
  /** The first transaction in which it is seen; null where that is not known. */
  firstTransaction: string | null
}

/** Whose accounts these are is what an exchange is to look for. */
const HOSTILE: ReadonlySet<string> = new Set(['attacker', 'beneficiary', 'accomplice', 'actor'])

export function isHostile({ role }: KnownAccount): boolean {
  return HOSTILE.has(role)
}

type Said = { role: string; confidence?: number; reasons?: readonly string[]; labels?: readonly string[] }
type Book = Map<string, KnownAccount>

/** Investigations of later versions say where an actor comes from. */
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

/** Every account that is told, each once, those of the attacker first. */
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

/** What the defenders’ accounts are called where they stand among the attacker’s. */
export const STOLEN_KEY = 'stolen key'

/** An account of the defenders is no indicator: where it acted for the attack its key is in other hands, and that is said. */
function spare(account: KnownAccount, what: string): void {
  if (!isHostile(account)) return
  const isKey = isKeyOf(what)
  account.role = isKey ? STOLEN_KEY : 'protected'
  account.reasons.unshift(
    isKey ? `an account of the defenders (${what}) that took part: treat its key as stolen` : what,
  )
}

/** The first that says more than `unknown` of an account gives its role. */
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

/** An account whose role the investigation leaves open is not called hostile by what knew less. */
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

/** Who made and who paid the attacker’s accounts, where nothing else is known of them. */
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
