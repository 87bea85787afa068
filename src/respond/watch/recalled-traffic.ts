import { messageOf } from '../../kit/error.ts'
import { findTraffic } from '../../store/traffic.ts'
import { listJudgedAlerts } from '../../store/verdicts.ts'
import type { App, ChainHandle } from '../context.ts'

/** The counts of earlier runs of the program, and the alerts that people marked as false meanwhile. */
export async function recallTraffic({ store }: App, { chainId, assessor }: ChainHandle): Promise<void> {
  const counted = await findTraffic(store, chainId)
  if (counted !== undefined) Object.assign(assessor.traffic, counted)
  await recallVerdicts(store, { chainId, assessor })
}

/** Counts alerts that people found harmless as false alarms from now on; returns a function that stops following. */
export function followVerdicts({ store, hub, logger }: App, chain: ChainHandle): () => void {
  return hub.listen((event) => {
    if (event.type !== 'timeline' || event.kind !== 'verdict') return
    recallVerdicts(store, chain).then(
      () => {
        // a person has checked: learning continues
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
