import type { Scope } from '../../../model/detector.ts'
import type {
  ActionFact,
  AssetAmount,
  SwapFact,
  TransactionFacts,
  TransferFact,
} from '../../../model/fact.ts'
import type { Address } from '../../../model/hex.ts'
import { ZERO_ADDRESS } from '../../../model/hex.ts'
import { actorCluster } from '../../lib/actors.ts'
import { isWithin } from '../../lib/entries.ts'
import { oneSidedLoss } from '../../lib/parties.ts'

export type Mev = 'arbitrage' | 'sandwich' | 'liquidation'

/** The block around a transaction, in order. */
export type MevContext = { scope: Scope; block: readonly TransactionFacts[] }

/**
 * Whether a transaction is ordinary searcher activity: a closed cycle of trades through at least two pools, a trade
 * before or after another account's on the same pool, or the liquidation of a stranger whose debt was repaid.
 * Everything that the actors receive comes from pools, lenders and the liquidated market, and no one else loses without
 * return.
 */
export function looksLikeMev(tx: TransactionFacts, { scope, block }: MevContext): Mev | null {
  const actors = actorCluster(tx, scope)
  const swaps = tx.facts.filter((it) => it.kind === 'swap').filter(({ pool }) => !actors.has(pool))
  const liquidations = tx.facts.filter((it) => isLiquidation(it, actors, tx))
  if (swaps.length === 0 && liquidations.length === 0) return null
  const honest = new Set(swaps.map(({ pool }) => pool))
  for (const fact of tx.facts) if (isLoan(fact)) honest.add(fact.contract)
  if (liquidations.length > 0)
    return isLiquidationOnly(tx, { actors, honest, liquidations }) ? 'liquidation' : null
  if (!paysOnly(tx, actors, honest)) return null
  if (isCycle(swaps)) return 'arbitrage'
  return isSandwich(tx, swaps, block) ? 'sandwich' : null
}

type Fact = TransactionFacts['facts'][number]

function isLoan(fact: Fact): fact is ActionFact {
  return fact.kind === 'action' && fact.action === 'flash-loan'
}

/**
 * The liquidation of a stranger, paid for by the actors: a log is only its contract's claim, so it counts only where
 * the market is not the actors' own and the claimed repayment really moved from them to others while the market had
 * control.
 */
function isLiquidation(fact: Fact, actors: ReadonlySet<Address>, tx: TransactionFacts): fact is ActionFact {
  if (fact.kind !== 'action' || fact.action !== 'liquidate' || fact.actor === null) return false
  if (!actors.has(fact.actor) || fact.beneficiary === null || actors.has(fact.beneficiary)) return false
  if (actors.has(fact.contract)) return false
  return fact.given.some(
    ({ asset, amount }) => amount > 0n && isRepaid({ asset, amount }, fact, { tx, actors }),
  )
}

function isRepaid(
  { asset, amount }: AssetAmount,
  { contract, frame }: ActionFact,
  { tx, actors }: { tx: TransactionFacts; actors: ReadonlySet<Address> },
): boolean {
  const { frames } = tx.transaction
  let repaid = 0n
  for (const it of tx.facts) {
    if (it.kind !== 'transfer' || !actors.has(it.from) || actors.has(it.to)) continue
    if (asset !== null && it.asset !== asset) continue
    if (frame < 0 || it.frame < 0 || isWithin(contract, it.frame, frames)) repaid += it.amount
  }
  return repaid >= amount
}

type Parties = {
  actors: ReadonlySet<Address>
  honest: ReadonlySet<Address>
  liquidations: readonly ActionFact[]
}

/** The actors receive assets from non-pools and non-lenders only while the market has control in the liquidation. */
function isLiquidationOnly(tx: TransactionFacts, { actors, honest, liquidations }: Parties): boolean {
  const { frames } = tx.transaction
  return incomes(tx, actors).every(
    (income) =>
      honest.has(income.from) ||
      liquidations.some(({ frame, contract }) => {
        for (let at = frames[income.frame]; at !== undefined; at = frames[at.parent])
          if (at.context === contract && frames[frame] !== undefined) return true
        return income.frame < 0
      }),
  )
}

