import type { Scope } from '../../../model/detector.ts'
import { inScope } from '../../../model/detector.ts'
import type { TransactionFacts } from '../../../model/fact.ts'
import type { Address } from '../../../model/hex.ts'
import { isEntry } from '../../lib/entries.ts'

/** The activity of one contract in one bucket of time. Plain data. */
export type Tally = {
  calls: number
  failures: number
  callers: Set<Address>
  approvals: number
  borrows: number
  liquidations: number
  /** asset → base units, as numbers: only their logarithm is used. */
  out: Map<string, number>
  into: Map<string, number>
}

export function emptyTally(): Tally {
  return {
    calls: 0,
    failures: 0,
    callers: new Set(),
    approvals: 0,
    borrows: 0,
    liquidations: 0,
    out: new Map(),
    into: new Map(),
  }
}

/** Maximum callers remembered per bucket. */
const MOST_CALLERS = 10_000

/** Adds a transaction to the tallies of the protected contracts that it touched. */
export function count(
  tx: TransactionFacts,
  scope: Scope,
  tallyOf: (contract: Address) => Tally | null,
): void {
  const { transaction, facts, deltas } = tx
  for (const frame of transaction.frames) {
    const { context } = frame
    if (context === null || !inScope(scope, context) || !isEntry(frame, transaction.frames)) continue
    const tally = tallyOf(context)
    if (tally === null) continue
    tally.calls++
    if (frame.reverted) tally.failures++
    if (transaction.from !== null && tally.callers.size < MOST_CALLERS) tally.callers.add(transaction.from)
  }
  for (const fact of facts) {
    if (fact.kind === 'approval' && inScope(scope, fact.spender)) add(tallyOf(fact.spender), 'approvals')
    if (fact.kind !== 'action' || !inScope(scope, fact.contract)) continue
    if (fact.action === 'borrow') add(tallyOf(fact.contract), 'borrows')
    if (fact.action === 'liquidate') add(tallyOf(fact.contract), 'liquidations')
  }
  for (const [account, changes] of deltas) {
    const tally = inScope(scope, account) ? tallyOf(account) : null
    if (tally === null) continue
    for (const [asset, amount] of changes) {
      // ids of non-fungible tokens are separate assets: there is nothing to sum up
      if (!asset.includes('/')) move(amount < 0n ? tally.out : tally.into, asset, Math.abs(Number(amount)))
    }
  }
}

function add(tally: Tally | null, what: 'approvals' | 'borrows' | 'liquidations'): void {
  if (tally !== null) tally[what]++
}

function move(side: Map<string, number>, asset: string, amount: number): void {
  side.set(asset, (side.get(asset) ?? 0) + amount)
}
