import type { Probability } from './probability.ts'

/** A possible action against a suspected attack. Money in one unit throughout, for example USD. */
export type CandidateAction = {
  id: string
  /** How much it stops, 0 (nothing) to 1 (the whole protocol): the narrower of two sufficient actions is preferred. */
  breadth: number
  /** P(it takes effect before the loss), 0 to 1. */
  landsInTime: number
  /** The cost where there is no attack, from `PauseImpact`. */
  costIfFalse: number
  /** The cost where there is one. */
  costIfTrue: number
  /**
   * The result of simulating it against the attack. `works-untried`: it has its intended effect, but the attack could
   * not be tried against it, as with an attack that detects simulations. `reduces-loss`: part of it is still taken.
   */
  simulation:
    | 'stops-loss-spares-users'
    | 'reduces-loss'
    | 'works-untried'
    | 'does-not-stop'
    | 'harms-users'
    | 'not-run'
}

/** The possible loss. */
export type LossAtStake = {
  /** The maximum that can be taken, money. */
  drainable: number
  /** Expected loss per second without action, money. */
  perSecond: number
  /** Seconds that the attack may still continue. */
  remainingSeconds: number
}

/** The grounds for acting unattended. */
export type Grounds = {
  probability: Probability
  /** Deterministic or invariant evidence exists, not scores alone. */
  hasHardEvidence: boolean
  /** The loss is known, in base units of some asset. */
  isLossShown: boolean
  /** The e-detector with the budget of automatic action has alarmed. */
  runLengthGate: 'passed' | 'not-passed' | 'not-certifiable'
  drift: 'stable' | 'widen' | 'disarm'
  /** Automatic actions that the rate limit still allows. */
  actionsLeft: number
}

export type Refusal =
  | 'no-candidate-worth-its-cost'
  | 'no-hard-evidence'
  | 'no-loss-shown'
  | 'run-length-gate-not-passed'
  | 'run-length-not-certifiable'
  | 'drift-disarmed-automation'
  | 'rate-limit-reached'
  | 'simulation-missing'
  | 'simulation-does-not-stop-the-loss'
  | 'simulation-harms-users'

export type Weighed = {
  action: CandidateAction
  /** Money saved minus money spent, in expectation at the lower credible bound of p. Positive: worth doing. */
  netBenefit: number
  /** The p above which it is worth doing. */
  threshold: number
}

export type Decision = {
  /** L(τ): the possible cost of waiting, money. */
  loss: number
  /** The p used in the computation: 1 where hard evidence shows a loss, else the lower credible bound. */
  p: number
  /** Worth doing, the narrowest first. */
  worthwhile: readonly Weighed[]
  /** The narrowest action worth its cost, or null. People are asked about it even where automation is refused. */
  recommended: Weighed | null
  automatic: { allowed: true } | { allowed: false; reasons: readonly Refusal[] }
}

export type Case = { candidates: readonly CandidateAction[]; stake: LossAtStake; grounds: Grounds }

/**
 * Acts when waiting costs more than acting: p·ρ·L > (1−p)·C_FP + p·C_TP, with p at its lower credible bound and L =
 * min(drainable, λ·remaining time). Source: expected-cost decision theory (C. Elkan, IJCAI 2001); with C_FP = C_TP = C
 * it is p* = C/(ρL). Automatic action is refused for each reason that applies, and all of them are listed. With hard
 * evidence of a loss p is 1, because it was observed. Score, run length and drift are required for statistics only.
 */
export function decide({ candidates, stake, grounds }: Case): Decision {
  const loss = Math.min(stake.drainable, stake.perSecond * stake.remainingSeconds)
  const p = grounds.hasHardEvidence && grounds.isLossShown ? 1 : grounds.probability.low
  const worthwhile = candidates
    .map((action) => weigh(action, { p, loss }))
    .filter(({ netBenefit }) => netBenefit > 0)
    .sort((x, y) => x.action.breadth - y.action.breadth || y.netBenefit - x.netBenefit)
  const recommended = worthwhile.find(({ action }) => isSufficient(action)) ?? worthwhile[0] ?? null
  const reasons = refusals(recommended, grounds)
  return {
    loss,
    p,
    worthwhile,
    recommended,
    automatic: reasons.length === 0 ? { allowed: true } : { allowed: false, reasons },
  }
}

function weigh(action: CandidateAction, { p, loss }: { p: number; loss: number }): Weighed {
  const { landsInTime, costIfFalse, costIfTrue } = action
  const saved = landsInTime * loss
  return {
    action,
    netBenefit: p * saved - ((1 - p) * costIfFalse + p * costIfTrue),
    threshold: costIfFalse / (saved - costIfTrue + costIfFalse),
  }
}

const isSufficient = ({ simulation }: CandidateAction): boolean =>
  simulation === 'stops-loss-spares-users' || simulation === 'reduces-loss' || simulation === 'works-untried'

function refusals(recommended: Weighed | null, grounds: Grounds): Refusal[] {
  const found: (Refusal | null)[] = [
    recommended === null ? 'no-candidate-worth-its-cost' : simulationRefusal(recommended.action),
    ...(grounds.hasHardEvidence
      ? [grounds.isLossShown ? null : ('no-loss-shown' as const)]
      : ungrounded(grounds)),
    grounds.actionsLeft > 0 ? null : 'rate-limit-reached',
  ]
  return found.filter((reason) => reason !== null)
}

/** The additional requirements for a case that rests on statistics. */
function ungrounded({ runLengthGate, drift }: Grounds): (Refusal | null)[] {
  return [
    'no-hard-evidence',
    gateRefusal(runLengthGate),
    drift === 'disarm' ? 'drift-disarmed-automation' : null,
  ]
}

function simulationRefusal({ simulation }: CandidateAction): Refusal | null {
  switch (simulation) {
    case 'stops-loss-spares-users':
    case 'reduces-loss':
    case 'works-untried':
      return null
    case 'does-not-stop':
      return 'simulation-does-not-stop-the-loss'
    case 'harms-users':
      return 'simulation-harms-users'
    case 'not-run':
      return 'simulation-missing'
  }
}

function gateRefusal(gate: Grounds['runLengthGate']): Refusal | null {
  switch (gate) {
    case 'passed':
      return null
    case 'not-passed':
      return 'run-length-gate-not-passed'
    case 'not-certifiable':
      return 'run-length-not-certifiable'
  }
}
