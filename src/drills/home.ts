import { mkdir, rename, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { note } from '../incidents/context.ts'
import type { Clock } from '../kit/clock.ts'
import { CordonError } from '../kit/error.ts'
import type { Logger } from '../kit/logger.ts'
import type { Env } from '../kit/secret.ts'
import type { Database } from '../store/database.ts'
import { openDatabase } from '../store/database.ts'
import { holdLock } from '../store/locks.ts'
import { endRun, findRun, listUnfinishedRuns } from '../store/runs.ts'
import { transaction } from '../store/store.ts'

export type DrillHomeOptions = {
  /** The data folder of the configuration. */
  dataDir: string
  env: Env
  logger: Logger
}

/** The location of drills: their own folder and database, so that the watcher takes up no run of a drill. */
export type DrillHome = Database & { dataDir: string; env: Env }

/**
 * Opens the drills' own database: `CORDON_DRILL_DATABASE_URL` if it is set, otherwise an embedded one in `drills/` of
 * the data folder. `DATABASE_URL` is never used. Throws the errors of the store room.
 */
export async function openDrillHome({ dataDir, env, logger }: DrillHomeOptions): Promise<DrillHome> {
  const own = { ...env, DATABASE_URL: env['CORDON_DRILL_DATABASE_URL'] }
  const folder = resolve(dataDir, 'drills')
  const database = await openDatabase({ dataDir: folder, env: own, logger })
  return { ...database, dataDir: folder, env: own }
}

/**
 * Runs `act` while no other drill runs here. Before and after, ends the open requests of an aborted drill: nobody is
 * asked about it again. Throws `drill.Busy`.
 */
export async function alone<T>(home: DrillHome, clock: Clock, act: () => Promise<T>): Promise<T> {
  const lock = await holdLock(home.store, 'drill')
  if (lock === undefined) throw busy(home.dataDir)
  try {
    await breakOff(home, clock)
    return await act()
  } finally {
    await breakOff(home, clock).finally(() => lock.release())
  }
}

async function breakOff({ store }: DrillHome, clock: Clock): Promise<void> {
  for (const id of await listUnfinishedRuns(store)) {
    const run = await findRun(store, id)
    if (run === undefined) continue
    await transaction(store, async (tx) => {
      if (!(await endRun(tx, id, { state: 'failed', endedAt: clock.now() }))) return
      const message = `The drill was cancelled: playbook ${run.playbookId} stops here.`
      await note({ store: tx, clock }, { incidentId: run.incidentId, kind: 'run', message })
    })
  }
}

/** Writes a file completely or not at all, into the drills' folder; returns its path. */
export async function writeDrillFile(dataDir: string, name: string, text: string): Promise<string> {
  const file = join(dataDir, name)
  await mkdir(dataDir, { recursive: true })
  await writeFile(`${file}.new`, text, { mode: 0o600 })
  await rename(`${file}.new`, file)
  return file
}

function busy(dataDir: string): CordonError {
  return new CordonError({
    code: 'drill.Busy',
    message: 'Another drill is running here.',
    facts: { dataDir },
    fix: 'Wait until it ends. Only one drill runs at a time, so people know which drill pages them.',
    retryable: true,
  })
}
