import { systemClock } from '../../kit/clock.ts'
import { toJson } from '../../kit/json.ts'
import type { DrillReport } from '../../model/drill.ts'
import { drillReport } from '../../reports/drill-report.ts'
import { insertDrill } from '../../store/drills.ts'
import { alone, type DrillHome, writeDrillFile } from './home.ts'
import { type Drilled, measureDrill } from './measure.ts'
import type { DrillOptions, RunningDrill } from './run.ts'
import { runDrill } from './run.ts'

export type PracticeOptions = Omit<DrillOptions, 'dataDir' | 'env' | 'apiPort' | 'respond'> & {
  home: DrillHome
}

export type Practice = { report: DrillReport; markdown: string; file: string }

/**
 * A whole drill on a chain of its own, measured, scored and kept. Everything is stopped at the end.
 * Throws `drill.Busy` and what the parts throw.
 */
export async function practise(options: PracticeOptions): Promise<Practice> {
  const { home } = options
  return alone(home, systemClock, async () => {
    const { dataDir, env } = home
    const drilled = await runDrill({ ...options, dataDir, env, apiPort: 0, respond: true })
    try {
      return await keepDrill(home, drilled.running.app.config, drilledOf(options, drilled))
    } finally {
      await drilled.stop()
    }
  })
}

/** Measures a drill, keeps it in the database and as files. */
export async function keepDrill(
  home: DrillHome,
  config: Parameters<typeof measureDrill>[0]['config'],
  drilled: Drilled,
): Promise<Practice> {
  const report = await measureDrill({ store: home.store, clock: systemClock, config }, drilled)
  await insertDrill(home.store, report)
  const markdown = drillReport(report)
  await writeDrillFile(home.dataDir, `${report.id}.json`, `${toJson(report, 2)}\n`)
  const file = await writeDrillFile(home.dataDir, `${report.id}.md`, markdown)
  return { report, markdown, file }
}

function drilledOf(options: PracticeOptions, { outcome, deployment }: RunningDrill): Drilled {
  const { people, pace, blockSeconds, mempool, standing, seed } = options
  const { attack, startedAt, endedAt, incident, run, funds, attackTransactions } = outcome
  return {
    ...{ attack, startedAt, endedAt, incident, run, funds, attackTransactions },
    ...{ people, pace: people === 'played' ? pace : 1, blockSeconds, mempool, standing, seed },
    where: { kind: 'embedded', chainId: deployment.chainId },
    notes: [],
  }
}
