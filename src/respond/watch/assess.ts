import { wordsOf } from '../../backtest/calibrate.ts'
import { assess, breaksBudget, type DriftChange, observe } from '../../calibrate/assessor.ts'
import { layersOf, scoreOf } from '../../calibrate/calibrate.ts'
import { placeOf, sightingsOf } from '../../calibrate/sightings.ts'
import { budgetFinding } from '../../detect/budget-finding.ts'
import { surprisesOf } from '../../detect/engine.ts'
import { messageOf } from '../../kit/error.ts'
import type { Alert } from '../../model/alert.ts'
import type { BlockBundle } from '../../model/block.ts'
import { atLeast, type Finding } from '../../model/finding.ts'
import type { Hash } from '../../model/hex.ts'
import { findTraffic } from '../../store/traffic.ts'
import { listJudgedAlerts } from '../../store/verdicts.ts'
import type { App, ChainHandle } from '../context.ts'

type Watched = Pick<ChainHandle, 'assessor' | 'engine'>

/** The alert with what it is worth under the chain's calibration. */
export function assessed(alert: Alert, bundle: BlockBundle, { assessor, engine }: Watched): Alert {
  const words = wordsOf(alert.findings)
  const transaction = bundle.transactions.find(({ hash }) => hash === alert.transactionHash)
  const path = transaction === undefined ? [] : (placeOf(transaction, bundle, engine.scope)?.path ?? [])
  const score = scoreOf(assessor.calibration, words)
  return { ...alert, assessment: assess(assessor, { score, layers: layersOf(words), path }) }
}

/**
 * A finding where the series of a detector broke the operator's budget of days between pages: evidence of several points
 * together, where none may be worth a word by itself.
 */
export function budgetFindings({ assessor, engine }: Watched, bundle: BlockBundle): Finding[] {
  const { askedDays } = assessor.calibration.thresholds.page.runLength
  return surprisesOf(engine)
    .filter((newest) => breaksBudget(assessor, { ...newest, at: bundle.timestamp ?? 0 }))
    .map(({ detector, decades }) =>
      budgetFinding(bundle, { detector, decades, askedDays, scope: engine.scope }),
    )
}

/** Counts the block's protected traffic as clean, unless an alarm stands; tells where the drift stage changed. */
export function observeTraffic(
  { assessor, engine }: Watched,
  bundle: BlockBundle,
  alerts: readonly Alert[],
): DriftChange | null {
  if (engine.scope.kind === 'everything') return null
  const scores = new Map<Hash, number>()
  for (const { transactionHash, assessment } of alerts)
    if (transactionHash !== null) scores.set(transactionHash, assessment?.score ?? 0)
  return observe(assessor, {
    timestamp: bundle.timestamp ?? 0,
    sightings: sightingsOf(bundle, engine.scope, scores),
    alarmed: alerts.some(({ severity }) => atLeast(severity, 'medium')),
  })
}

/** What earlier runs of the program counted, and what people found false meanwhile. */
export async function recallTraffic({ store }: App, { chainId, assessor }: ChainHandle): Promise<void> {
  const counted = await findTraffic(store, chainId)
  if (counted !== undefined) Object.assign(assessor.traffic, counted)
  await recallVerdicts(store, { chainId, assessor })
}

/** Alerts that people found harmless count as false alarms from now on; gives back how to stop. */
export function followVerdicts({ store, hub, logger }: App, chain: ChainHandle): () => void {
  return hub.listen((event) => {
    if (event.type !== 'timeline' || event.kind !== 'verdict') return
    recallVerdicts(store, chain).then(
      () => {
        // a person has looked: learning goes on
        chain.assessor.alarmUntil = 0
      },
      (thrown) => logger.warn({ reason: messageOf(thrown) }, 'verdicts could not be read; read at the next'),
    )
  })
}

async function recallVerdicts(
  store: App['store'],
  { chainId, assessor }: Pick<ChainHandle, 'chainId' | 'assessor'>,
): Promise<void> {
  const judged = await listJudgedAlerts(store)
  assessor.traffic.falseAlarms = judged.flatMap(({ verdict, score, ...alert }) =>
    alert.chainId === chainId && verdict !== 'attack' && score !== null ? [score] : [],
  )
}
