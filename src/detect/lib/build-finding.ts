import { sha256 } from '../../kit/json.ts'
import type { BlockBundle } from '../../model/block.ts'
import type { Category } from '../../model/category.ts'
import type { TransactionFacts } from '../../model/fact.ts'
import type { Finding } from '../../model/finding.ts'

export type FindingParts = Pick<
  Finding,
  | 'detector'
  | 'severity'
  | 'confidence'
  | 'protected'
  | 'victims'
  | 'actors'
  | 'profit'
  | 'loss'
  | 'evidence'
  | 'message'
> & {
  /** Most likely first. */
  categories: Category[]
}

/**
 * A Finding about one transaction, or about the block as a whole where that is null. Its fingerprint is the same when
 * the transaction is mined again after a reorg, or another block takes that height.
 */
export function buildFinding(
  tx: Pick<TransactionFacts, 'transaction'> | null,
  bundle: BlockBundle,
  parts: FindingParts,
): Finding {
  const hash = tx?.transaction.hash ?? null
  return {
    type: 'finding',
    fingerprint: sha256(
      `${bundle.chainId}:${hash ?? bundle.number}:${parts.detector}:${[...parts.victims].sort().join()}`,
    ),
    chainId: bundle.chainId,
    blockNumber: bundle.number,
    blockHash: bundle.hash,
    transactionHash: hash,
    pending: bundle.pending,
    ...parts,
    shadow: false,
  }
}
