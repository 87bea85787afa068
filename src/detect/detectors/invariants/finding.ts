import type { BlockBundle } from '../../../model/block.ts'
import type { TransactionFacts } from '../../../model/fact.ts'
import type { Finding } from '../../../model/finding.ts'
import type { Address } from '../../../model/hex.ts'
import { buildFinding } from '../../lib/build-finding.ts'
import { changesOf } from '../../lib/flows.ts'
import { kindsOf, type Verdict, type Violation } from './judge.ts'
import { historyOf, type ProtocolModel } from './model.ts'
import type { Novelty, Surprise } from './novelty.ts'

type Flagged = Extract<Verdict, { rate: number }>

/** Shares of ordinary transactions at least as new: 1 in 5,000, and 1 in 1,000. */
const POOLED = { high: 0.0002, medium: 0.001 }

/**
 * Confidence is 1 − √rate, so it grows with the history: 0.68 where the history excludes only 10 % of false alarms, 0.9
 * at 1 %.
 */
export function findingOf(
  tx: TransactionFacts,
  bundle: BlockBundle,
  { verdict, protocol }: { verdict: Flagged; protocol: ProtocolModel },
): Finding {
  const { rate } = verdict
  const confidence = Math.min(0.98, 1 - Math.sqrt(rate))
  const broken = verdict.basis === 'own' ? verdict.violations : surprising(verdict.novelty)
  const kinds = kindsOf(broken)
  const touched = touchedBy(tx, protocol)
  const actors = tx.transaction.from === null ? [] : [tx.transaction.from]
  return buildFinding(tx, bundle, {
    detector: 'invariants',
    severity: verdict.kind === 'restless' ? 'info' : severityOf(verdict, confidence, kinds.size),
    confidence,
    categories: ['invariant', ...[...kinds].map((kind) => `invariant-${kind}` as const)],
    protected: touched,
    victims: touched,
    actors,
    profit: changesOf(tx, actors).profit,
    loss: changesOf(tx, touched).loss,
    evidence: broken.slice(0, 12).map((it) => ({
      statement: 'bound' in it ? statementOf(it) : surpriseStatement(it),
      frames: [...it.frames],
      amounts: [],
    })),
    message: `${protocol.name} was used as in none of ${historyOf(protocol).times} earlier transactions: ${messageOf(broken)}.`,
  })
}

/** The surprises that make up the sum, the strongest first. */
function surprising({ surprises }: Novelty): Surprise[] {
  return [...surprises].sort((x, y) => y.decades - x.decades)
}

/**
 * New steps alone are a reason to look; `high`, which may start a response, requires a second, different sign. A claim that
 * rests on other protocols too is graded by its rate.
 */
function severityOf({ rate, basis }: Flagged, confidence: number, kinds: number): Finding['severity'] {
  if (basis === 'pooled')
    return rate <= POOLED.high && kinds > 1 ? 'high' : rate <= POOLED.medium ? 'medium' : 'low'
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

function surpriseStatement({ name, history, found, decades }: Surprise): string {
  const { times, first, last } = history
  return `${name}: held ${times} times in blocks ${first} to ${last}; here ${found}; about 1 in ${Math.round(10 ** decades)} ordinary transactions does this, by this protocol and others`
}

function messageOf(violations: readonly { name: string; found: string }[]): string {
  const [first] = violations
  if (first === undefined) return 'nothing'
  const more = violations.length - 1
  const said = `${first.name} (${first.found})`
  return more === 0 ? said : `${said}, and ${more} more`
}
