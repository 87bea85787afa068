import type { AddressLabel } from '../../model/address-label.ts'
import { endsFlow } from '../../model/address-label.ts'
import type { FlowEdge, FlowSource } from '../../model/fund-flow.ts'
import type { Address } from '../../model/hex.ts'
import { type Book, isTainted, put } from './book.ts'
import { type AssetKey, keyOf } from './key.ts'
import type { Parcel } from './parcel.ts'

export const methods = ['haircut', 'fifo'] as const
export type Method = (typeof methods)[number]
export type Books = Map<string, Book>
export type ByMethod<T> = Record<Method, T>

/** Limits of one flow; any excess is counted in `cut` and `unexplained`, never silently dropped. */
export type FlowLimits = {
  /** Holdings with taint, per method. */
  tainted: number
  /** Holdings without, kept so that a mixture is known when taint joins them. */
  clean: number
  edges: number
  /** Stolen assets that are tracked separately. */
  lineages: number
  /** Accounts remembered as contracts, or with the block in which they moved. */
  accounts: number
}

export const LIMITS: FlowLimits = {
  tainted: 50_000,
  clean: 100_000,
  edges: 50_000,
  lineages: 32,
  accounts: 200_000,
}

/** Lots that FIFO keeps of a holding before it mixes the newest. */
export const MOST_LOTS: ByMethod<number> = { haircut: 1, fifo: 256 }

/** A fund flow as far as it was followed. The functions that follow it change it in place. */
export type Flow = {
  chainId: number
  limits: FlowLimits
  labels: ReadonlyMap<Address, AddressLabel>
  actors: Set<Address>
  sources: FlowSource[]
  /** Stolen assets; a part names them by index. */
  lineages: AssetKey[]
  stolen: bigint[]
  books: ByMethod<Books>
  /** Holdings that have taint now, so that a block that concerns none of them costs nothing. */
  tainted: ByMethod<Set<string>>
  unexplained: ByMethod<bigint[]>
  edges: FlowEdge[]
  /** Number of the next edge. */
  order: number
  cut: { edges: number; accounts: number; assets: number }
  contracts: Set<Address>
  /** Sources whose theft was followed: funds that return to them later are recovered. */
  robbed: Set<Address>
  doubted: Set<Address>
  /** account → block in which taint last left it (arrived, if it never left). */
  moved: Map<Address, number>
  fromBlock: number
  toBlock: number
  transactions: number
}

export type StartOptions = {
  chainId: number
  block: number
  sources: readonly FlowSource[]
  labels?: ReadonlyMap<Address, AddressLabel>
  /** The known attackers. */
  actors?: readonly Address[]
  limits?: Partial<FlowLimits>
}

/**
 * Begins a fund flow from the stolen amounts and their owners. Base units; amounts of the same account and asset add
 * up.
 *
 * @example
 * const flow = startFlow({ chainId: 1, block: 19_000_000, sources: [{ account, asset, tokenId: null, amount: 5n }] })
 * followTheft(flow, theft, 19_000_000)
 * for (const tx of later.transactions) followTransaction(flow, tx, later.bundle.number)
 * const { totals } = finishFlow(flow)
 */
export function startFlow({ chainId, block, sources, labels, actors, limits }: StartOptions): Flow {
  const flow: Flow = {
    chainId,
    limits: { ...LIMITS, ...limits },
    labels: labels ?? new Map(),
    actors: new Set(actors),
    sources: [],
    lineages: [],
    stolen: [],
    books: { haircut: new Map(), fifo: new Map() },
    tainted: { haircut: new Set(), fifo: new Set() },
    unexplained: { haircut: [], fifo: [] },
    edges: [],
    order: 0,
    cut: { edges: 0, accounts: 0, assets: 0 },
    contracts: new Set(),
    robbed: new Set(),
    doubted: new Set(),
    moved: new Map(),
    fromBlock: block,
    toBlock: block,
    transactions: 0,
  }
  addSources(flow, sources)
  return flow
}

/** Adds more stolen funds: also of accounts that were robbed before. */
export function addSources(flow: Flow, sources: readonly FlowSource[]): void {
  for (const source of sources) {
    if (source.amount <= 0n) continue
    const lineage = lineageOf(flow, keyOf(source))
    if (lineage === undefined) {
      flow.cut.assets++
      continue
    }
    flow.sources.push(source)
    flow.stolen[lineage] = (flow.stolen[lineage] ?? 0n) + source.amount
    flow.moved.set(source.account, flow.toBlock)
    const parcel: Parcel = {
      amount: source.amount,
      parts: [{ lineage, here: source.amount, origin: source.amount }],
    }
    for (const method of methods) putInto(flow, method, { ...holdingOf(source), parcels: [parcel] })
  }
}

function lineageOf(flow: Flow, key: AssetKey): number | undefined {
  const known = flow.lineages.indexOf(key)
  if (known !== -1) return known
  if (flow.lineages.length >= flow.limits.lineages) return undefined
  for (const method of methods) flow.unexplained[method].push(0n)
  flow.stolen.push(0n)
  return flow.lineages.push(key) - 1
}

function holdingOf({ account, ...asset }: FlowSource): { account: Address; key: AssetKey } {
  return { account, key: keyOf(asset) }
}

/** The name of a holding in the books: 42 characters of account, then the asset. */
export function holding(account: Address, key: AssetKey): string {
  return `${account}${key}`
}

export function partsOfHolding(name: string): { account: Address; key: AssetKey } {
  return { account: name.slice(0, 42) as Address, key: name.slice(42) }
}

type Deposit = { account: Address; key: AssetKey; parcels: readonly Parcel[] }

/** Puts parcels into a holding. If there is no room for one more with taint, the taint is unexplained. */
export function putInto(flow: Flow, method: Method, { account, key, parcels }: Deposit): void {
  const { books, tainted, limits } = flow
  const name = holding(account, key)
  const brings = parcels.some(({ parts }) => parts.length > 0)
  if (brings && !tainted[method].has(name)) {
    if (tainted[method].size >= limits.tainted) {
      giveUp(flow, method, parcels)
      return
    }
    tainted[method].add(name)
  }
  let book = books[method].get(name)
  if (book === undefined) {
    book = { lots: [] }
    books[method].set(name, book)
    if (books[method].size - tainted[method].size > limits.clean) forget(flow, method)
  }
  put(book, parcels, MOST_LOTS[method])
}

function giveUp(flow: Flow, method: Method, parcels: readonly Parcel[]): void {
  flow.cut.accounts++
  for (const { parts } of parcels)
    for (const { lineage, origin } of parts)
      flow.unexplained[method][lineage] = (flow.unexplained[method][lineage] ?? 0n) + origin
}

/** Makes room: drops the clean holdings that were opened first, a tenth in one pass. */
function forget({ books, tainted, limits }: Flow, method: Method): void {
  let left = Math.ceil(limits.clean / 10)
  for (const name of books[method].keys()) {
    if (left === 0) return
    if (tainted[method].has(name)) continue
    books[method].delete(name)
    left--
  }
}

/** Updates the list of tainted holdings after one was spent from. */
export function noteSpent({ books, tainted }: Flow, method: Method, name: string): void {
  const book = books[method].get(name)
  if (book === undefined) return
  if (tainted[method].has(name) && !isTainted(book)) tainted[method].delete(name)
  if (book.lots.length === 0) books[method].delete(name)
}

/** True if arriving taint stays: the account's payouts are not the amounts that came in. */
export function isEnd({ labels }: Flow, account: Address): boolean {
  const label = labels.get(account)
  return label !== undefined && endsFlow(label.kind)
}
