import { logSourceOf } from '../../model/block.ts'
import type { DetectorNeed } from '../../model/detector.ts'
import type { BlockFacts, TransactionFacts } from '../../model/fact.ts'
import type { Hash } from '../../model/hex.ts'

/** The part of a block that a detector may see. */
export type Sight = {
  /** The block with the transactions that have the required data; null where none has. */
  facts: BlockFacts | null
  /** The data that the others lack; null where there are no others. */
  missing: DetectorNeed | null
  blindTo: readonly Hash[]
}

/**
 * The part of a block that detectors see, by their needs: a transaction without calls is not shown to a detector that
 * reads calls, so that missing data does not count as innocence. Facts of a complete block are passed on unchanged.
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

/** For an extract the other calls are not known: its content counts. */
function has({ transaction }: TransactionFacts, need: DetectorNeed, { bundle }: BlockFacts): boolean {
  switch (need) {
    case 'traces':
      return transaction.frames.length > 0 || (bundle.coverage.partial && bundle.coverage.traces !== 'none')
    case 'logs':
      return logSourceOf(transaction, bundle) !== 'none'
  }
}
