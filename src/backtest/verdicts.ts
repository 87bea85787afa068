import type { Logger } from '../kit/logger.ts'
import { openDatabase } from '../store/database.ts'
import { listJudgedAlerts } from '../store/verdicts.ts'
import type { JudgedAlert } from './calibrate.ts'

export type VerdictSource = {
  dataDir: string
  env: Readonly<Record<string, string | undefined>>
  logger: Logger
}

/** The recorded alerts that people have judged, drills left out. Throws the errors of the store room. */
export async function readVerdicts(source: VerdictSource): Promise<JudgedAlert[]> {
  const { store, close } = await openDatabase(source)
  try {
    const judged = await listJudgedAlerts(store)
    return judged.map(({ incidentId, transactionHash, verdict, findings }) => ({
      incidentId,
      transactionHash,
      attack: verdict === 'attack',
      findings,
    }))
  } finally {
    await close()
  }
}
