import { budgetMs } from '../../chain/rpc/pace.ts'
import { readState } from '../../chain/rpc/state-reads.ts'
import { weighShare } from '../../detect/detectors/drain/drain.ts'
import { callsFor, openShares, withShares } from '../../detect/detectors/drain/open-share.ts'
import { messageOf } from '../../kit/error.ts'
import type { Logger } from '../../kit/logger.ts'
import { within } from '../../kit/within.ts'
import type { BlockBundle } from '../../model/block.ts'
import type { Finding } from '../../model/finding.ts'
import type { ChainHandle } from '../context.ts'

/** Findings of one block that are asked about, and balances for each. */
const MOST_ASKED = 32
const MOST_SHARES = 16

/**
 * The findings, after a node was asked what the contracts had of assets that they were never seen to deal in before: the first deal may
 * be the theft. Asked no longer than the patience for a block; a node that does not answer leaves the finding as it is.
 */
export async function withFirstDeals(
  findings: readonly Finding[],
  { number }: BlockBundle,
  { chain, logger }: { chain: ChainHandle; logger: Logger },
): Promise<readonly Finding[]> {
  const open = findings.filter((finding) => openShares(finding).length > 0).slice(0, MOST_ASKED)
  if (open.length === 0 || number < 1) return findings
  const patience = budgetMs(chain.vitals.blockSeconds, chain.config.patience)
  const answers = await Promise.all(
    open.map(async (finding): Promise<[Finding, Finding | null]> => {
      const shares = openShares(finding).slice(0, MOST_SHARES)
      try {
        const reads = await within(readState(chain.rpc, callsFor(shares), number - 1), patience)
        if (reads === null) return [finding, finding]
        return [finding, withShares(finding, { shares, reads, weigh: weighShare })]
      } catch (thrown) {
        const facts = { chainId: chain.chainId, block: number, reason: messageOf(thrown) }
        logger.debug(facts, 'could not ask what the contract had')
        return [finding, finding]
      }
    }),
  )
  const changed = new Map(answers)
  return findings.flatMap((finding) => {
    const answer = changed.get(finding)
    return answer === undefined ? [finding] : (answer ?? [])
  })
}
