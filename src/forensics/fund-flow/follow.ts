import type { Asset, Transaction } from '../../model/block.ts'
import type { TransactionFacts, TransferFact } from '../../model/fact.ts'
import type { FlowEdge, FlowEdgeKind } from '../../model/fund-flow.ts'
import { type Address, ZERO_ADDRESS } from '../../model/hex.ts'
import { type Spending, take } from './book.ts'
import { collapse } from './collapse.ts'
import { giveOut, newTransit, type Transit, takeIn } from './convert.ts'
import { type Exchange, findRoles, type Roles } from './exchanges.ts'
import { type AssetKey, assetOf, keyOf } from './key.ts'
import { orderOf } from './order.ts'
import { clean, type Parcel } from './parcel.ts'
import {
  type ByMethod,
  type Flow,
  holding,
  isEnd,
  type Method,
  methods,
  noteSpent,
  putInto,
} from './state.ts'

/** Follows taint through one transaction of block `block`. Linear in its transfers; changes `flow`. */
export function followTransaction(flow: Flow, tx: TransactionFacts, block: number): void {
  follow({ flow, tx, block, victims: new Map() })
}

/**
 * Follows taint through a transaction of the theft itself. The loss of the sources is a net loss: so here they pay with
 * the stolen amount first, and amounts that return to them are the ones that were not stolen.
 */
export function followTheft(flow: Flow, tx: TransactionFacts, block: number): void {
  const victims = new Map<Address, Set<AssetKey>>()
  for (const source of flow.sources) {
    const known = victims.get(source.account)
    if (known === undefined) victims.set(source.account, new Set([keyOf(source)]))
    else known.add(keyOf(source))
  }
  follow({ flow, tx, block, victims })
  for (const account of victims.keys()) flow.robbed.add(account)
}

/** True if a holding that this transaction spends from is tainted. */
export function concernsTransaction(flow: Flow, tx: TransactionFacts): boolean {
  return concerns(flow, tx.facts.filter(isMove))
}

type Followed = {
  flow: Flow
  tx: TransactionFacts
  block: number
  /** The accounts that are robbed in this transaction, with their stolen assets. */
  victims: ReadonlyMap<Address, ReadonlySet<AssetKey>>
}

type Step = Followed & {
  transfers: readonly TransferFact[]
  roles: Roles
  transits: ByMethod<Map<Exchange, Transit>>
  totals: Map<Exchange, Map<AssetKey, bigint>>
  /** The lenders within this transaction, with the lent assets: a repayment to them returns the loan. */
  lent: ReadonlySet<string>
  edges: FlowEdge[]
}

function follow(followed: Followed): void {
  const { flow, tx, block, victims } = followed
  flow.transactions++
  flow.toBlock = Math.max(flow.toBlock, block)
  const transfers = tx.facts.filter(isMove)
  if (transfers.length === 0) return
  if (!concerns(flow, transfers)) {
    moveClean(flow, transfers)
    return
  }
  noteAccounts(flow, tx)
  const roles = findRoles(tx, transfers, new Set(victims.keys()))
  const step: Step = {
    ...followed,
    transfers,
    roles,
    transits: { haircut: new Map(), fifo: new Map() },
    totals: new Map(),
    lent: lentIn(tx, transfers),
    edges: [],
  }
  for (const at of orderOf(transfers, roles)) pay(step, at)
  for (const method of methods) settle(step, method)
  keepEdges(
    flow,
    collapse(step.edges, (account) => passesOn(step, account)),
  )
}

function isMove(fact: TransactionFacts['facts'][number]): fact is TransferFact {
  return fact.kind === 'transfer' && fact.amount > 0n && fact.from !== fact.to
}

function concerns({ tainted }: Flow, transfers: readonly TransferFact[]): boolean {
  return transfers.some((it) => {
    const name = holding(it.from, keyOf(it))
    return tainted.haircut.has(name) || tainted.fifo.has(name)
  })
}

/** Nothing here is tainted: holdings are kept anyway, so that a later mixture is known. */
function moveClean(flow: Flow, transfers: readonly TransferFact[]): void {
  for (const { from, to, amount, ...asset } of transfers) {
    const key = keyOf(asset)
    for (const method of methods) {
      spend(flow, method, { account: from, key, amount, spending: 'as-held' })
      putInto(flow, method, { account: to, key, parcels: [clean(amount)] })
    }
  }
}

