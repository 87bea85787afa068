import type { CandidateAction, Decision, Refusal } from '../../calibrate/decision.ts'
import { decide } from '../../calibrate/decision.ts'
import { runLengthText } from '../../calibrate/run-length.ts'
import { percentText } from '../../calibrate/statistics.ts'
import { entriesInto } from '../../contain/trials/attack.ts'
import { savedShare } from '../../contain/trials/losses.ts'
import { layerOf } from '../../detect/engine/layers.ts'
import type { Alert } from '../../model/alert.ts'
import { byWeight } from '../../model/alert.ts'
import type { Assessment } from '../../model/assessment.ts'
import { type ContainmentPlan, protectedBy, type Simulation } from '../../model/containment.ts'
import type { Finding } from '../../model/finding.ts'
import { atLeast } from '../../model/finding.ts'
import type { Address } from '../../model/hex.ts'
import type { Incident } from '../../model/incident.ts'
import { listAlerts } from '../../store/alerts.ts'
import type { App, ChainHandle } from '../context.ts'

/** The decision about pulling a lever unattended, with the reasons, for the record. */
export type Judgement = { automatic: boolean; reasons: string[]; statement: string }

/**
 * A mined attack may be the only one: assume that the lever saves half of what is left. A pending attack was outrun in
 * 16 and 18 of 20 races (`node dist/bench/mempool-race.js`).
 */
const LANDS_IN_TIME = { mined: 0.5, pending: 0.8 } as const

/** Assumed time in which an attacker drains everything at stake while nobody acts: one hour. */
const DRAIN_SECONDS = 3_600

type Case = { incident: Incident; plan: ContainmentPlan; simulation: Simulation }

/**
 * Weighs a simulated plan. Hard evidence of a loss that the lever stops is enough to act. Statistical evidence is
 * weighed: the cost of waiting against the cost of acting, both as shares of what is at stake in the contract, at the
 * lower bound of the calibrated probability. Refuses with every reason that holds.
 */
export async function judgePlan(
  app: App,
  chain: ChainHandle,
  { incident, plan, simulation }: Case,
): Promise<Judgement> {
  const about = await alertsAbout(app, { incident, plan })
  const worst = about[0]
  const assessment = worst?.assessment ?? null
  if (worst === undefined || assessment === null)
    return {
      automatic: false,
      reasons: ['no alert about this attack stands that was weighed against a calibration'],
      statement: '',
    }
  const findings = about.flatMap((alert) => alert.findings)
  const { pauseCostBps } = app.config.decision
  const cost = pauseCostBps / 10_000
  const decision = decide({
    candidates: [
      {
        id: plan.id,
        breadth: breadthOf(simulation),
        landsInTime:
          (worst.pending ? LANDS_IN_TIME.pending : LANDS_IN_TIME.mined) * shareOf({ plan, simulation }),
        costIfFalse: cost,
        costIfTrue: cost,
        simulation: await simulationWord(chain, { plan, simulation }),
      },
    ],
    stake: { drainable: 1, perSecond: 1 / DRAIN_SECONDS, remainingSeconds: DRAIN_SECONDS },
    grounds: {
      probability: {
        ...assessment.probability,
        n: assessment.probability.attacks + assessment.probability.benign,
      },
      hasHardEvidence: findings.some(isHard),
      isLossShown: isLossShown({ plan, simulation }, findings),
      runLengthGate: gateOf(assessment, chain),
      drift: chain.assessor.drift.stage.stage,
      // the standing authorisation has its own limit, checked later
      actionsLeft: 1,
    },
  })
  return judgementOf(decision, { assessment, cost, simulation })
}

/**
 * The alerts about the attack that the plan answers, strongest first: an alert about another transaction of the
 * incident is not evidence about this one. All alerts if the plan answers no transaction.
 */
async function alertsAbout(
  { store }: App,
  { incident, plan }: Pick<Case, 'incident' | 'plan'>,
): Promise<Alert[]> {
  const standing = (await listAlerts(store, incident.id)).flatMap(({ alert, withdrawnAt }) =>
    withdrawnAt === null ? [alert] : [],
  )
  const { attackTransaction } = plan
  const about = standing.filter(({ transactionHash }) => transactionHash === attackTransaction)
  return byWeight(attackTransaction === null ? standing : about)
}

/** Deterministic rules and invariants at paging level; statistics and signs alone never act. */
function isHard({ severity, detector, shadow }: Finding): boolean {
  const layer = layerOf(detector)
  return !shadow && atLeast(severity, 'high') && (layer === 'pattern' || layer === 'invariant')
}

/** The share of the loss that the lever saves, if the attack could be tried. */
function shareOf({ plan, simulation }: Pick<Case, 'plan' | 'simulation'>): number {
  return simulation.attack === 'reduced' ? savedShare(simulation.losses, protectedBy(plan)) : 1
}

/**
 * Whether the contract or its users lose something: shown by the simulation, or by detection if the attack could not be
 * tried.
 */
function isLossShown(
  { plan, simulation }: Pick<Case, 'plan' | 'simulation'>,
  findings: readonly Finding[],
): boolean {
  const attacker = (account: Address): boolean => findings.some(({ actors }) => actors.includes(account))
  if (simulation.losses.some(({ account, without }) => without > 0n && !attacker(account))) return true
  const target = protectedBy(plan)
  return findings.some(
    (finding) =>
      isHard(finding) && finding.loss.some(({ account, amount }) => account === target && amount > 0n),
  )
}

/** Share of the known operations that the lever blocks. */
function breadthOf({ opEffects }: Simulation): number {
  const effects = Object.values(opEffects)
  return effects.length === 0 ? 1 : effects.filter((effect) => effect === 'blocked').length / effects.length
}

/** A pause does not spare users, because its purpose is to stop them too: its cost accounts for that. */
async function simulationWord(
  chain: ChainHandle,
  { plan, simulation }: Pick<Case, 'plan' | 'simulation'>,
): Promise<CandidateAction['simulation']> {
  const { leverSucceeded, attack, opEffects } = simulation
  if (attack === 'not-run') return 'not-run'
  if (!leverSucceeded || attack === 'not-stopped') return 'does-not-stop'
  if (attack === 'stopped') return 'stops-loss-spares-users'
  if (attack === 'reduced') return 'reduces-loss'
  const entries = await entriesInto(chain.rpc, { hash: plan.attackTransaction, target: protectedBy(plan) })
  const effects = entries.map((selector) => opEffects[selector])
  // everything that the attack calls stays open: the lever is for something else
  const isElsewhere = effects.length > 0 && effects.every((effect) => effect === 'open')
  return isElsewhere ? 'does-not-stop' : 'works-untried'
}

function gateOf({ score, runLength }: Assessment, { assessor }: ChainHandle) {
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
