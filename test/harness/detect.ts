import { createEngine, evaluateBlock } from '../../src/detect/engine/engine.ts'
import { blockFacts } from '../../src/facts/facts.ts'
import type { Detector, Scope } from '../../src/model/detector.ts'
import type { Finding } from '../../src/model/finding.ts'
import type { Address } from '../../src/model/hex.ts'
import { block, type CallNode, type TransactionParts } from './build.ts'

/** The named contracts as a scope. */
export function protecting(...addresses: Address[]): Scope {
  return { kind: 'contracts', addresses: new Set(addresses) }
}

export const everything: Scope = { kind: 'everything' }

/** The findings of one detector about transactions, one per block, in order. */
export function watchWith(
  detector: Detector,
  scope: Scope,
  transactions: readonly TransactionParts[],
): Finding[][] {
  const engine = createEngine({ detectors: [detector], scope })
  return transactions.map((parts, i) =>
    evaluateBlock(
      engine,
      blockFacts(block({ number: i + 1, transactions: [{ name: `tx ${i}`, ...parts }] })),
    ),
  )
}

/** The findings of one detector about one transaction. */
export function askAbout(
  detector: Detector,
  scope: Scope,
  tx: { from: Address; root: CallNode; nonce?: number },
): Finding[] {
  return watchWith(detector, scope, [tx])[0] ?? []
}
