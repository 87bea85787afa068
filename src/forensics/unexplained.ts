import { logSourceOf } from '../model/block.ts'
import type { BlockFacts, TransactionFacts } from '../model/fact.ts'
import type { Finding } from '../model/finding.ts'
import { endedUnseen } from './victims.ts'

const MOST = 100
const MOST_FRAMES = 8

type Looked = { facts: BlockFacts; tx: TransactionFacts }

/**
 * Observations that must not look like knowledge: missing parts of the record, assets that appeared or vanished, no
 * hypothesis at all.
 */
export function unexplainedIn(suspects: readonly Looked[], findings: readonly Finding[]): string[] {
  const cause =
    findings.length === 0
      ? ['no rule names a cause: the hypothesis is no more than a suspicion from what was called']
      : []
  const all = [...cause, ...suspects.flatMap((suspect) => [...unrecorded(suspect), ...doubtful(suspect)])]
  return [...new Set(all)].slice(0, MOST)
}

/** The parts of one transaction that the source does not have, with the reason if the source gives it. */
function unrecorded({ facts: { bundle }, tx: { transaction } }: Looked): string[] {
  const { hash, frames, logs } = transaction
  const reasonFor = (missing: string): string => {
    const gap = bundle.gaps.find((it) => it.transactionHash === hash && it.missing === missing)
    return gap === undefined ? '' : ` (${gap.reason})`
  }
  const statements: string[] = []
  if (frames.length === 0) statements.push(`${hash}: no calls were recorded${reasonFor('traces')}`)
  if (logSourceOf(transaction, bundle) === 'none')
    statements.push(
      `${hash}: no logs were recorded, movements are what calls asked for${reasonFor('receipt')}`,
    )
  else if (logs === null && reasonFor('receipt') !== '')
    statements.push(`${hash}: its receipt was not recorded${reasonFor('receipt')}`)
  if (bundle.coverage.partial) statements.push(`${hash}: only a part of the calls was recorded`)
  return statements
}

/** Parts that were recorded and are not understood, or contradict themselves. */
function doubtful({ tx }: Looked): string[] {
  const { hash, frames } = tx.transaction
  const foreign = frames.filter(({ foreignType, reverted }) => foreignType !== undefined && !reverted)
  return [
    ...foreign
      .slice(0, MOST_FRAMES)
      .map(
        ({ foreignType, index, value }) =>
          `${hash}: frame ${index} is called ${foreignType}, which is no call of the EVM: its ${value} wei count as moved, what it did is not known`,
      ),
    ...endedUnseen([tx])
      .slice(0, MOST_FRAMES)
      .map(
        ({ from, to, index }) =>
          `${hash}: ${from} ended itself in favour of ${to} (frame ${index}), and how much of the coin moved was not recorded`,
      ),
    ...tx.facts.flatMap((fact) =>
      fact.kind === 'discrepancy'
        ? [
            `${hash}: ${fact.asset} says that ${fact.claimed} moved where ${fact.observed} was seen: its amounts are not to be relied on`,
          ]
        : [],
    ),
  ]
}
