import { dustIn, netOfSide } from '../../../facts/ledger.ts'
import type { Frame } from '../../../model/block.ts'
import type { TransactionFacts } from '../../../model/fact.ts'
import type { Address } from '../../../model/hex.ts'
import { ZERO_ADDRESS } from '../../../model/hex.ts'
import type { Economy } from './economy.ts'
import { balanceBefore } from './reads.ts'

/** Numbers about one transaction by which the learned score judges it; NaN where the recording does not show one. */
export type Features = Readonly<Record<string, number>>

/** The groups of features that evidence is made of, too. */
export type Signs = {
  repetition: ReturnType<typeof repetitionOf>
  movement: ReturnType<typeof movementOf>
  pools: ReturnType<typeof poolsOf>
  prices: ReturnType<typeof pricesOf>
}

export function signsOf(economy: Economy): Signs {
  return {
    repetition: repetitionOf(economy),
    movement: movementOf(economy),
    pools: poolsOf(economy),
    prices: pricesOf(economy),
  }
}

/**
 * Shape, repetition, movements of value, and what strangers lost, in numbers without a unit: no address, hash, selector or
 * absolute amount of gas.
 */
export function featuresOf(
  economy: Economy,
  { repetition, movement, pools, prices }: Signs = signsOf(economy),
): Features {
  return {
    ...shapeOf(economy),
    ...repetition,
    ...movement,
    ...lossesOf(economy),
    ...pools,
    ...prices,
    ...actionsOf(economy.tx),
  }
}

const log2 = (count: number): number => Math.log2(count + 1)
/** a / b as a number, for amounts of any size; NaN where b is not positive. */
const part = (a: bigint, b: bigint): number =>
  b <= 0n ? Number.NaN : Number((a * 1_000_000n) / b) / 1_000_000
const isSelectorCall = ({ type, input }: Frame): boolean =>
  (type === 'CALL' || type === 'STATICCALL') && input.length >= 10

function shapeOf({ tx: { transaction }, side }: Economy): Features {
  const { frames, to, value, input, nonce } = transaction
  let [depth, reads, delegates, reverted, creates, deaths, values] = [0, 0, 0, 0, 0, 0, 0]
  const contexts = new Set<string>()
  for (const frame of frames) {
    depth = Math.max(depth, frame.depth)
    if (frame.type === 'STATICCALL') reads++
    if (frame.type === 'DELEGATECALL') delegates++
    if (frame.reverted) reverted++
    if (frame.type === 'CREATE' || frame.type === 'CREATE2') creates++
    if (frame.type === 'SELFDESTRUCT') deaths++
    if (frame.value > 0n && frame.type === 'CALL') values++
    if (frame.context !== null) contexts.add(frame.context)
  }
  const count = Math.max(1, frames.length)
  return {
    frames: log2(frames.length),
    depth,
    contracts: log2(contexts.size),
    'reads per frame': reads / count,
    'delegate calls per frame': delegates / count,
    'reverted per frame': reverted / count,
    'value calls per frame': values / count,
    'contracts created': log2(creates),
    'contracts destroyed': log2(deaths),
    'is creation': to === null ? 1 : 0,
    'pays value': value > 0n ? 1 : 0,
    'calldata words': log2(input.length / 64),
    'sender nonce': nonce === null ? Number.NaN : log2(nonce),
    'calls own side': to !== null && side.has(to) ? 1 : 0,
    'side size': log2(side.size),
  }
}

/** The same call again and again, control that comes back to the acting side, and contracts entered while they run. */
function repetitionOf({ tx: { transaction }, side }: Economy) {
  const { frames } = transaction
  const calls = new Map<string, number>()
  const stack: Frame[] = []
  const running = new Map<Address, number>()
  let [callbacks, reentries, strangers, sideCalls] = [0, 0, 0, 0]
  const called = new Set<Address>()
  for (const frame of frames) {
    for (let top = stack.at(-1); top !== undefined && top.index !== frame.parent; top = stack.at(-1)) {
      stack.pop()
      if (top.context !== null) running.set(top.context, (running.get(top.context) ?? 1) - 1)
    }
    const above = stack.at(-1)
    const { context, to } = frame
    if (context !== null && above?.context != null && context !== above.context && isSelectorCall(frame)) {
      if (side.has(context) && !side.has(above.context)) callbacks++
      if (!side.has(context)) {
        strangers++
        if (side.has(above.context)) {
          sideCalls++
          called.add(context)
        }
        if (frame.type === 'CALL' && (running.get(context) ?? 0) > 0 && passesSide(stack, context, side))
          reentries++
      }
      if (frame.type === 'CALL' && !frame.reverted && to !== null) {
        const key = `${to}${frame.input.slice(0, 10)}`
        calls.set(key, (calls.get(key) ?? 0) + 1)
      }
    }
    stack.push(frame)
    if (context !== null) running.set(context, (running.get(context) ?? 0) + 1)
  }
  const most = Math.max(0, ...calls.values())
  const total = [...calls.values()].reduce((sum, count) => sum + count, 0)
  return {
    'most repeated call': log2(most),
    'repeated share': total === 0 ? 0 : most / total,
    'different calls': log2(calls.size),
    'calls back to the side': log2(callbacks),
    'entries while running': log2(reentries),
    'calls among strangers': log2(strangers - sideCalls),
    'calls by the side': log2(sideCalls),
    'contracts called by the side': log2(called.size),
  }
}

