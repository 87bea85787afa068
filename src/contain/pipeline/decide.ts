import type { Assessor } from '../../calibrate/assessor.ts'
import type { CandidateAction, Decision, Refusal } from '../../calibrate/decision.ts'
import { decide as weigh } from '../../calibrate/decision.ts'
import { runLengthText } from '../../calibrate/run-length.ts'
import { percentText } from '../../calibrate/statistics.ts'
import type { Rpc } from '../../chain/rpc/rpc.ts'
import type { Assessment } from '../../model/assessment.ts'
import { type ContainmentPlan, protectedBy, type Simulation } from '../../model/containment.ts'
import type { Finding } from '../../model/finding.ts'
import type { Address } from '../../model/hex.ts'
import { entriesInto } from '../trials/attack.ts'
import { savedShare } from '../trials/losses.ts'
import type { Containing, Simulated } from './containing.ts'
import type { Judgement } from './notice.ts'

/** The knowledge that detection has of the attack that a plan is against. */
export type Suspicion = {
  /** Of the strongest alert. */
  assessment: Assessment
  isPending: boolean
  /** The accounts that findings name as the attackers. */
  actors: readonly Address[]
  /** Findings of deterministic rules and invariants at paging level; statistics and signs alone never act. */
  hardFindings: readonly Finding[]
  assessor: Pick<Assessor, 'calibration' | 'drift'>
}

/** A simulated plan with all that speaks against pulling its lever without people. */
export type Decided = Simulated & {
  reasons: readonly string[]
  /** The lever would work against this attack: only something else prevents it. */
  isWorthIt: boolean
}

/**
 * Decide: a plan continues without people only if it demonstrably stops the attack, is worth it, leaves nobody helpless
 * and can be taken back. `suspicionOn`: null if no alert about the attack was weighed.
 */
export async function decide(
  containing: Containing,
  simulated: Simulated,
  suspicionOn: (plan: ContainmentPlan) => Promise<Suspicion | null>,
): Promise<Decided> {
  const { attack, durable, tell } = containing
  const { plan, simulation } = simulated
  const judgement = await durable(`decide:${plan.id}`, async () => {
    const judgement = await judgePlan(containing, simulated, await suspicionOn(plan))
    await tell({ kind: 'decided', plan, judgement })
    return judgement
  })
  const reasons = [...(attack.stale === null ? [] : [attack.stale]), ...judgement.reasons]
  if (simulation.asymmetry !== null) reasons.push(simulation.asymmetry)
  if (plan.lever.undo === null && plan.lever.maxDurationSeconds === null)
    reasons.push('nothing takes it back: it is for people to decide')
  return { ...simulated, reasons, isWorthIt: reasons.length === 0 }
}

/**
 * A mined attack may be the only one: assume that the lever saves half of what is left. A pending attack was outrun in
 * 16 and 18 of 20 races (`node dist/bench/mempool-race.js`).
 */
const LANDS_IN_TIME = { mined: 0.5, pending: 0.8 } as const

/** Assumed time in which an attacker drains everything at stake while nobody acts: one hour. */
const DRAIN_SECONDS = 3_600

/**
 * Weighs a simulated plan. Hard evidence of a loss that the lever stops is enough to act. Statistical evidence is
 * weighed: the cost of waiting against the cost of acting, both as shares of what is at stake in the contract, at the
 * lower bound of the calibrated probability. Refuses with every reason that holds.
 */
async function judgePlan(
  { chain, means }: Pick<Containing, 'chain' | 'means'>,
  simulated: Simulated,
  suspicion: Suspicion | null,
): Promise<Judgement> {
  if (suspicion === null)
    return {
      automatic: false,
      reasons: ['no alert about this attack stands that was weighed against a calibration'],
      statement: '',
    }
  const { assessment, assessor, hardFindings, isPending } = suspicion
  const { simulation } = simulated
  const cost = means.config.decision.pauseCostBps / 10_000
  const decision = weigh({
    candidates: [
      {
        id: simulated.plan.id,
        breadth: breadthOf(simulation),
        landsInTime: (isPending ? LANDS_IN_TIME.pending : LANDS_IN_TIME.mined) * shareOf(simulated),
        costIfFalse: cost,
        costIfTrue: cost,
        simulation: await simulationWord(chain.rpc, simulated),
      },
    ],
    stake: { drainable: 1, perSecond: 1 / DRAIN_SECONDS, remainingSeconds: DRAIN_SECONDS },
    grounds: {
      probability: {
        ...assessment.probability,
        n: assessment.probability.attacks + assessment.probability.benign,
      },
      hasHardEvidence: hardFindings.length > 0,
      isLossShown: isLossShown(simulated, suspicion),
      runLengthGate: gateOf(suspicion),
      drift: assessor.drift.stage.stage,
      // the standing authorisation has its own limit, checked later
      actionsLeft: 1,
    },
  })
  return judgementOf(decision, { assessment, cost, simulation })
}

