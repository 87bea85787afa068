import type { Detector, Scope } from '../../model/detector.ts'
import type { BlockFacts, TransactionFacts } from '../../model/fact.ts'
import type { Finding } from '../../model/finding.ts'
import type { Hash } from '../../model/hex.ts'
import { withWhom } from '../lib/touched.ts'
import { reweigh } from './reweigh/reweigh.ts'

const EVERYTHING: Scope = { kind: 'everything' }

type Asked = { detector: Detector; options: unknown; shadow: boolean }
type Judged = {
  scope: Scope
  /** The part of the block that a detector may see. */
  visibleTo: (needs: Detector['needs']) => BlockFacts | null
  /** The findings with only the protected contracts watched. */
  findings: readonly Finding[]
}

/**
 * Findings with everything watched: the loser of an attack is often a pool, a market or a user of the protected contract. Only
 * what the same detector did not report with the protected contracts watched is returned. It names the protected contracts
 * that take part, and where none of them ends with less it is marked `outside`.
 */
export function findEverywhere(cells: readonly Asked[], { scope, visibleTo, findings }: Judged): Finding[] {
  if (scope.kind === 'everything') return []
  const said = new Set(findings.map(keyOf))
  return cells.flatMap(({ detector, options, shadow }) => {
    const facts = detector.everywhere === true ? visibleTo(detector.needs) : null
    if (facts === null) return []
    const input = { facts, scope: EVERYTHING, suspects: new Set<never>() }
    const yieldsToMev = detector.yieldsToMev === true
    const found = detector
      .evaluate(input, detector.init(options), options)
      .map((finding) => ({ finding, yieldsToMev }))
    if (found.length === 0) return []
    const byHash = new Map<Hash | null, TransactionFacts>(
      facts.transactions.map((tx) => [tx.transaction.hash, tx]),
    )
    return reweigh(found, facts, EVERYTHING).flatMap((finding) => {
      const tx = byHash.get(finding.transactionHash)
      return tx === undefined || said.has(keyOf(finding)) ? [] : [{ ...withWhom(finding, tx, scope), shadow }]
    })
  })
}

const keyOf = ({ transactionHash, detector }: Finding): string => `${transactionHash}:${detector}`
