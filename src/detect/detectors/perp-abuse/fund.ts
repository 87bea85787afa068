import type { Scope } from '../../../model/detector.ts'
import type { TransactionFacts } from '../../../model/fact.ts'
import type { Address } from '../../../model/hex.ts'
import type { Claim } from '../../lib/claims.ts'
import { oneSidedLoss } from '../../lib/parties.ts'
import { CATEGORY, type FundPast, keep, type Memory } from './memory.ts'

/**
 * Protected contracts that so far paid only for liquidations (insurance funds) and now pay without one; and, as a
 * remark, those that pay for a liquidation without a deleveraging, where there always was one.
 */
export function takeFunds(
  { tx, side, scope }: { tx: TransactionFacts; side: ReadonlySet<Address>; scope: Scope },
  memory: Memory,
  minSeen: number,
): { claims: Claim[]; remarks: Claim[] } {
  const claims: Claim[] = []
  const remarks: Claim[] = []
  if (scope.kind !== 'contracts') return { claims, remarks }
  const liquidated = liquidatedIn(tx)
  for (const fund of scope.addresses) {
    if (!tx.deltas.has(fund) || !oneSidedLoss(tx, fund)) continue
    const past = memory.funds.get(fund) ?? { liquidations: 0, others: 0, deleveraged: 0 }
    const isDeleveraged = closesOthers(tx, liquidated)
    const isInsurance = past.liquidations >= minSeen && past.others === 0
    if (liquidated.size === 0) {
      if (isInsurance && paysSide(tx, fund, side)) {
        claims.push(outsideLiquidation(fund, past))
        continue
      }
      keep(memory.funds, fund, { ...past, others: past.others + 1 })
      continue
    }
    if (isInsurance && past.deleveraged === past.liquidations && !isDeleveraged)
      remarks.push(notDeleveraged(fund, past))
    keep(memory.funds, fund, {
      ...past,
      liquidations: past.liquidations + 1,
      deleveraged: past.deleveraged + (isDeleveraged ? 1 : 0),
    })
  }
  return { claims, remarks }
}

function liquidatedIn(tx: TransactionFacts): Set<Address | null> {
  const found = new Set<Address | null>()
  for (const fact of tx.facts)
    if (fact.kind === 'action' && fact.action === 'liquidate') found.add(fact.beneficiary)
  return found
}

function closesOthers(tx: TransactionFacts, liquidated: ReadonlySet<Address | null>): boolean {
  return tx.facts.some(
    (it) => it.kind === 'action' && it.action === 'close' && !liquidated.has(it.beneficiary),
  )
}

function paysSide(tx: TransactionFacts, fund: Address, side: ReadonlySet<Address>): boolean {
  return tx.facts.some((it) => it.kind === 'transfer' && it.from === fund && side.has(it.to))
}

function outsideLiquidation(fund: Address, { liquidations }: FundPast): Claim {
  return {
    contract: fund,
    victims: [],
    confidence: 0.7,
    categories: [CATEGORY, 'drain'],
    statement: `${fund} paid the sender's side although nobody was liquidated; each of its ${liquidations} payments before was for a liquidation.`,
    frames: [],
  }
}

function notDeleveraged(fund: Address, { liquidations }: FundPast): Claim {
  return {
    contract: fund,
    victims: [],
    confidence: 0.3,
    categories: [CATEGORY],
    statement: `${fund} paid for a liquidation and no other position was closed, as one was each of the ${liquidations} times before.`,
    frames: [],
  }
}
