import type { BlockBundle } from '../../../model/block.ts'
import type { TransactionFacts } from '../../../model/fact.ts'
import type { Finding } from '../../../model/finding.ts'
import type { Address } from '../../../model/hex.ts'
import { buildFinding } from '../../lib/build-finding.ts'
import { changesOf } from '../../lib/flows.ts'
import { kindsOf, type Verdict, type Violation } from './judge.ts'
import { historyOf, type ProtocolModel } from './model.ts'

type Flagged = Extract<Verdict, { rate: number }>

/**
 * Confidence is 1 − √rate, so it grows with the history: 0.68 where the history excludes only 10 % of false alarms, 0.9
 * at 1 %.
 */
export function findingOf(
  tx: TransactionFacts,
  bundle: BlockBundle,
  { verdict, protocol }: { verdict: Flagged; protocol: ProtocolModel },
): Finding {
  const { violations, rate } = verdict
  const confidence = Math.min(0.98, 1 - Math.sqrt(rate))
  const kinds = kindsOf(violations)
  const touched = touchedBy(tx, protocol)
  const actors = tx.transaction.from === null ? [] : [tx.transaction.from]
  return buildFinding(tx, bundle, {
    detector: 'invariants',
    severity: verdict.kind === 'restless' ? 'info' : severityOf(confidence, kinds.size),
    confidence,
    categories: ['invariant', ...[...kinds].map((kind) => `invariant-${kind}` as const)],
    protected: touched,
    victims: touched,
    actors,
    profit: changesOf(tx, actors).profit,
    loss: changesOf(tx, touched).loss,
    evidence: violations.slice(0, 12).map((violation) => ({
      statement: statementOf(violation),
      frames: [...violation.frames],
      amounts: [],
    })),
    message: `${protocol.name} was used as in none of ${historyOf(protocol).times} earlier transactions: ${messageOf(violations)}.`,
  })
}

/** New steps alone are a reason to look; `high`, which may start a response, requires a second, different sign. */
function severityOf(confidence: number, kinds: number): Finding['severity'] {
  if (confidence >= 0.9 && kinds > 1) return 'high'
  return confidence >= 0.75 ? 'medium' : 'low'
}

function touchedBy({ transaction }: TransactionFacts, { addresses }: ProtocolModel): Address[] {
  const touched = new Set<Address>()
  for (const { to, context, type, reverted } of transaction.frames) {
    if (reverted || type === 'STATICCALL') continue
    if (context !== null && addresses.has(context)) touched.add(context)
    else if (to !== null && addresses.has(to) && type === 'CALL') touched.add(to)
  }
  return [...touched]
}

function statementOf({ name, history, found, bound }: Violation): string {
  const { times, first, last } = history
  return `${name}: held ${times} times in blocks ${first} to ${last}; here ${found}; ordinary transactions break this kind in at most ${(bound * 100).toPrecision(2)} % (95 %)`
}

function messageOf(violations: readonly Violation[]): string {
  const [first] = violations
  if (first === undefined) return 'nothing'
  const more = violations.length - 1
  const said = `${first.name} (${first.found})`
  return more === 0 ? said : `${said}, and ${more} more`
}
