import { layerOf } from '../detect/engine/layers.ts'
import { assert } from '../kit/assert.ts'
import { sha256, toJson } from '../kit/json.ts'
import type { Alert } from '../model/alert.ts'
import type { Layer } from '../model/assessment.ts'
import type { Finding } from '../model/finding.ts'
import { agreedSeverity } from '../model/finding.ts'

/**
 * Combines findings about one transaction, or about one block, into one Alert. Two detectors that agree raise the
 * severity by one step, and give the confidence that not both are wrong. Findings in shadow mode are not part of it.
 */
export function alertsOf(findings: readonly Finding[]): Alert[] {
  const groups = new Map<string, Finding[]>()
  for (const finding of findings) {
    if (finding.shadow) continue
    // A transaction without EIP-155 can be replayed on another chain under the same hash.
    const key = subjectOf(finding)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [finding])
    else group.push(finding)
  }
  return [...groups.values()].map(alertOf)
}

/** The transaction, or the height where it is about a block. */
function subjectOf({ chainId, transactionHash, blockNumber }: Finding): string {
  return `${chainId}:${transactionHash ?? blockNumber}`
}

function alertOf(group: readonly Finding[]): Alert {
  const findings = [...group].sort(byWeight)
  const first = findings[0]
  assert(first !== undefined, 'an alert has at least one finding')
  const { chainId, blockNumber, blockHash, transactionHash, pending } = first
  const own = findings.filter(({ outside }) => outside !== true)
  return {
    type: 'alert',
    fingerprint: sha256(subjectOf(first)),
    alertHash: sha256(
      toJson([chainId, blockHash, transactionHash, pending, findings.map((f) => f.fingerprint).sort()]),
    ),
    chainId,
    blockNumber,
    blockHash,
    transactionHash,
    pending,
    severity: agreedSeverity(findings),
    confidence: 1 - findings.reduce((wrong, finding) => wrong * (1 - finding.confidence), 1),
    categories: union(findings.map((finding) => finding.categories)),
    // a contract that only takes part in an attack on others does not share the fate of one that is attacked
    protected: union((own.length > 0 ? own : findings).map((finding) => finding.protected)),
    victims: union(findings.map((finding) => finding.victims)),
    actors: union(findings.map((finding) => finding.actors)),
    findings,
    message: findings.map((finding) => finding.message).join(' '),
    assessment: null,
    late: null,
  }
}

/** Patterns name a cause; an invariant says that something is new; statistics say that it is rare. */
const LAYER_ORDER: readonly Layer[] = ['pattern', 'invariant', 'preparation', 'baseline']

/**
 * The layers in their order, then the most confident first; ties by name, so that the order in which detectors ran has no
 * effect.
 */
function byWeight(a: Finding, b: Finding): number {
  const [first, second] = [a, b].map(({ detector }) => LAYER_ORDER.indexOf(layerOf(detector))) as [
    number,
    number,
  ]
  if (first !== second) return first - second
  if (a.confidence !== b.confidence) return b.confidence - a.confidence
  return a.detector.localeCompare(b.detector, 'en') || a.fingerprint.localeCompare(b.fingerprint, 'en')
}

function union<T>(lists: readonly (readonly T[])[]): T[] {
  return [...new Set(lists.flat())]
}
