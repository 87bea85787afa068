import { type Asset, NATIVE } from '../../model/block.ts'
import { type Address, ZERO_ADDRESS } from '../../model/hex.ts'
import { type Prices, pricesIn } from '../prices.ts'
import type { Acting, Movement } from './movements.ts'
import { askedAt } from './spendings.ts'

/** Dollars for one base unit by asset, as floating point: for ranking alone, never for a figure that a person reads. */
export type Worth = ReadonlyMap<string, number>

/**
 * Dollars for one coin where nothing in the transactions connects it with a dollar: the order of magnitude of ether and BNB
 * between 2017 and 2023. It only decides which of two losses in unconnected assets is larger.
 */
const COIN_DOLLARS = 500n
/** Dollars for a base unit, times 10^36, of a coin with 18 decimals that is worth one dollar. */
const WEI_E36 = 10n ** 18n
const E36 = 1e36
/** Contracts that wrap the coin one to one, by chain: a transaction that only moves the wrapped form does not show that it does. */
const WRAPPED_COINS: Readonly<Record<number, Address>> = {
  1: '0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2',
  56: '0xbb4cdb9cbd36b01bd1cbaebf2de08d9173bc095c',
  250: '0x21be370d5312f44cb42ce377bc9b8a0cef1a4c83',
  43114: '0xb31f66aa3c1e785363f0875a1b74e27b85fd66c7',
}
/** True for a contract that wraps the coin of one of these chains. */
export function isWrappedCoin(asset: string): boolean {
  return Object.values(WRAPPED_COINS).some((wrapped) => wrapped === asset)
}

/** Rounds in which exchanges give each other prices. */
const ROUNDS = 4
/** An asset without any price that the side ends with counts as this part of everything with a price. */
const UNPRICED_PART = 0.25

export type WorthOptions = Pick<Acting, 'tx' | 'side' | 'ledger'> & { chainId: number; prices: Prices }

/**
 * Prices at the start of the attack: those of reserves and first trades, then what shares were first issued for, then what the side
 * first exchanged an asset for. Tokens that the side made are worth nothing.
 */
export function worthOf(movements: readonly Movement[], options: WorthOptions): Worth {
  const { side } = options
  const worth = new Map<string, number>()
  for (const [asset, { usdE36 }] of anchored(options)) worth.set(asset, Number(usdE36) / E36)
  for (const asset of side) worth.set(asset, 0)
  const net = netOf(movements)
  const exchanges = [...issuesIn(options), ...exchangesIn(movements)]
  solve(exchanges, worth, net)
  priceRest(net, worth)
  solve(exchanges, worth, net)
  dropUnseenIssues(movements, worth)
  return worth
}

/** The prices of the transaction; with the coin as a second anchor where it has none. */
function anchored({ chainId, prices, tx, side }: WorthOptions): Prices {
  const wrapped = WRAPPED_COINS[chainId]
  const coin = prices.get(NATIVE) ?? (wrapped === undefined ? undefined : prices.get(wrapped))
  const usdE36 = coin?.usdE36 ?? COIN_DOLLARS * WEI_E36
  const price = { usdE36, source: 'anchor of the ranking', confidence: 0 }
  const given = new Map<Asset, typeof price>([...prices, [NATIVE, price]])
  if (wrapped !== undefined) given.set(wrapped, price)
  // a trade in which a contract of the side has the place of the pool says nothing about a price
  const facts = tx.facts.filter((fact) => fact.kind !== 'swap' || !side.has(fact.pool))
  return pricesIn(chainId, [{ ...tx, facts }], given)
}

/** An exchange: asset → amount that one party received, negative where it gave. */
type Exchange = ReadonlyMap<string, number>

function solve(exchanges: readonly Exchange[], worth: Map<string, number>, net: Worth): void {
  for (let round = 0; round < ROUNDS; round++) {
    const before = worth.size
    for (const exchange of exchanges) priceFrom(exchange, worth, net)
    if (worth.size === before) return
  }
}

/** Transfers before an issue in which its payment is looked for. */
const MOST_BEFORE = 16