type Spend = { account: Address; key: AssetKey; amount: bigint; spending: Spending }

function spend(flow: Flow, method: Method, { account, key, amount, spending }: Spend): Parcel[] {
  const name = holding(account, key)
  const book = flow.books[method].get(name)
  if (book === undefined) return [clean(amount)]
  const taken = take(book, amount, spending)
  noteSpent(flow, method, name)
  return taken
}

function pay(step: Step, at: number): void {
  const { transfers, edges } = step
  const transfer = transfers[at]
  if (transfer === undefined) return
  const moved = { haircut: payBy(step, at, 'haircut'), fifo: payBy(step, at, 'fifo') }
  const edge = edgeOf(step, at, moved)
  if (edge !== undefined) edges.push(edge)
}

function payBy(step: Step, at: number, method: Method): readonly Parcel[] {
  const { flow, transfers, roles, transits } = step
  const transfer = transfers[at]
  if (transfer === undefined) return []
  const key = keyOf(transfer)
  const giver = roles.giver[at]
  const parcels =
    giver === undefined
      ? fromHolding(step, transfer, method)
      : [giveOut(transitOf(transits[method], giver), { key, amount: transfer.amount }, totalsOf(step, giver))]
  const taker = roles.taker[at]
  const transit = taker === undefined ? undefined : transitOf(transits[method], taker)
  // An account that was paid after it gave keeps the payment: nothing is left that it could have gone into.
  if (transit !== undefined && transit.outs === null) takeIn(transit, key, parcels)
  else putInto(flow, method, { account: taker?.account ?? transfer.to, key, parcels })
  return parcels
}

function fromHolding(step: Step, transfer: TransferFact, method: Method): Parcel[] {
  const { flow, victims, lent } = step
  const { from, to, amount } = transfer
  const key = keyOf(transfer)
  const isRobbed = victims.get(from)?.has(key) === true
  const isHome = isEnd(flow, from) || flow.robbed.has(from)
  if (from === ZERO_ADDRESS || (!isRobbed && isHome)) return [clean(amount)]
  const isReturn = victims.get(to)?.has(key) === true || lent.has(holding(to, key))
  const spending = isRobbed ? 'tainted-first' : isReturn ? 'clean-first' : 'as-held'
  return spend(flow, method, { account: from, key, amount, spending })
}

function transitOf(transits: Map<Exchange, Transit>, exchange: Exchange): Transit {
  let transit = transits.get(exchange)
  if (transit === undefined) {
    transit = newTransit()
    transits.set(exchange, transit)
  }
  return transit
}

function totalsOf({ totals, transfers }: Step, exchange: Exchange): Map<AssetKey, bigint> {
  let sums = totals.get(exchange)
  if (sums !== undefined) return sums
  sums = new Map()
  for (const at of exchange.outs) {
    const transfer = transfers[at]
    if (transfer === undefined) continue
    const key = keyOf(transfer)
    sums.set(key, (sums.get(key) ?? 0n) + transfer.amount)
  }
  totals.set(exchange, sums)
  return sums
}

/** An amount that an exchange took in without giving anything stays with its contract. */
function settle({ flow, transits }: Step, method: Method): void {
  for (const [{ account }, { ins, outs }] of transits[method]) {
    if (outs !== null) continue
    for (const [key, parcels] of ins) putInto(flow, method, { account, key, parcels })
  }
}

/** A fee for a loan within one transaction is at most this share of it. */
const MOST_FEE = 100n

/**
 * Known flash loans, and accounts that gave something first and had all of it back in the end, with no more than a fee.
 */
function lentIn({ facts, deltas }: TransactionFacts, transfers: readonly TransferFact[]): Set<string> {
  const lent = new Set<string>()
  for (const fact of facts) {
    if (fact.kind !== 'action' || fact.action !== 'flash-loan') continue
    for (const { asset } of fact.taken) if (asset !== null) lent.add(holding(fact.contract, asset))
  }
  const given = new Map<string, bigint>()
  for (const { from, to, amount, ...asset } of transfers) {
    const key = keyOf(asset)
    const [giver, taker] = [holding(from, key), holding(to, key)]
    // an account that received something before it gave has not lent
    if (!given.has(taker)) given.set(taker, -1n)
    const before = given.get(giver) ?? 0n
    if (before >= 0n) given.set(giver, before + amount)
    const net = deltas.get(from)?.get(key as Asset) ?? 0n
    const isRepaid = net >= 0n && net * MOST_FEE <= (given.get(giver) ?? 0n)
    if (before >= 0n && isRepaid) lent.add(giver)
  }
  return lent
}

