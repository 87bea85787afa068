import type { Decision, Refusal } from '../../calibrate/decision.ts'
import { decide } from '../../calibrate/decision.ts'
import { runLengthText } from '../../calibrate/run-length.ts'
import { percentText } from '../../calibrate/statistics.ts'
import type { Alert } from '../../model/alert.ts'
import type { Assessment } from '../../model/assessment.ts'
import type { ContainmentPlan, Simulation } from '../../model/containment.ts'
import type { Finding } from '../../model/finding.ts'
import { atLeast } from '../../model/finding.ts'
import type { Incident } from '../../model/incident.ts'
import { listAlerts } from '../../store/alerts.ts'
import type { App, ChainHandle } from '../context.ts'
import { layerOf } from '../layers.ts'
import { byWeight } from '../watch/answer-owed.ts'

/** What was decided about pulling a lever unattended, and why, for the record. */
export type Judgement = { automatic: boolean; reasons: string[]; statement: string }

/**
 * A mined attack may be the only one: half of what is left is taken to be saved. A pending one was outrun in 16 and 18 of
 * 20 races (`node dist/bench/mempool-race.js`).
 */
const LANDS_IN_TIME = { mined: 0.5, pending: 0.8 } as const

/** While nobody acts an attacker is taken to need an hour for all that is at stake. */
const DRAIN_SECONDS = 3_600

type Case = { incident: Incident; plan: ContainmentPlan; simulation: Simulation }

/**
 * Weighs a simulated plan: what waiting may cost against what acting costs, both as shares of what is at stake in the
 * contract, at the lower bound of the calibrated probability. Refused for each reason that holds.
 */
export async function judgePlan(
  app: App,
  chain: ChainHandle,
  { incident, plan, simulation }: Case,
): Promise<Judgement> {
  const worst = await worstAbout(app, { incident, plan })
  const assessment = worst?.assessment ?? null
  if (worst === undefined || assessment === null)
    return {
      automatic: false,
      reasons: ['no alert about this attack stands that was weighed against a calibration'],
      statement: '',
    }
  const { pauseCostBps } = app.config.decision
  const cost = pauseCostBps / 10_000
  const decision = decide({
    candidates: [
      {
        id: plan.id,
        breadth: breadthOf(simulation),
        landsInTime: worst.pending ? LANDS_IN_TIME.pending : LANDS_IN_TIME.mined,
        costIfFalse: cost,
        costIfTrue: cost,
        simulation: simulationWord(simulation),
      },
    ],
    stake: { drainable: 1, perSecond: 1 / DRAIN_SECONDS, remainingSeconds: DRAIN_SECONDS },
    grounds: {
      probability: {
        ...assessment.probability,
        n: assessment.probability.attacks + assessment.probability.benign,
      },
      hasHardEvidence: worst.findings.some(isHard),
      runLengthGate: gateOf(assessment, chain),
      drift: worst.findings.some(survivesDrift) ? 'stable' : chain.assessor.drift.stage.stage,
      // the standing authorisation has its own limit, checked after this
      actionsLeft: 1,
    },
  })
  return judgementOf(decision, { assessment, cost })
}

/**
 * What says most of the attack that the plan is against: what was said of another transaction of the incident is no evidence
 * about this one. Of all where it is against no transaction.
 */
async function worstAbout(
  { store }: App,
  { incident, plan }: Pick<Case, 'incident' | 'plan'>,
): Promise<Alert | undefined> {
  const standing = (await listAlerts(store, incident.id)).flatMap(({ alert, withdrawnAt }) =>
    withdrawnAt === null ? [alert] : [],
  )
  const { attackTransaction } = plan
  const about = standing.filter(({ transactionHash }) => transactionHash === attackTransaction)
  return byWeight(attackTransaction === null ? standing : about)[0]
}

/** Deterministic rules and invariants at paging level; statistics and signs alone never act. */
function isHard({ severity, detector }: Finding): boolean {
  const layer = layerOf(detector)
  return atLeast(severity, 'high') && (layer === 'pattern' || layer === 'invariant')
}

/**
 * What does not rest on what traffic usually looks like: an invariant that somebody declared, and a known pattern with what it
 * cost the contract or its users. Nobody takes that away by making traffic look strange.
 */
function survivesDrift(finding: Finding): boolean {
  if (!isHard(finding)) return false
  const isDeclared = finding.categories.includes('invariant-declared')
  return isDeclared || (layerOf(finding.detector) === 'pattern' && finding.loss.length > 0)
}

/** Share of the known operations that the lever blocks. */
function breadthOf({ opEffects }: Simulation): number {
  const effects = Object.values(opEffects)
  return effects.length === 0 ? 1 : effects.filter((effect) => effect === 'blocked').length / effects.length
}

/** Users are not spared by a pause, whose whole use is to stop them too: its cost stands for that. */
function simulationWord({ leverSucceeded, attack }: Simulation) {
  if (attack === 'not-run') return 'not-run'
  return leverSucceeded && attack === 'stopped' ? 'stops-loss-spares-users' : 'does-not-stop'
}

function gateOf({ score, runLength }: Assessment, { assessor }: ChainHandle) {
  if (score < assessor.calibration.thresholds.act.score) return 'not-passed'
  return runLength.verdict === 'kept' ? 'passed' : 'not-certifiable'
}

const WORDS: Readonly<Record<Refusal, string>> = {
  'no-candidate-worth-its-cost': 'waiting costs less than the pause',
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

type Grounded = { assessment: Assessment; cost: number }

function judgementOf(decision: Decision, { assessment, cost }: Grounded): Judgement {
  const { recommended, automatic, p } = decision
  const reasons = automatic.allowed ? [] : automatic.reasons.map((reason) => WORDS[reason])
  const threshold =
    recommended === null ? '' : `; acting is worth it above ${percentText(recommended.threshold)}`
  return {
    automatic: automatic.allowed,
    reasons,
    statement: `P(attack) is at least ${percentText(p)} (estimate ${percentText(assessment.probability.estimate)}, n = ${assessment.probability.attacks} attacks and ${assessment.probability.benign} benign)${threshold} for a pause that costs ${percentText(cost)} of what is at stake; ${runLengthText(assessment.runLength)}`,
  }
}
