import type { Funding } from '../../model/actor.ts'
import { type AddressLabel, endsFlow } from '../../model/address-label.ts'
import { type Address, ZERO_ADDRESS } from '../../model/hex.ts'
import type { Payment, Placed } from './known.ts'

const MOST_HOPS = 6
/** Payers followed from one account: the largest of the coin, the latest of tokens. */
const MOST_COIN = 4
const MOST_TOKENS = 2
const MOST = 24
/** Payments that are kept for an account while a record is read. */
const MOST_KEPT = 64

export type Payments = ReadonlyMap<Address, readonly Payment[]>

/**
 * Payments by receiver. Assets that an account received in its own transaction are its own trade or withdrawal and not
 * funding, except payouts of a labelled end.
 */
export function paymentsIn(
  placed: readonly Placed[],
  labels: ReadonlyMap<Address, AddressLabel>,
): Map<Address, Payment[]> {
  const payments = new Map<Address, Payment[]>()
  let last = -1
  let inBlock = 0
  for (const { tx, block } of placed) {
    if (block !== last) inBlock = 0
    last = block
    const { hash, from: sender } = tx.transaction
    for (const fact of tx.facts) {
      if (fact.kind !== 'transfer' || fact.amount === 0n || fact.from === fact.to) continue
      const { from, to, asset, amount } = fact
      if (from === ZERO_ADDRESS || to === ZERO_ADDRESS) continue
      if (to === sender && !labels.has(from)) continue
      keep(payments, {
        from,
        to,
        asset,
        amount,
        transactionHash: hash,
        block,
        order: orderOf(block, inBlock++),
      })
    }
  }
  return payments
}

/** A comparable position on the chain: block, then index in it. */
export function orderOf(block: number, inBlock: number): number {
  return block * 1_000_000 + Math.min(inBlock, 999_999)
}

/** Adds a payment to its receiver's list; if there are too many, drops the smallest of the coin. */
function keep(payments: Map<Address, Payment[]>, payment: Payment): void {
  const own = payments.get(payment.to) ?? []
  payments.set(payment.to, own)
  own.push(payment)
  if (own.length > MOST_KEPT) {
    const kept = chosen(own)
    own.splice(0, own.length, ...kept)
  }
}

/**
 * The origin of an account’s funds, hop by hop backwards in time, nearest first; a chain ends at a labelled exchange,
 * bridge or mixer, after six hops, or where nothing was read.
 */
export function fundersOf(
  address: Address,
  { payments, labels, own }: Following,
): { funders: Funding[]; isCut: boolean } {
  const funders: Funding[] = []
  const seen = new Set<Address>([address, ...own])
  let front = [{ account: address, until: Number.POSITIVE_INFINITY }]
  let isCut = false
  for (let hop = 1; hop <= MOST_HOPS && front.length > 0; hop++) {
    const next: typeof front = []
    for (const { account, until } of front) {
      const earlier = (payments.get(account) ?? []).filter(({ order }) => order < until)
      const picked = chosen(earlier.filter(({ from }) => !seen.has(from)))
      isCut ||= picked.length < new Set(earlier.map(({ from }) => from)).size && picked.length >= MOST_COIN
      for (const { order, ...payment } of picked) {
        if (seen.has(payment.from)) continue
        seen.add(payment.from)
        if (funders.length >= MOST) return { funders, isCut: true }
        const label = labels.get(payment.from)
        funders.push({ ...payment, hop, ...(label === undefined ? {} : { label: labelOf(label) }) })
        if (label === undefined || !endsFlow(label.kind)) next.push({ account: payment.from, until: order })
      }
    }
    isCut ||= hop === MOST_HOPS && next.some(({ account }) => payments.has(account))
    front = next
  }
  return { funders, isCut }
}

type Following = {
  payments: Payments
  labels: ReadonlyMap<Address, AddressLabel>
  /** Payments among these are not funding. */
  own: ReadonlySet<Address>
}

function chosen(payments: readonly Payment[]): Payment[] {
  const coin = payments.filter(({ asset }) => asset === 'native')
  const tokens = payments.filter(({ asset }) => asset !== 'native')
  const largest = [...coin].sort((a, b) => (a.amount < b.amount ? 1 : a.amount > b.amount ? -1 : 0))
  return [...largest.slice(0, MOST_COIN), ...tokens.slice(-MOST_TOKENS)]
}

function labelOf({ name, kind, source }: AddressLabel): NonNullable<Funding['label']> {
  return { name, kind, source }
}