function passesSide(stack: readonly Frame[], context: Address, side: ReadonlySet<Address>): boolean {
  for (let at = stack.length - 1; at >= 0; at--) {
    const here = stack[at]?.context
    if (here === context) return false
    if (here != null && side.has(here)) return true
  }
  return false
}

function movementOf({ tx, side, ledger }: Economy) {
  const { transfers } = ledger
  const { frames } = tx.transaction
  const running = new Set(frames.flatMap(({ context }) => (context === null ? [] : [context])))
  const assets = new Set<string>()
  const accounts = new Set<Address>()
  let [zeros, minted, burned, othersBurned, pulled, nfts, toSide, fromSide] = [0, 0, 0, 0, 0, 0, 0, 0]
  const owners = new Set<Address>()
  for (const { asset, from, to, amount, tokenId, frame } of transfers) {
    assets.add(asset)
    accounts.add(from).add(to)
    if (amount === 0n) zeros++
    if (tokenId !== null) nfts++
    if (from === ZERO_ADDRESS && side.has(to)) minted++
    if (to === ZERO_ADDRESS) {
      burned++
      if (!side.has(from) && frames[frame]?.from !== from) othersBurned++
    }
    if (side.has(to) && !side.has(from)) toSide++
    if (side.has(from) && !side.has(to)) fromSide++
    if (from !== ZERO_ADDRESS && !side.has(from) && !running.has(from)) {
      pulled++
      owners.add(from)
    }
  }
  const net = netOfSide(ledger, side)
  const gains = [...net.values()].filter((amount) => amount > 0n).length
  const losses = [...net.values()].filter((amount) => amount < 0n).length
  const count = Math.max(1, transfers.length)
  return {
    transfers: log2(transfers.length),
    assets: log2(assets.size),
    accounts: log2(accounts.size),
    'zero transfers per transfer': zeros / count,
    'mints to the side': log2(minted),
    burns: log2(burned),
    'burns of others': log2(othersBurned),
    'pulls from passive owners': log2(pulled),
    'passive owners': log2(owners.size),
    'tokens with ids per transfer': nfts / count,
    'transfers to the side': toSide / count,
    'transfers from the side': fromSide / count,
    'assets gained': gains,
    'assets given': losses,
    'only gains': gains > 0 && losses === 0 ? 1 : 0,
  }
}

/** Losses of strangers, as a part of their balances before; losses without return. */
function lossesOf({ side, ledger, emptied, answers: { before, unexplained } }: Economy): Features {
  const ours = netOfSide(ledger, side)
  let [oneSided, known, most, mostOneSided, half, tenth, gain] = [0, 0, 0, 0, 0, 0, 0]
  const isDust = dustIn(ledger)
  for (const [account, all] of ledger.net) {
    const changes = new Map(
      [...all].filter(([asset, amount]) => !isDust(asset, amount < 0n ? -amount : amount)),
    )
    if (side.has(account) || changes.size === 0 || emptied.has(account)) continue
    const isOneSided = [...changes.values()].every((amount) => amount < 0n)
    if (isOneSided) oneSided++
    for (const [asset, amount] of changes) {
      const had = balanceBefore(account, asset, ledger, before)
      if (amount >= 0n || had === undefined || had === 0n) continue
      known++
      const lost = Math.min(1, part(-amount, had))
      most = Math.max(most, lost)
      if (isOneSided) mostOneSided = Math.max(mostOneSided, lost)
      if (lost > 0.5) half++
      if (lost > 0.1) tenth++
      const gained = ours.get(asset) ?? 0n
      if (gained > 0n) gain = Math.max(gain, Math.min(1, part(gained < -amount ? gained : -amount, had)))
    }
  }
  let [hidden, hiddenLoss] = [0, 0]
  for (const { account, amount, of } of unexplained) {
    if (side.has(account)) continue
    const share = Math.min(1, part(amount < 0n ? -amount : amount, of))
    hidden = Math.max(hidden, share)
    if (amount < 0n) hiddenLoss = Math.max(hiddenLoss, share)
  }
  return {
    'strangers that only lose': log2(oneSided),
    'losses of known balances': log2(known),
    'largest part lost': known === 0 ? Number.NaN : most,
    'largest part lost without return': known === 0 ? Number.NaN : mostOneSided,
    'balances halved': log2(half),
    'balances a tenth less': log2(tenth),
    'gain as a part of a stranger': known === 0 ? Number.NaN : gain,
    'unexplained changes': log2(unexplained.length),
    'largest unexplained part': hidden,
    'largest unexplained loss': hiddenLoss,
  }
}

