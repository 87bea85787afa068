import { blockFacts } from '../../src/facts/facts.ts'
import type { Culprit } from '../../src/forensics/cause/culprits.ts'
import { culpritsOf } from '../../src/forensics/cause/culprits.ts'
import { evidenceOf } from '../../src/forensics/cause/evidence.ts'
import { assess } from '../../src/forensics/investigate.ts'
import type { BlockBundle } from '../../src/model/block.ts'
import type { Address } from '../../src/model/hex.ts'
import type { Hypothesis } from '../../src/model/investigation.ts'
import { type CallNode, transaction } from './build.ts'

export type Causes = { victims: Culprit[]; hypotheses: Hypothesis[] }

/** The causes of one transaction about which no rule says anything. */
export function causesOf(from: Address, root: CallNode): Causes {
  return causesIn(transaction({ from, root }))
}

/** The causes of the transactions of one block, together. */
export function causesIn(bundle: BlockBundle): Causes {
  const facts = blockFacts(bundle)
  const suspects = facts.transactions.map((tx) => ({ facts, tx, findings: [], blind: [] }))
  const assessed = assess({
    suspects,
    protect: new Set(),
    names: new Map(),
    functions: new Map(),
    full: false,
  })
  const { cluster, prices, hypotheses } = assessed
  const evidence = facts.transactions.map((tx) =>
    evidenceOf(tx, { cluster, prices, chainId: bundle.chainId }),
  )
  return { victims: culpritsOf(evidence, []), hypotheses }
}
