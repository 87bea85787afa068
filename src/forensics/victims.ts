import type { Asset, Frame } from '../model/block.ts'
import type { BalanceDeltas, TransactionFacts } from '../model/fact.ts'
import { type Address, ZERO_ADDRESS } from '../model/hex.ts'
import type { Hypothesis, Investigation } from '../model/investigation.ts'
import { assetOf } from './fund-flow/key.ts'
import { type Prices, wrappersIn } from './prices.ts'

type Victim = Investigation['victims'][number]

export type VictimsOptions = {
  hypotheses: readonly Hypothesis[]
  /** Victims by hypothesis, in the order of the hypotheses: those that each finding names, the likeliest first. */
  named: readonly (readonly Address[])[]
  transactions: readonly TransactionFacts[]
  net: BalanceDeltas
  attackers: ReadonlySet<Address>
  prices: Prices
}

const MOST = 64
const MOST_ASSETS = 64

/**
 * The losers, the likeliest vulnerable contract first: as the likeliest hypothesis names them, then the others’, then
 * accounts that gave and gained nothing, or much less. Attackers, the zero address and pure pass-throughs are excluded.
 * The code that the first ran follows it, if it is a proxy: the weakness is in one of the two, and reports name either.
 */
export function victimsOf(options: VictimsOptions): Victim[] {
  const { named, hypotheses, net, attackers, transactions, prices } = options
  const [likeliest = [], ...others] = named
  const isForged = hypotheses[0]?.category === 'bridge-forgery'
  const first = isForged ? gateFirst(likeliest, options) : likeliest
  const order = new Set<Address>()
  // if a rule names two contracts together, both come before the code of either
  const isAlone = likeliest.length < 2 && (others[0]?.length ?? 0) < 2
  const codeAfter = isForged || isAlone ? 1 : 2
  const unsaid = unsaidLosses(transactions)
  const dying = new Set(endedUnseen(transactions).flatMap(({ from }) => from ?? []))
  const losers = [...plainLosers(net, transactions), ...netLosers(net, prices), ...unsaid.keys(), ...dying]
  for (const account of [...first, ...others.flat(), ...losers]) {
    order.add(account)
    if (order.size !== codeAfter) continue
    const code = codeBehind([...order][0] ?? account, transactions)
    if (code !== undefined) order.add(code)
  }
  return [...order]
    .filter((address) => !attackers.has(address) && address !== ZERO_ADDRESS)
    .slice(0, MOST)
    .map((address) => ({
      address,
      loss: [...lossesOf(net, address), ...(unsaid.get(address) ?? [])],
      ...(dying.has(address) ? { coinUnknown: true } : {}),
    }))
}

/** Contracts that destroyed themselves in favour of another account, whose holdings nobody recorded. */
export function endedUnseen(transactions: readonly TransactionFacts[]): Frame[] {
  return transactions.flatMap(({ transaction }) =>
    transaction.frames.filter(
      ({ valueUnknown, reverted, from, to }) => valueUnknown === true && !reverted && from !== to,
    ),
  )
}

/** Accounts that only lost. A wrapper of the coin pays it out for tokens that it takes back: it lost nothing. */
function plainLosers(net: BalanceDeltas, transactions: readonly TransactionFacts[]): Address[] {
  const wrappers: ReadonlySet<Asset> = new Set(wrappersIn(transactions))
  return [...net]
    .filter(([account]) => !wrappers.has(account))
    .filter(([, assets]) => assets.size > 0 && [...assets.values()].every((amount) => amount < 0n))
    .map(([account]) => account)
}

/** A price is good enough for a balance of given and received value if it is at most one pool away. */
const SURE_ENOUGH = 0.6
/**
 * An account that gets this much less than it gives has lost: slippage and fees are below. Basis points of the given
 * value.
 */
const NOTABLE_BPS = 500n

/**
 * Accounts that gave much more than they received, at reliable prices: a pool that was traded against at a moved price.
 */