function edgeOf(step: Step, at: number, moved: ByMethod<readonly Parcel[]>): FlowEdge | undefined {
  const { flow, tx, block, transfers, roles } = step
  const transfer = transfers[at]
  if (transfer === undefined || !(isTaintedBy(moved.haircut) || isTaintedBy(moved.fifo))) return undefined
  const giver = roles.giver[at]
  const taker = roles.taker[at]
  const from = giver?.account ?? transfer.from
  const to = taker?.account ?? transfer.to
  for (const account of [from, to])
    if (flow.moved.size < flow.limits.accounts || flow.moved.has(account)) flow.moved.set(account, block)
  const order = flow.order++
  return {
    id: `e${order}`,
    from,
    to,
    asset: transfer.asset,
    tokenId: transfer.tokenId,
    amount: transfer.amount,
    tainted: hereIn(moved.haircut),
    taintedFifo: hereIn(moved.fifo),
    stolen: stolenIn(flow, moved),
    transactionHash: tx.transaction.hash,
    blockNumber: block,
    order,
    kind: giver?.kind ?? taker?.kind ?? kindOf(flow, to),
    through: [],
  }
}

function kindOf({ labels }: Flow, to: Address): FlowEdgeKind {
  if (to === ZERO_ADDRESS) return 'burn'
  return labels.get(to)?.kind === 'bridge' ? 'bridge' : 'transfer'
}

const isTaintedBy = (parcels: readonly Parcel[]): boolean => parcels.some(({ parts }) => parts.length > 0)

function hereIn(parcels: readonly Parcel[]): bigint {
  let sum = 0n
  for (const { parts } of parcels) for (const { here } of parts) sum += here
  return sum
}

/** By stolen asset, the amounts that parcels carry in units of it. */
export function stolenIn(flow: Flow, moved: ByMethod<readonly Parcel[]>): FlowEdge['stolen'] {
  const sums = new Map<number, ByMethod<bigint>>()
  for (const method of methods)
    for (const { parts } of moved[method])
      for (const { lineage, origin } of parts) {
        const known = sums.get(lineage) ?? { haircut: 0n, fifo: 0n }
        sums.set(lineage, { ...known, [method]: known[method] + origin })
      }
  return [...sums]
    .sort(([a], [b]) => a - b)
    .map(([lineage, both]) => ({ ...assetOf(flow.lineages[lineage] ?? ''), ...both }))
}

function keepEdges(flow: Flow, edges: readonly FlowEdge[]): void {
  const room = Math.max(0, flow.limits.edges - flow.edges.length)
  flow.cut.edges += Math.max(0, edges.length - room)
  flow.edges.push(...edges.slice(0, room))
}

/** A contract that kept nothing and is not part of the case. */
function passesOn({ flow, tx, edges }: Step, account: Address): boolean {
  if (!flow.contracts.has(account) || account === tx.transaction.from) return false
  if (flow.actors.has(account) || flow.labels.has(account)) return false
  if (flow.sources.some((source) => source.account === account)) return false
  const held = new Set(edges.map((edge) => holding(account, keyOf(edge))))
  return methods.every((method) => [...held].every((name) => !flow.tainted[method].has(name)))
}

function noteAccounts(flow: Flow, tx: TransactionFacts): void {
  if (flow.contracts.size >= flow.limits.accounts || flow.doubted.size >= flow.limits.accounts) return
  for (const account of contractsIn(tx.transaction)) flow.contracts.add(account)
  for (const fact of tx.facts) {
    if (fact.kind === 'discrepancy') flow.doubted.add(fact.asset)
    else if (fact.kind === 'swap') flow.contracts.add(fact.pool)
    else if (fact.kind === 'action') flow.contracts.add(fact.contract)
  }
}

/** Accounts that called another, were created, answered or logged: only code does that. */
function* contractsIn({ frames, logs, contractAddress }: Transaction): Generator<Address> {
  if (contractAddress !== null) yield contractAddress
  for (const log of logs ?? []) yield log.address
  for (const frame of frames) {
    if (frame.parent >= 0 && frame.from !== null) yield frame.from
    if (frame.to !== null && (frame.output.length > 2 || frame.logs.length > 0)) yield frame.to
  }
}
