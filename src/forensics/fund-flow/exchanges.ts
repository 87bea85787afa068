import { type Asset, NATIVE } from '../../model/block.ts'
import type { ActionFact, Fact, SwapFact, TransactionFacts, TransferFact } from '../../model/fact.ts'
import { type Address, ZERO_ADDRESS } from '../../model/hex.ts'

/**
 * One asset exchanged for another within a transaction, at one contract: a trade, a wrap, shares for a deposit. Taint
 * moves from the given to the received asset; the contract itself keeps none.
 */
export type Exchange = {
  account: Address
  kind: 'swap' | 'wrap' | 'unwrap' | 'mint' | 'burn'
  assetsIn: ReadonlySet<Asset>
  assetsOut: ReadonlySet<Asset>
  /** Frames of the visit in which it happened; a payment ahead of it counts too. */
  from: number
  end: number
  /** Indexes in the list of transfers. */
  ins: number[]
  outs: number[]
}

/** The exchange that gives (takes) the transfer at this index; undefined if an account does. */
export type Roles = { giver: (Exchange | undefined)[]; taker: (Exchange | undefined)[] }

/**
 * Beyond this number the exchanges of one contract are treated as one: finding each transfer's own would be quadratic.
 */
const MOST_VISITS = 128

/**
 * The exchanges of a transaction, and the transfers that belong to them. `except` are contracts that exchange nothing.
 */
export function findRoles(
  tx: TransactionFacts,
  transfers: readonly TransferFact[],
  except: ReadonlySet<Address>,
): Roles {
  const roles: Roles = { giver: [], taker: [] }
  findWraps(transfers, except, roles)
  const found = tx.facts.flatMap((fact) => exchangeOf(fact, tx)).filter(({ account }) => !except.has(account))
  const all = found.length > 0 || tx.transaction.frames.length > 0 ? found : byDeltas(tx, except)
  assign(transfers, gather(all), roles)
  return roles
}

/** Coins for as many tokens of the contract that took them, or back: independent of its address. */
function findWraps(transfers: readonly TransferFact[], except: ReadonlySet<Address>, roles: Roles): void {
  const coins = new Map<string, number[]>()
  const keyOf = (token: Address, amount: bigint, isIn: boolean): string => `${token}${isIn}${amount}`
  transfers.forEach(({ asset, from, to, amount }, i) => {
    if (asset !== NATIVE) return
    for (const key of [keyOf(to, amount, true), keyOf(from, amount, false)]) {
      const known = coins.get(key)
      if (known === undefined) coins.set(key, [i])
      else known.push(i)
    }
  })
  if (coins.size === 0) return
  for (const list of coins.values()) list.reverse()
  transfers.forEach(({ asset, from, to, amount }, i) => {
    const isMint = from === ZERO_ADDRESS
    if (asset === NATIVE || isMint === (to === ZERO_ADDRESS) || except.has(asset)) return
    const coin = coins.get(keyOf(asset, amount, isMint))?.pop()
    if (coin === undefined) return
    const [given, got] = isMint ? [coin, i] : [i, coin]
    const exchange: Exchange = {
      account: asset,
      kind: isMint ? 'wrap' : 'unwrap',
      assetsIn: new Set(),
      assetsOut: new Set(),
      from: 0,
      end: 0,
      ins: [given],
      outs: [got],
    }
    roles.taker[given] = exchange
    roles.giver[got] = exchange
  })
}

function exchangeOf(fact: Fact, tx: TransactionFacts): Exchange[] {
  if (fact.kind === 'swap') return [fromSwap(fact, tx)]
  return fact.kind === 'action' ? fromAction(fact, tx) : []
}

function fromSwap({ pool, assetIn, assetOut, frame }: SwapFact, tx: TransactionFacts): Exchange {
  const sides = { assetsIn: new Set([assetIn]), assetsOut: new Set([assetOut]) }
  return { account: pool, kind: 'swap', ...sides, ...visitFrom(frame, tx), ins: [], outs: [] }
}

/** A borrowed amount was never given, a repaid amount is gone, and a flash loan is both: none is an exchange. */
const NOT_EXCHANGED = new Set(['borrow', 'repay', 'flash-loan'])

function fromAction(fact: ActionFact, tx: TransactionFacts): Exchange[] {
  if (NOT_EXCHANGED.has(fact.action)) return []
  const assetsIn = named(fact.given, fact.action === 'burn' ? fact.contract : null)
  const assetsOut = named(fact.taken, fact.action === 'mint' ? fact.contract : null)
  if (assetsIn.size === 0 || assetsOut.size === 0) return []
  const kind = fact.action === 'withdraw' || fact.action === 'burn' ? 'burn' : 'mint'
  return [
    { account: fact.contract, kind, assetsIn, assetsOut, ...visitFrom(fact.frame, tx), ins: [], outs: [] },
  ]
}