function netLosers(net: BalanceDeltas, prices: Prices): Address[] {
  return [...net].flatMap(([account, assets]) => {
    let [given, got] = [0n, 0n]
    for (const [key, amount] of assets) {
      const price = prices.get(key as Asset)
      if (price === undefined || price.confidence < SURE_ENOUGH) return []
      if (amount < 0n) given -= amount * price.usdE36
      else got += amount * price.usdE36
    }
    const isLoss = got > 0n && (given - got) * 10_000n >= given * NOTABLE_BPS && given > got
    return isLoss ? [account] : []
  })
}

/** Decreases of accounts between two reads of their balance although no transfer shows it: books were rewritten. */
function unsaidLosses(transactions: readonly TransactionFacts[]): Map<Address, Victim['loss']> {
  const net = new Map<Address, Map<Asset, bigint>>()
  for (const fact of transactions.flatMap(({ facts }) => facts)) {
    if (fact.kind !== 'discrepancy' || fact.about !== 'balance' || fact.claimed !== 0n) continue
    const own = net.get(fact.account) ?? new Map<Asset, bigint>()
    net.set(fact.account, own.set(fact.asset, (own.get(fact.asset) ?? 0n) + fact.observed))
  }
  return new Map(
    [...net].flatMap(([account, assets]) => {
      const loss = [...assets].filter(([, amount]) => amount < 0n).slice(0, MOST_ASSETS)
      const items = loss.map(([asset, amount]) => ({
        asset,
        tokenId: null,
        amount: -amount,
        by: 'reads' as const,
      }))
      return items.length === 0 ? [] : [[account, items] as const]
    }),
  )
}

/** A forged message enters where the attacker calls, and the value leaves elsewhere: the gate, then the payer. */
function gateFirst(
  likeliest: readonly Address[],
  { transactions, net, attackers }: VictimsOptions,
): Address[] {
  const gates = entriesOf(transactions, attackers).filter(({ inner }) =>
    inner.some((context) => likeliest.includes(context)),
  )
  const payers = likeliest.filter((address) =>
    [...(net.get(address)?.values() ?? [])].some((amount) => amount < 0n),
  )
  return [...gates.map(({ context }) => context), ...payers, ...likeliest]
}

/** A contract that was entered, and every context in the calls it made in turn. */
type Entry = { context: Address; inner: Address[] }

/** Contracts that the attackers called with effect, each with the contexts it called in turn. */
export function entriesOf(
  transactions: readonly TransactionFacts[],
  attackers: ReadonlySet<Address>,
): Entry[] {
  return transactions.flatMap(({ transaction }) =>
    transaction.frames.flatMap(({ type, from, context, index, end, reverted }) => {
      const isEntry = type === 'CALL' && !reverted && from !== null && attackers.has(from)
      if (!isEntry || context === null || attackers.has(context) || end === index + 1) return []
      const inner = transaction.frames.slice(index, end).flatMap((frame) => frame.context ?? [])
      return [{ context, inner: [...new Set(inner)] }]
    }),
  )
}

/** The code that a proxy ran first when it was entered; undefined if it ran its own. */
function codeBehind(account: Address, transactions: readonly TransactionFacts[]): Address | undefined {
  for (const { transaction } of transactions) {
    const { frames } = transaction
    const entered = frames.find(({ context, to }) => context === account && to === account)
    const next = entered === undefined ? undefined : frames.slice(entered.index + 1, entered.end)
    const code = next?.find(({ type, parent }) => type === 'DELEGATECALL' && parent === entered?.index)
    if (code?.to !== undefined && code.to !== null && code.input === entered?.input) return code.to
  }
  return undefined
}

function lossesOf(net: BalanceDeltas, account: Address): Victim['loss'] {
  return [...(net.get(account) ?? [])]
    .filter(([, amount]) => amount < 0n)
    .slice(0, MOST_ASSETS)
    .map(([key, amount]) => ({ ...assetOf(key), amount: -amount }))
}