/** The share of the loss that the lever saves, if the attack could be tried. */
function shareOf({ plan, simulation }: Simulated): number {
  return simulation.attack === 'reduced' ? savedShare(simulation.losses, protectedBy(plan)) : 1
}

/**
 * Whether the contract or its users lose something: shown by the simulation, or by detection if the attack could not be
 * tried.
 */
function isLossShown({ plan, simulation }: Simulated, { actors, hardFindings }: Suspicion): boolean {
  if (simulation.losses.some(({ account, without }) => without > 0n && !actors.includes(account))) return true
  const target = protectedBy(plan)
  return hardFindings.some(({ loss }) =>
    loss.some(({ account, amount }) => account === target && amount > 0n),
  )
}

/** Share of the known operations that the lever blocks. */
function breadthOf({ opEffects }: Simulation): number {
  const effects = Object.values(opEffects)
  return effects.length === 0 ? 1 : effects.filter((effect) => effect === 'blocked').length / effects.length
}

/** A pause does not spare users, because its purpose is to stop them too: its cost accounts for that. */
async function simulationWord(
  rpc: Rpc,
  { plan, simulation }: Simulated,
): Promise<CandidateAction['simulation']> {
  const { leverSucceeded, attack, opEffects } = simulation
  if (attack === 'not-run') return 'not-run'
  if (!leverSucceeded || attack === 'not-stopped') return 'does-not-stop'
  if (attack === 'stopped') return 'stops-loss-spares-users'
  if (attack === 'reduced') return 'reduces-loss'
  const entries = await entriesInto(rpc, { hash: plan.attackTransaction, target: protectedBy(plan) })
  const effects = entries.map((selector) => opEffects[selector])
  // everything that the attack calls stays open: the lever is for something else
  const isElsewhere = effects.length > 0 && effects.every((effect) => effect === 'open')
  return isElsewhere ? 'does-not-stop' : 'works-untried'
}

function gateOf({ assessment: { score, runLength }, assessor }: Suspicion) {
  if (score < assessor.calibration.thresholds.act.score) return 'not-passed'
  return runLength.verdict === 'kept' ? 'passed' : 'not-certifiable'
}

const WORDS: Readonly<Record<Refusal, string>> = {
  'no-candidate-worth-its-cost': 'waiting costs less than the pause',
  'no-loss-shown': 'nothing that the protected contract or its users lose is known',
  'no-hard-evidence': 'no rule or invariant at paging level speaks, only statistics or signs',
  'run-length-gate-not-passed': 'the score is below the threshold for acting unattended',
  'run-length-not-certifiable': 'the asked days between needless actions are not certifiable yet',
  'drift-disarmed-automation':
    'traffic no longer looks like what the calibration was made from, and no declared invariant or known pattern with a loss speaks',
  'rate-limit-reached': 'the rate limit is reached',
  'simulation-missing': 'no attack transaction is known to try the lever on',
  'simulation-does-not-stop-the-loss': 'the simulation does not show that the lever stops the attack',
  'simulation-harms-users': 'the simulation shows harm to users',
}

type Grounded = { assessment: Assessment; cost: number; simulation: Simulation }

function judgementOf(decision: Decision, { assessment, cost, simulation }: Grounded): Judgement {
  const { recommended, automatic } = decision
  const reasons = automatic.allowed ? [] : automatic.reasons.map((reason) => WORDS[reason])
  const threshold =
    recommended === null ? '' : `; acting is worth it above ${percentText(recommended.threshold)}`
  return {
    automatic: automatic.allowed,
    reasons,
    statement: `${groundsText(automatic, simulation)}P(attack) is at least ${percentText(assessment.probability.low)} (estimate ${percentText(assessment.probability.estimate)}, n = ${assessment.probability.attacks} attacks and ${assessment.probability.benign} benign)${threshold} for a pause that costs ${percentText(cost)} of what is at stake; ${runLengthText(assessment.runLength)}`,
  }
}

/** The grounds of an action without people, as the start of the statement. */
function groundsText(automatic: Decision['automatic'], { attack }: Simulation): string {
  if (!automatic.allowed) return ''
  const seen =
    {
      stopped: 'the lever stops what it takes',
      reduced: 'the lever saves part of what it takes',
    }[String(attack)] ??
    'the attack cannot be tried, and the lever works and does not leave open all that it calls'
  return `A rule or an invariant saw a loss, and ${seen}. For the record: `
}
