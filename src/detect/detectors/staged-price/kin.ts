import type { Asset } from '../../../model/block.ts'
import { NATIVE } from '../../../model/block.ts'
import type { TransactionFacts } from '../../../model/fact.ts'
import type { Address } from '../../../model/hex.ts'
import { forgetOldest } from '../../lib/bounded.ts'

type Funding = { by: Address; amount: bigint }

/**
 * The accounts and contracts that belong to one party, as far as seen. Bounded; entries are replaced, never changed.
 */
export type Kin = {
  /** account → the account that created it, or paid for its first transaction */
  parents: Map<Address, Address>
  /** account → the account that sent it the most coin, of those that it may have begun with */
  funded: Map<Address, Funding>
  /** account and asset → the account that sent it the most of that, for nothing */
  gifts: Map<string, Funding>
  /** account → how many others began with its coin: an exchange has thousands, a party a few */
  children: Map<Address, number>
}

const MOST_KEPT = 5_000
/** Accounts that begin with the coin of one account, above which it counts as an exchange, a bridge or a faucet. */
const MOST_CHILDREN = 8
const MOST_STEPS = 8
/** Transfers of one transaction that are examined. */
const MOST_LOOKED = 64

export function noKin(): Kin {
  return { parents: new Map(), funded: new Map(), gifts: new Map(), children: new Map() }
}

export function copyKin({ parents, funded, gifts, children }: Kin): Kin {
  return {
    parents: new Map(parents),
    funded: new Map(funded),
    gifts: new Map(gifts),
    children: new Map(children),
  }
}

/** The account at the head of the party that an account belongs to: itself where nothing is known. */
export function headOf(account: Address, { parents }: Kin): Address {
  let head = account
  for (let steps = 0; steps < MOST_STEPS; steps++) {
    const parent = parents.get(head)
    if (parent === undefined) return head
    head = parent
  }
  return head
}

/** Records which accounts created others or paid for them. */
export function noteKin({ transaction, facts }: TransactionFacts, kin: Kin): void {
  const { from, nonce, frames } = transaction
  if (from === null) return
  if (nonce === 0) adopt(from, kin)
  for (const { type, to, reverted } of frames)
    if ((type === 'CREATE' || type === 'CREATE2') && to !== null && !reverted) put(kin.parents, to, from)
  let looked = 0
  for (const fact of facts) {
    if (fact.kind !== 'transfer' || fact.tokenId !== null || fact.amount === 0n || fact.to === from) continue
    if (++looked > MOST_LOOKED) break
    const { asset, to, amount } = fact
    const isOwn = fact.from === from || headOf(fact.from, kin) === headOf(from, kin)
    if (asset === NATIVE) keepLargest(kin.funded, to, { by: from, amount })
    else if (isOwn) keepLargest(kin.gifts, `${to}:${asset}`, { by: from, amount })
  }
}

/**
 * The head of the account that sent at least half of what an account then gave away. Dust makes no account an
 * accomplice.
 */
export function giverOf(account: Address, asset: Asset, { given, kin }: { given: bigint; kin: Kin }) {
  const gift = kin.gifts.get(`${account}:${asset}`)
  return gift !== undefined && gift.amount * 2n >= given ? headOf(gift.by, kin) : undefined
}

/** Puts an account into the party of the account that supplied the assets it deals with. */
export function ally(account: Address, giver: Address, kin: Kin): void {
  if (!kin.parents.has(account) && headOf(giver, kin) !== account) put(kin.parents, account, giver)
}

/** Adds an account that sends its first transaction to the party of its funder, unless that one funds everyone. */
function adopt(account: Address, kin: Kin): void {
  const funding = kin.funded.get(account)
  if (funding === undefined || kin.parents.has(account)) return
  const children = (kin.children.get(funding.by) ?? 0) + 1
  put(kin.children, funding.by, children)
  if (children <= MOST_CHILDREN && headOf(funding.by, kin) !== account) put(kin.parents, account, funding.by)
}

function keepLargest<K>(map: Map<K, Funding>, key: K, funding: Funding): void {
  const known = map.get(key)
  put(map, key, known !== undefined && known.amount > funding.amount ? known : funding)
}

function put<K, V>(map: Map<K, V>, key: K, value: V): void {
  map.delete(key)
  map.set(key, value)
  forgetOldest(map, MOST_KEPT)
}
