import { logSourceOf } from '../../model/block.ts'
import type { DetectorNeed } from '../../model/detector.ts'
import type { BlockFacts, TransactionFacts } from '../../model/fact.ts'
import type { Hash } from '../../model/hex.ts'

/** What a detector may see of a block. */
export type Sight = {
  /** The block with the transactions that have what it needs; null where none has. */
  facts: BlockFacts | null
  /** What the others lack; null where there are no others. */
  missing: DetectorNeed | null
  blindTo: readonly Hash[]
}

/**
 * What detectors see of a block, by what they need: a transaction without calls is not shown to a detector that reads
 * calls, so that absence is not taken for innocence. The facts of a block that lacks nothing are passed on as they are.
 */
export function sightsOf(facts: BlockFacts): (needs: readonly DetectorNeed[]) => Sight {
  const known = new Map<string, Sight>()
  return (needs) => {
    const key = needs.join()
    const sight = known.get(key) ?? sightOf(facts, needs)
    known.set(key, sight)
    return sight
  }
}

function sightOf(facts: BlockFacts, needs: readonly DetectorNeed[]): Sight {
  const lacks = (tx: TransactionFacts): DetectorNeed | undefined =>
    needs.find((need) => !has(tx, need, facts))
  const hidden = facts.transactions.filter((tx) => lacks(tx) !== undefined)
  const [first] = hidden
  if (first === undefined) return { facts, missing: null, blindTo: [] }
  const visible = facts.transactions.filter((tx) => lacks(tx) === undefined)
  return {
    facts: visible.length === 0 ? null : { ...facts, transactions: visible },
    missing: lacks(first) ?? null,
    blindTo: hidden.map(({ transaction }) => transaction.hash),
  }
}

/** Of an extract it is not known what else was called: what it has counts. */
function has({ transaction }: TransactionFacts, need: DetectorNeed, { bundle }: BlockFacts): boolean {
  switch (need) {
    case 'traces':
      return transaction.frames.length > 0 || (bundle.coverage.partial && bundle.coverage.traces !== 'none')
    case 'logs':
      return logSourceOf(transaction, bundle) !== 'none'
  }
}
