import { systemClock } from '../kit/clock.ts'
import { toJson } from '../kit/json.ts'
import type { DrillReport, DrillWhere } from '../model/drill.ts'
import { insertDrill } from '../store/drills.ts'
import { type Fork, type ForkOptions, openFork } from './fork.ts'
import { alone, type DrillHome, writeDrillFile } from './home.ts'
import { type Drilled, measureDrill } from './measure.ts'
import { runReplay } from './replay.ts'
import { drillReport } from './report.ts'
import type { DrillOptions, DrillOutcome } from './run.ts'
import { runDrill } from './run.ts'

export type PracticeOptions = Omit<DrillOptions, 'dataDir' | 'env' | 'apiPort' | 'respond' | 'fork'> & {
  home: DrillHome
  /** A fork of a real chain instead of the drill's own chain. */
  on?: Pick<ForkOptions, 'config' | 'forkUrl' | 'replay'> | undefined
}

export type Practice = { report: DrillReport; markdown: string; file: string }

/**
 * A whole drill on its own chain or on a fork, measured, scored and stored. Everything is stopped at the end. Throws
 * `drill.Busy` and the errors of the parts.
 */
export async function practise(options: PracticeOptions): Promise<Practice> {
  const { home, on } = options
  return alone(home, systemClock, async () => {
    if (on === undefined) return scene(options)
    const fork = await openFork({ ...options, ...on, env: home.env })
    try {
      return await (fork.attack === null ? scene(options, fork) : replayed(options, fork))
    } finally {
      await fork.anvil.stop()
    }
  })
}

async function scene(options: PracticeOptions, fork?: Fork): Promise<Practice> {
  const { dataDir, env } = options.home
  const drilled = await runDrill({ ...options, fork, dataDir, env, apiPort: 0, respond: true })
  try {
    const where = fork === undefined ? embedded(drilled.deployment.chainId) : whereOf(fork)
    return await keepDrill(options, drilled.running.app.config, {
      where,
      outcome: drilled.outcome,
      notes: fork?.notes ?? [],
    })
  } finally {
    await drilled.stop()
  }
}

async function replayed(options: PracticeOptions, fork: Fork): Promise<Practice> {
  const { dataDir, env } = options.home
  const outcome = await runReplay({ ...options, fork, dataDir, env, respond: true })
  const notes = [
    ...fork.notes,
    'The recorded transaction is replayed alone, on the state at the end of the block before, without the transactions before it in its own block.',
  ]
  return keepDrill(options, fork.config, { where: whereOf(fork), outcome, notes })
}

function embedded(chainId: number): DrillWhere {
  return { kind: 'embedded', chainId }
}

function whereOf({ chainId, forkOf, forkBlock, attack }: Fork): DrillWhere {
  return { kind: 'fork', chainId, forkOf, forkBlock, replayed: attack?.hash ?? null }
}

type Went = { where: DrillWhere; outcome: DrillOutcome; notes: readonly string[] }

/** Measures a drill, stores it in the database and as files. */
async function keepDrill(
  options: PracticeOptions,
  config: Parameters<typeof measureDrill>[0]['config'],
  went: Went,
): Promise<Practice> {
  const { home } = options
  const report = await measureDrill(
    { store: home.store, clock: systemClock, config },
    drilledOf(options, went),
  )
  await insertDrill(home.store, report)
  const markdown = drillReport(report)
  await writeDrillFile(home.dataDir, `${report.id}.json`, `${toJson(report, 2)}\n`)
  const file = await writeDrillFile(home.dataDir, `${report.id}.md`, markdown)
  return { report, markdown, file }
}

function drilledOf(options: PracticeOptions, { where, outcome, notes }: Went): Drilled {
  const { people, pace, blockSeconds, mempool, standing, seed } = options
  const { contained: _, containedAfterMs: __, ...went } = outcome
  const paced = people === 'played' ? pace : 1
  return { ...went, people, pace: paced, blockSeconds, mempool, standing, seed, where, notes }
}
