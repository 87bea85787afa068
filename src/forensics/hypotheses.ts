import type { TransactionFacts } from '../model/fact.ts'
import { type Finding, severityRank } from '../model/finding.ts'
import type { Address, Hex } from '../model/hex.ts'
import type { Hypothesis } from '../model/investigation.ts'
import { functionIn } from './named-function.ts'
import { weaknessOf } from './weakness.ts'

export type HypothesesOptions = {
  transactions: readonly TransactionFacts[]
  findings: readonly Finding[]
  attackers: ReadonlySet<Address>
  functions: ReadonlyMap<Hex, string>
}

/** A category that names only the effect yields to one that names the cause, within this distance in confidence. */
const EFFECTS: ReadonlySet<string> = new Set(['drain', 'wallet-sweep', 'activity', 'invariant'])
const EFFECT_HANDICAP = 0.3
const MOST = 12

/**
 * The possible causes of the attack, the likeliest first: each finding about these transactions in its first category,
 * agreeing ones joined. A cause comes before an effect with a slightly higher confidence.
 */
export function hypothesesFrom(options: HypothesesOptions): Hypothesis[] {
  const joined = new Map<string, Finding[]>()
  for (const finding of options.findings) {
    const [category = 'unknown'] = finding.categories
    const known = joined.get(category) ?? []
    known.push(finding)
    joined.set(category, known)
  }
  return [...joined]
    .map(([category, findings]) => hypothesisOf(category, findings, options))
    .sort((a, b) => weightOf(b) - weightOf(a))
    .slice(0, MOST)
}

export function weightOf(hypothesis: Hypothesis): number {
  return hypothesis.confidence - (isEffect(hypothesis) ? EFFECT_HANDICAP : 0)
}

/** True where the category names only what happened. */
export function isEffect({ category }: Pick<Hypothesis, 'category'>): boolean {
  return EFFECTS.has(category)
}

function hypothesisOf(category: string, findings: Finding[], options: HypothesesOptions): Hypothesis {
  const [best] = [...findings].sort(
    (a, b) => b.confidence - a.confidence || severityRank(b.severity) - severityRank(a.severity),
  )
  // independent agreement of several detectors is surer than one: 1 − Π(1 − c), each other one at a half
  const others = findings.filter((finding) => finding !== best)
  const doubt = others.reduce((product, { confidence }) => product * (1 - confidence / 2), 1)
  const confidence = best === undefined ? 0 : 1 - (1 - best.confidence) * doubt
  const contract = best?.victims[0] ?? null
  return {
    category,
    contract,
    function: contract === null || best === undefined ? null : functionOf(contract, best, options),
    statement: best?.message ?? '',
    confidence: Math.min(0.99, confidence),
    weakness: weaknessOf(category),
    evidence: findings.flatMap(({ evidence, transactionHash }) =>
      evidence.map((item) => ({ ...item, transactionHash })),
    ),
  }
}

/** The function of the contract that the evidence points into, otherwise the first that an attacker called. */
function functionOf(
  contract: Address,
  { evidence, transactionHash }: Finding,
  { transactions, attackers, functions }: HypothesesOptions,
): string | null {
  const frames =
    transactions.find(({ transaction }) => transaction.hash === transactionHash)?.transaction.frames ?? []
  const pointed = evidence.flatMap((item) => item.frames.map((index) => frames[index]))
  const inside = pointed.filter((frame) => frame?.context === contract)
  const entered = frames.filter(
    ({ context, from }) => context === contract && from !== null && attackers.has(from),
  )
  return functionIn(contract, [...inside, ...entered], { frames, functions })
}