function incomes(tx: TransactionFacts, actors: ReadonlySet<Address>): TransferFact[] {
  return tx.facts.filter(
    (it): it is TransferFact =>
      it.kind === 'transfer' && it.amount > 0n && actors.has(it.to) && !actors.has(it.from),
  )
}

/** Only pools and lenders pay the actors; coins that are wrapped and unwrapped are theirs. No account only loses. */
function paysOnly(tx: TransactionFacts, actors: ReadonlySet<Address>, honest: ReadonlySet<Address>): boolean {
  for (const { asset, from, to, amount } of incomes(tx, actors)) {
    if (honest.has(from)) continue
    if (!isWrapping({ asset, from, to, amount }, tx)) return false
  }
  for (const account of tx.deltas.keys()) {
    if (actors.has(account) || account === ZERO_ADDRESS || !oneSidedLoss(tx, account)) continue
    if (!isWrapper(account, tx)) return false
  }
  return true
}

type Move = Pick<TransferFact, 'asset' | 'from' | 'to' | 'amount'>

/** The coin for an equal amount of a burned token, or the token for an equal amount of the coin. */
function isWrapping({ asset, from, to, amount }: Move, tx: TransactionFacts): boolean {
  return tx.facts.some(
    (it) =>
      it.kind === 'transfer' &&
      it.amount === amount &&
      (asset === 'native'
        ? it.asset === from && it.from === to
        : from === ZERO_ADDRESS && it.asset === 'native' && it.from === to && it.to === asset),
  )
}

/** An account that gives only the coin and burns its own token for it. */
function isWrapper(account: Address, tx: TransactionFacts): boolean {
  const changes = [...(tx.deltas.get(account)?.keys() ?? [])]
  return (
    changes.length === 1 &&
    changes[0] === 'native' &&
    tx.facts.some((it) => it.kind === 'transfer' && it.asset === account)
  )
}

/** Every asset that enters a pool comes out of another, through at least two pools, none used in both directions. */
function isCycle(swaps: readonly SwapFact[]): boolean {
  const into = new Set(swaps.map(({ assetIn }) => assetIn))
  const out = new Set(swaps.map(({ assetOut }) => assetOut))
  if (new Set(swaps.map(({ pool }) => pool)).size < 2 || into.size !== out.size) return false
  for (const asset of into) if (!out.has(asset)) return false
  return !swaps.some((one) => swaps.some((other) => isOpposite(one, other)))
}

function isOpposite(one: SwapFact, other: SwapFact): boolean {
  return one.pool === other.pool && one.assetIn === other.assetOut && one.assetOut === other.assetIn
}

/**
 * The same sender trades in one direction on a pool and in the other later in the block, and between the two a stranger
 * trades in the first direction. Bots that send the two ends from different accounts cannot be distinguished from users
 * of one router.
 */
function isSandwich(
  tx: TransactionFacts,
  swaps: readonly SwapFact[],
  block: readonly TransactionFacts[],
): boolean {
  const here = block.indexOf(tx)
  return block.some((partner, there) => {
    if (partner === tx || !isSameParty(partner, tx)) return false
    const [first, last] = here < there ? [tx, partner] : [partner, tx]
    const between = block.slice(Math.min(here, there) + 1, Math.max(here, there))
    return swaps.some((swap) =>
      swapsOf(partner).some((back) => {
        if (!isOpposite(swap, back)) return false
        const front = first === tx ? swap : back
        return last !== first && between.some((other) => !isSameParty(other, tx) && tradesLike(other, front))
      }),
    )
  })
}

function isSameParty({ transaction: a }: TransactionFacts, { transaction: b }: TransactionFacts): boolean {
  return a.from !== null && a.from === b.from
}

function swapsOf(tx: TransactionFacts): SwapFact[] {
  return tx.facts.filter((it) => it.kind === 'swap')
}

function tradesLike(tx: TransactionFacts, front: SwapFact): boolean {
  return swapsOf(tx).some(({ pool, assetIn }) => pool === front.pool && assetIn === front.assetIn)
}
