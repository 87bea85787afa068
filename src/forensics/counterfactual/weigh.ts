import type { Counterfactual } from '../../model/counterfactual.ts'
import type { Hypothesis } from '../../model/investigation.ts'
import { isEffect, weightOf } from '../hypotheses.ts'
import { weaknessOf } from '../weakness.ts'

/**
 * The factor by which a doubt shrinks when an alteration that a sound contract would have had takes the profit away.
 */
const DOUBT = { 'ordinary ones pass': 0.3, 'none were tried': 0.5, 'ordinary ones fail': 0.9 } as const
/** The remaining share of a confidence when every alteration for its cause left the profit in place. */
const REFUTED = 0.5
/** The confidence of a cause that no rule named, but an alteration did. */
const NEW = 0.5
const MOST_CONFIDENCE = 0.99
const MOST = 12

/**
 * Hypotheses after the attack was run again: one whose alteration took the profit away gains, one whose alterations all
 * left it loses, and a cause that no rule named is added if an alteration that leaves ordinary transactions alone found
 * it. A part of the profit, or a run that proved nothing, changes nothing.
 */
export function weighed(
  hypotheses: readonly Hypothesis[],
  counterfactuals: readonly Counterfactual[],
): Hypothesis[] {
  const kept = hypotheses.map((hypothesis) => reweighed(hypothesis, counterfactuals))
  const known = new Set(kept.map(({ category }) => category))
  const fresh = new Map<string, Hypothesis>()
  for (const one of counterfactuals) {
    const isNew = one.outcome === 'profit-gone' && !spokenFor(one).some((category) => known.has(category))
    const [category] = one.speaksFor
    if (isNew && category !== undefined && !fresh.has(category))
      fresh.set(category, newlyNamed(category, one))
  }
  return [...kept, ...fresh.values()].sort((a, b) => weightOf(b) - weightOf(a)).slice(0, MOST)
}

/** The categories that an alteration confirms or refutes: where it names a cause first, an effect is not among them. */
function spokenFor({ speaksFor }: Pick<Counterfactual, 'speaksFor'>): string[] {
  const [first = ''] = speaksFor
  return isEffect({ category: first })
    ? [...speaksFor]
    : speaksFor.filter((category) => !isEffect({ category }))
}

function reweighed(hypothesis: Hypothesis, counterfactuals: readonly Counterfactual[]): Hypothesis {
  const about = counterfactuals.filter(
    ({ speaksFor, outcome }) =>
      spokenFor({ speaksFor }).includes(hypothesis.category) &&
      (outcome === 'profit-gone' || outcome === 'profit-remains'),
  )
  if (about.length === 0) return hypothesis
  const [best] = about
    .filter(({ outcome }) => outcome === 'profit-gone')
    .sort((a, b) => doubtAfter(a) - doubtAfter(b) || nearer(b, hypothesis) - nearer(a, hypothesis))
  const { confidence, evidence } = hypothesis
  const changed =
    best === undefined
      ? confidence * REFUTED
      : Math.min(MOST_CONFIDENCE, 1 - (1 - confidence) * doubtAfter(best))
  return {
    ...hypothesis,
    confidence: changed,
    evidence: [...evidence, ...(best === undefined ? about : [best]).map(evidenceOf)],
  }
}

function nearer({ contract }: Counterfactual, hypothesis: Hypothesis): number {
  return contract === hypothesis.contract ? 1 : 0
}

function doubtAfter({ legitimate: { passed, of } }: Counterfactual): number {
  if (of === 0) return DOUBT['none were tried']
  return passed === of ? DOUBT['ordinary ones pass'] : DOUBT['ordinary ones fail']
}

function newlyNamed(category: string, one: Counterfactual): Hypothesis {
  return {
    category,
    contract: one.contract,
    function: one.function,
    statement: `The attack pays no more if this alone is altered: ${one.statement}.`,
    confidence: NEW * (1 - doubtAfter(one) / 2),
    weakness: weaknessOf(category),
    evidence: [evidenceOf(one)],
  }
}

function evidenceOf(one: Counterfactual): Hypothesis['evidence'][number] {
  const { statement, outcome, legitimate, transactionHash, frame, gained } = one
  const { passed, of } = legitimate
  const others = of === 0 ? '' : `; ${passed} of ${of} ordinary transactions still pass`
  return {
    statement: `run again so that ${statement}: ${outcome.replace('-', ' ')}${others}`,
    frames: [frame],
    amounts: gained,
    transactionHash,
  }
}
