import type { Asset, Frame } from '../model/block.ts'
import { entryFrame, NATIVE } from '../model/block.ts'
import type { TransferFact } from '../model/fact.ts'
import type { Address } from '../model/hex.ts'
import { ZERO_ADDRESS } from '../model/hex.ts'

type Net = Map<Asset, bigint>

/** A period of control of one contract, from entry to return, and the movements into and out of it meanwhile. */
export type Visit = { account: Address; entry: Frame; net: Net; moves: TransferFact[] }

/** The mint or burn of a token during a visit to the token. */
export type Issue = { transfer: TransferFact; visit: Visit }

export type Visits = { byKey: ReadonlyMap<string, Visit>; issues: readonly Issue[] }

export function visitKey(account: Address, entry: Frame): string {
  return `${account}${entry.index}`
}

/** The visit of `account` around frame `index`, if anything moved in it. */
export function visitAround(
  account: Address,
  index: number,
  { visits, frames }: { visits: Visits; frames: readonly Frame[] },
): Visit | undefined {
  const entry = entryFrame(account, index, frames)
  return entry === undefined ? undefined : visits.byKey.get(visitKey(account, entry))
}

/**
 * The visits of a transaction. A payment to a contract before a visit (Uniswap v2 style) counts for the first visit in
 * which it moves something itself. Mints and burns are not in `net`: they are issues.
 */
export function visitsOf(transfers: readonly TransferFact[], frames: readonly Frame[]): Visits {
  const books: Books = { visits: new Map(), frames, prepaid: new Map() }
  const issues: Issue[] = []
  for (const transfer of transfers) {
    if (transfer.tokenId !== null) continue
    if (transfer.from === ZERO_ADDRESS || transfer.to === ZERO_ADDRESS) {
      if (transfer.from === transfer.to || transfer.asset === NATIVE) continue
      const visit = visitOf(transfer.asset, transfer, books)
      if (visit !== undefined) issues.push({ transfer, visit })
      continue
    }
    const out = visitOf(transfer.from, transfer, books)
    if (out !== undefined) move(out, transfer, -transfer.amount)
    const into = visitOf(transfer.to, transfer, books)
    if (into !== undefined) move(into, transfer, transfer.amount)
    else addTo(netOf(books.prepaid, transfer.to), transfer.asset, transfer.amount)
  }
  return { byKey: books.visits, issues }
}

type Books = { visits: Map<string, Visit>; frames: readonly Frame[]; prepaid: Map<Address, Net> }

/** The visit to `account` during which the transfer happens, opened with earlier payments. */
function visitOf(account: Address, transfer: TransferFact, books: Books): Visit | undefined {
  const entry = entryFrame(account, transfer.frame, books.frames)
  if (entry === undefined) return undefined
  const key = visitKey(account, entry)
  const known = books.visits.get(key)
  if (known !== undefined) return known
  const visit: Visit = { account, entry, net: books.prepaid.get(account) ?? new Map(), moves: [] }
  books.prepaid.delete(account)
  books.visits.set(key, visit)
  return visit
}

function move(visit: Visit, transfer: TransferFact, amount: bigint): void {
  visit.moves.push(transfer)
  addTo(visit.net, transfer.asset, amount)
}

function netOf(books: Map<Address, Net>, account: Address): Net {
  let net = books.get(account)
  if (net === undefined) {
    net = new Map()
    books.set(account, net)
  }
  return net
}

function addTo(net: Net, asset: Asset, amount: bigint): void {
  net.set(asset, (net.get(asset) ?? 0n) + amount)
}