/** A pool that reports only the amount that it took (returned) has its own token for the other side. */
function named(side: ActionFact['given'], own: Address | null): Set<Asset> {
  const assets = side.flatMap(({ asset, amount }) => (asset === null || amount === 0n ? [] : [asset]))
  return new Set(assets.length === 0 && own !== null ? [own] : assets)
}

function visitFrom(
  frame: number,
  { transaction: { frames } }: TransactionFacts,
): { from: number; end: number } {
  const entry = frames[frame]
  return entry === undefined ? ANYWHERE : { from: entry.index, end: entry.end }
}

const ANYWHERE = { from: -1, end: Number.POSITIVE_INFINITY }

/**
 * Without a trace: an account that gained one asset and lost another, and is neither the sender nor its callee, is a
 * pool.
 */
function byDeltas({ transaction, deltas }: TransactionFacts, except: ReadonlySet<Address>): Exchange[] {
  const found: Exchange[] = []
  for (const [account, assets] of deltas) {
    if (account === transaction.from || account === transaction.to || except.has(account)) continue
    if (assets.size !== 2) continue
    const gained = [...assets].filter(([, amount]) => amount > 0n).map(([key]) => key as Asset)
    const lost = [...assets].filter(([, amount]) => amount < 0n).map(([key]) => key as Asset)
    if (gained.length !== 1 || lost.length !== 1) continue
    const sides = { assetsIn: new Set(gained), assetsOut: new Set(lost) }
    found.push({ account, kind: 'swap', ...sides, ...ANYWHERE, ins: [], outs: [] })
  }
  return found
}

/** By account, in order of frames; two reports of one visit are one exchange. */
function gather(found: readonly Exchange[]): Map<Address, Exchange[]> {
  const byAccount = new Map<Address, Exchange[]>()
  for (const exchange of found) {
    const known = byAccount.get(exchange.account)
    if (known === undefined) byAccount.set(exchange.account, [exchange])
    else if (!known.some((other) => isSame(other, exchange))) known.push(exchange)
    if (known !== undefined && known.length > MOST_VISITS) byAccount.set(exchange.account, [asOne(known)])
  }
  for (const list of byAccount.values()) list.sort((a, b) => a.from - b.from)
  return byAccount
}

function isSame(a: Exchange, b: Exchange): boolean {
  if (a.from !== b.from) return false
  return (
    [...b.assetsIn].some((it) => a.assetsIn.has(it)) && [...b.assetsOut].some((it) => a.assetsOut.has(it))
  )
}

function asOne(all: readonly Exchange[]): Exchange {
  const [first] = all
  return {
    account: first?.account ?? ZERO_ADDRESS,
    kind: first?.kind ?? 'swap',
    assetsIn: new Set(all.flatMap(({ assetsIn }) => [...assetsIn])),
    assetsOut: new Set(all.flatMap(({ assetsOut }) => [...assetsOut])),
    ...ANYWHERE,
    ins: [],
    outs: [],
  }
}

function assign(
  transfers: readonly TransferFact[],
  byAccount: ReadonlyMap<Address, readonly Exchange[]>,
  roles: Roles,
): void {
  if (byAccount.size === 0) return
  const issuers = issuersOf(byAccount)
  transfers.forEach((transfer, i) => {
    const { from, to, asset, frame } = transfer
    if (roles.taker[i] === undefined) {
      const near = to === ZERO_ADDRESS ? issuers.get(asset) : byAccount.get(to)
      const taker = pick(
        near?.filter((it) => it.assetsIn.has(asset)),
        frame,
      )
      if (taker !== undefined) {
        taker.ins.push(i)
        roles.taker[i] = taker
      }
    }
    if (roles.giver[i] === undefined) {
      const near = from === ZERO_ADDRESS ? issuers.get(asset) : byAccount.get(from)
      const giver = pick(
        near?.filter((it) => it.assetsOut.has(asset)),
        frame,
      )
      if (giver !== undefined && giver !== roles.taker[i]) {
        giver.outs.push(i)
        roles.giver[i] = giver
      }
    }
  })
}

/** The exchange that a mint or a burn belongs to. */
function issuersOf(byAccount: ReadonlyMap<Address, readonly Exchange[]>): Map<Asset, Exchange[]> {
  const issuers = new Map<Asset, Exchange[]>()
  for (const list of byAccount.values())
    for (const exchange of list)
      for (const asset of new Set([...exchange.assetsIn, ...exchange.assetsOut])) {
        const known = issuers.get(asset)
        if (known === undefined) issuers.set(asset, [exchange])
        else if (known.length < MOST_VISITS) known.push(exchange)
      }
  return issuers
}

/** The innermost visit around the transfer, otherwise the next one: a payment ahead. */
function pick(near: readonly Exchange[] | undefined, frame: number): Exchange | undefined {
  if (near === undefined || near.length === 0) return undefined
  if (frame < 0) return near[0]
  const around = near.filter(({ from, end }) => from <= frame && frame < end)
  return around.at(-1) ?? near.find(({ from }) => from > frame)
}