/**
 * Strangers that hold two assets whose balances before are known: an honest trade raises the product of the two, and a removal
 * of liquidity lowers both by the same part.
 */
function poolsOf({ side, ledger, answers: { before, unexplained } }: Economy) {
  const hidden = new Map<string, bigint>()
  for (const { account, asset, amount } of unexplained)
    hidden.set(`${account}${asset}`, (hidden.get(`${account}${asset}`) ?? 0n) + amount)
  let [count, product, apart, out] = [0, 0, 0, 0]
  for (const [account, balances] of before) {
    if (side.has(account) || balances.size < 2) continue
    const moves: number[] = []
    for (const [asset, had] of balances) {
      const one = ledger.wrappers.has(asset) ? 'native' : asset
      const change = (ledger.net.get(account)?.get(one) ?? 0n) + (hidden.get(`${account}${asset}`) ?? 0n)
      const after = had + change
      if (had > 0n) moves.push(ratio(after > 0n ? after : 1n, had))
    }
    if (moves.length < 2) continue
    count++
    const [least, most] = [Math.min(...moves), Math.max(...moves)]
    product = Math.min(product, Math.max(-40, least + most))
    apart = Math.max(apart, Math.min(40, most - least))
    out = Math.min(out, Math.max(-40, least))
  }
  return {
    'pools with known balances': log2(count),
    'product of balances lost': count === 0 ? Number.NaN : product,
    'balances moved apart': count === 0 ? Number.NaN : apart,
    'least balance left': count === 0 ? Number.NaN : out,
  }
}

/** Pools: how far reserves, their product and answers about prices moved; trades in both directions. */
function pricesOf({ tx, side, answers: { reserves, supply } }: Economy) {
  let [moved, product] = [0, 0]
  for (const { first, last } of reserves.values()) {
    const [a, b] = [ratio(last[0], first[0]), ratio(last[1], first[1])]
    if (Number.isNaN(a) || Number.isNaN(b)) continue
    moved = Math.max(moved, Math.abs(a - b))
    product = Math.min(product, a + b)
  }
  let answered = 0
  let valuations = 0
  const first = new Map<string, bigint>()
  for (const fact of tx.facts) {
    if (fact.kind !== 'valuation' || side.has(fact.source)) continue
    valuations++
    const question = `${fact.source}${tx.transaction.frames[fact.frame]?.input ?? ''}`
    const [word] = fact.answer
    if (word === undefined) continue
    const known = first.get(question)
    if (known === undefined) first.set(question, word)
    else if (fact.selector !== '0x0902f1ac') answered = Math.max(answered, Math.abs(ratio(word, known)) || 0)
  }
  const swaps = tx.facts.filter((fact) => fact.kind === 'swap').filter(({ pool }) => !side.has(pool))
  const perPool = new Map<Address, Set<string>>()
  const counts = new Map<Address, number>()
  for (const { pool, assetIn } of swaps) {
    perPool.set(pool, (perPool.get(pool) ?? new Set()).add(assetIn))
    counts.set(pool, (counts.get(pool) ?? 0) + 1)
  }
  let mintedPart = 0
  for (const fact of tx.facts) {
    if (fact.kind !== 'transfer' || fact.from !== ZERO_ADDRESS) continue
    const total = supply.get(fact.asset as Address)
    if (total !== undefined && total > 0n)
      mintedPart = Math.max(mintedPart, Math.min(100, part(fact.amount, total)))
  }
  return {
    'reserves moved apart': reserves.size === 0 ? Number.NaN : moved,
    'product of reserves lost': reserves.size === 0 ? Number.NaN : product,
    'price answers': log2(valuations),
    'price answer moved': answered,
    swaps: log2(swaps.length),
    pools: log2(perPool.size),
    'pools traded both ways': [...perPool.values()].filter((ways) => ways.size > 1).length,
    'most trades in a pool': log2(Math.max(0, ...counts.values())),
    'minted part of supply': mintedPart,
  }
}

/** log2 of a / b; NaN where either is not positive. */
function ratio(a: bigint, b: bigint): number {
  return a <= 0n || b <= 0n ? Number.NaN : Math.log2(Number(a)) - Math.log2(Number(b))
}

const COUNTED = ['deposit', 'withdraw', 'mint', 'burn', 'borrow', 'repay', 'liquidate', 'flash-loan'] as const

function actionsOf({ facts }: TransactionFacts): Features {
  const counts = new Map<string, number>(COUNTED.map((name) => [name, 0]))
  let approvals = 0
  let control = 0
  for (const fact of facts) {
    if (fact.kind === 'approval') approvals++
    if (fact.kind === 'control') control++
    if (fact.kind === 'action') counts.set(fact.action, (counts.get(fact.action) ?? 0) + 1)
  }
  return {
    ...Object.fromEntries(COUNTED.map((name) => [`action ${name}`, log2(counts.get(name) ?? 0)])),
    approvals: log2(approvals),
    'control changes': log2(control),
  }
}
