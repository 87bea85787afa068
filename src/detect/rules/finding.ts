import { sha256 } from '../../kit/json.ts'
import { type DetectorInput, isNamed } from '../../model/detector.ts'
import type { TransactionFacts } from '../../model/fact.ts'
import type { Finding } from '../../model/finding.ts'
import type { Address } from '../../model/hex.ts'
import { actorCluster } from '../lib/actors.ts'
import { buildFinding } from '../lib/build-finding.ts'
import { changesOf } from '../lib/flows.ts'
import type { CompiledRule } from './compile.ts'

/** A fact that a rule matched, and the rule's statements about it. Null: the rule does not name them. */
export type Hit = {
  message: string
  actors: readonly Address[] | null
  victims: readonly Address[] | null
  /** Protected contracts that the fact names. */
  concerned: readonly Address[]
  frame: number
}

const MOST_EVIDENCE = 8

/** One rule's matches in one transaction as one Finding: the first gives the text, the others are evidence. */
export function findingOf(
  { rule }: CompiledRule,
  hits: readonly Hit[],
  { tx, input }: { tx: TransactionFacts; input: DetectorInput },
): Finding {
  const { scope, facts } = input
  const victims = unique(hits.flatMap((hit) => hit.victims ?? hit.concerned))
  const actors = unique(hits.flatMap((hit) => hit.actors ?? [...actorCluster(tx, scope)]))
  const finding = buildFinding(tx, facts.bundle, {
    detector: 'rules',
    severity: rule.level,
    confidence: rule.confidence,
    categories: [],
    protected: victims.filter((victim) => isNamed(scope, victim)),
    victims,
    actors,
    profit: changesOf(tx, new Set(actors)).profit,
    loss: changesOf(tx, victims).loss,
    evidence: hits.slice(0, MOST_EVIDENCE).map(({ message, frame }) => ({
      statement: message,
      frames: frame < 0 ? [] : [frame],
      amounts: [],
    })),
    message: `${rule.title}: ${hits[0]?.message ?? ''}`,
  })
  // Several rules may match one transaction: each is a separate finding.
  return {
    ...finding,
    // terms of the rule's author
    categories: [...rule.categories, `rule:${rule.id}`],
    fingerprint: sha256(`${finding.fingerprint}:${rule.id}`),
  }
}

function unique(addresses: readonly Address[]): Address[] {
  return [...new Set(addresses)]
}