/** The payments for which tokens were issued: all that the issuer took in the same call before it asked the token to mint. */
function issuesIn({
  tx: { transaction },
  ledger: { transfers, wrappers },
}: Pick<Acting, 'tx' | 'ledger'>): Exchange[] {
  const { frames } = transaction
  return transfers.flatMap(({ asset, from, to, amount, frame }, index): Exchange[] => {
    if (from !== ZERO_ADDRESS || to === ZERO_ADDRESS || amount === 0n) return []
    const own = frames[askedAt(frame, asset, frames)?.parent ?? -1]
    const issuer = own?.context ?? null
    if (own === undefined || issuer === null) return []
    const exchange = new Map<string, number>([[asset, Number(amount)]])
    for (const paid of transfers.slice(Math.max(0, index - MOST_BEFORE), index)) {
      if (paid.frame < own.index || paid.to !== issuer || paid.asset === asset) continue
      const one = wrappers.has(paid.asset) ? NATIVE : paid.asset
      exchange.set(one, (exchange.get(one) ?? 0) - Number(paid.amount))
    }
    return exchange.size < 2 ? [] : [exchange]
  })
}

/** The exchanges of the side with each stranger: all that moved up to the end of the call that made it two-sided. */
function exchangesIn(movements: readonly Movement[]): Exchange[] {
  const open = new Map<Address, { exchange: Map<string, number>; received: boolean; gave: boolean }>()
  const exchanges: Exchange[] = []
  movements.forEach(({ by, asset, amount, crossing }, index) => {
    const dealing = open.get(by) ?? { exchange: new Map<string, number>(), received: false, gave: false }
    open.set(by, dealing)
    dealing.exchange.set(asset, (dealing.exchange.get(asset) ?? 0) + Number(amount))
    if (amount > 0n) dealing.received = true
    else dealing.gave = true
    const next = movements[index + 1]
    if ((next?.by === by && next.crossing === crossing) || !dealing.received || !dealing.gave) return
    exchanges.push(dealing.exchange)
    open.delete(by)
  })
  return exchanges
}

/**
 * If one asset of an exchange has no price, the others give it one. Not to an asset of which the side gave more than it got: the
 * exchange may be the very one that paid too much for it.
 */
function priceFrom(exchange: Exchange, worth: Map<string, number>, net: Worth): void {
  let [value, unknown, amount] = [0, '', 0]
  for (const [asset, moved] of exchange) {
    const price = worth.get(asset)
    if (price !== undefined) value += price * moved
    else if (unknown !== '') return
    else [unknown, amount] = [asset, moved]
  }
  const price = -value / amount
  if (unknown === '' || (net.get(unknown) ?? 0) < 0) return
  if (Number.isFinite(price) && price > 0) worth.set(unknown, price)
}

/** asset → net change of the side */
function netOf(movements: readonly Movement[]): Map<string, number> {
  const net = new Map<string, bigint>()
  for (const { asset, amount } of movements) net.set(asset, (net.get(asset) ?? 0n) + amount)
  return new Map([...net].map(([asset, amount]) => [asset, Number(amount)]))
}

/** Assets that the side ends with and that have no price yet. */
function priceRest(net: Worth, worth: Map<string, number>): void {
  let gained = 0
  for (const [asset, amount] of net) gained += Math.max(0, amount * (worth.get(asset) ?? 0))
  const each = gained > 0 ? gained * UNPRICED_PART : 1
  for (const [asset, amount] of net) if (amount > 0 && !worth.has(asset)) worth.set(asset, each / amount)
}

/** A part of all that the side gave of an asset, above which it must have got it in an unseen way. */
const UNSEEN_PART = 0.5

/** A claim on a stranger that the side hands back, and that was issued without a transfer, pays for nothing. */
function dropUnseenIssues(movements: readonly Movement[], worth: Map<string, number>): void {
  const given = new Map<string, { back: number; net: number }>()
  for (const { asset, amount, by, other } of movements) {
    const sums = given.get(asset) ?? { back: 0, net: 0 }
    given.set(asset, sums)
    sums.net += Number(amount)
    if (amount < 0n && (by === asset || other === asset)) sums.back -= Number(amount)
  }
  for (const [asset, { back, net }] of given) if (-net > back * UNSEEN_PART && back > 0) worth.set(asset, 0)
}
