import { budgetMs } from '../../chain/rpc/pace.ts'
import { readState } from '../../chain/rpc/state-reads.ts'
import { openQuestion } from '../../detect/detectors/paid-in/judge.ts'
import { answered, viewsFor } from '../../detect/detectors/paid-in/views.ts'
import { messageOf } from '../../kit/error.ts'
import type { Logger } from '../../kit/logger.ts'
import { within } from '../../kit/within.ts'
import type { BlockBundle } from '../../model/block.ts'
import type { Finding } from '../../model/finding.ts'
import { atLeast } from '../../model/finding.ts'
import type { ChainHandle } from '../context.ts'

/**
 * The findings, after a check with the protected contracts, on the state before the block, whether the taken assets
 * were the takers' own. Checked only if somebody would be paged, and no longer than the patience for a block: a node
 * that does not answer leaves the finding unchanged.
 */
export async function withOwnMoney(
  findings: readonly Finding[],
  { number }: BlockBundle,
  { chain, logger }: { chain: ChainHandle; logger: Logger },
): Promise<readonly Finding[]> {
  const open = findings.filter(
    (finding) => atLeast(finding.severity, 'high') && openQuestion(finding) !== undefined,
  )
  if (open.length === 0 || number < 1) return findings
  const patience = budgetMs(chain.vitals.blockSeconds, chain.config.patience)
  const answers = await Promise.all(
    open.slice(0, MOST_ASKED).map(async (finding): Promise<[Finding, Finding]> => {
      const question = openQuestion(finding)
      if (question === undefined) return [finding, finding]
      try {
        const reads = await within(readState(chain.rpc, viewsFor(question), number - 1), patience)
        return [finding, reads === null ? finding : answered(finding, question, reads)]
      } catch (thrown) {
        const facts = { chainId: chain.chainId, block: number, reason: messageOf(thrown) }
        logger.debug(facts, 'could not ask whose the money was')
        return [finding, finding]
      }
    }),
  )
  const changed = new Map(answers)
  return findings.map((finding) => changed.get(finding) ?? finding)
}

/** Maximum number of findings of one block that are checked. */
const MOST_ASKED = 32
