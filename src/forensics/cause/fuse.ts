import type { TransactionFacts } from '../../model/fact.ts'
import type { Address, Hex } from '../../model/hex.ts'
import type { Hypothesis } from '../../model/investigation.ts'
import { isEffect, weightOf } from '../hypotheses.ts'
import { functionIn } from '../named-function.ts'
import { weaknessOf } from '../weakness.ts'
import type { Culprit } from './culprits.ts'
import type { Mechanism } from './mechanism.ts'

export type FuseOptions = {
  /** The hypotheses of the rules. */
  found: readonly Hypothesis[]
  mechanisms: readonly Mechanism[]
  culprits: readonly Culprit[]
  transactions: readonly TransactionFacts[]
  functions: ReadonlyMap<Hex, string>
}

/** A hypothesis about a contract that is not among this many first culprits loses weight. */
const FIRST = 2
const ASTRAY = 0.3
const MOST = 12

/**
 * The hypotheses of the rules and those of the trace as one ranking. Where both name a category they agree, and the rule’s sentence
 * stays; a rule that names a contract without a part in the losses comes later. A call that the attacker did not write in full is no
 * arbitrary call: it abuses an approval.
 */
export function fuse({ found, mechanisms, culprits, transactions, functions }: FuseOptions): Hypothesis[] {
  const own = mechanisms.map((mechanism) => hypothesisOf(mechanism, transactions, functions))
  const isChosen = mechanisms.some(({ category }) => category === 'arbitrary-call')
  const first = new Set<Address>(culprits.slice(0, FIRST).map(({ account }) => account))
  const weigh = (one: Hypothesis): number =>
    weightOf(one) - (first.size > 0 && one.contract !== null && !first.has(one.contract) ? ASTRAY : 0)
  const joined = new Map<string, Hypothesis>()
  for (const one of [...found.map((it) => (isChosen ? it : narrowed(it, mechanisms))), ...own]) {
    const known = joined.get(one.category)
    joined.set(one.category, known === undefined ? one : joinedOf(known, one, weigh))
  }
  return [...joined.values()].sort((a, b) => weigh(b) - weigh(a)).slice(0, MOST)
}

/** An allowance was spent by a function of the contract’s own. */
function narrowed(hypothesis: Hypothesis, mechanisms: readonly Mechanism[]): Hypothesis {
  const isAbuse = mechanisms.some(({ category }) => category === 'approval-abuse')
  if (hypothesis.category !== 'arbitrary-call' || !isAbuse) return hypothesis
  return { ...hypothesis, category: 'approval-abuse', weakness: weaknessOf('approval-abuse') }
}

/** Two about one contract are surer than one: 1 − Π(1 − c), the second at a half. Of two about different ones the heavier stays. */
function joinedOf(one: Hypothesis, other: Hypothesis, weigh: (one: Hypothesis) => number): Hypothesis {
  const heavier = weigh(other) > weigh(one) ? other : one
  const evidence = [...one.evidence, ...other.evidence]
  // that value left is no second reason for a rule which says that value left
  if (one.contract !== other.contract || isEffect(one)) return { ...heavier, evidence }
  const confidence = Math.min(0.99, 1 - (1 - one.confidence) * (1 - other.confidence / 2))
  return { ...heavier, confidence: Math.max(heavier.confidence, confidence), evidence }
}

function hypothesisOf(
  { category, contract, confidence, statement, frames, transactionHash }: Mechanism,
  transactions: readonly TransactionFacts[],
  functions: ReadonlyMap<Hex, string>,
): Hypothesis {
  const tx = transactions.find(({ transaction }) => transaction.hash === transactionHash) ?? transactions[0]
  const trace = tx?.transaction.frames ?? []
  const pointed = frames.map((index) => trace[index])
  const entered = trace.filter(({ to, context }) => context === contract && to === contract)
  const isPlaced = frames.length > 0 && transactionHash !== null
  return {
    category,
    contract,
    function: functionIn(contract, [...pointed, ...entered], { frames: trace, functions }),
    statement,
    confidence,
    weakness: weaknessOf(category),
    evidence: isPlaced ? [{ statement, frames: [...frames], amounts: [], transactionHash }] : [],
  }
}
