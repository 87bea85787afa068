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

/** Where drills live: a folder and a database of their own, so that no run of a drill is taken up by who watches. */
export type DrillHome = Database & { dataDir: string; env: Env }

/**
 * Opens the drills' own database: `CORDON_DRILL_DATABASE_URL` where it is set, else an embedded one in `drills/` of the
 * data folder. `DATABASE_URL` is never used. Throws what the store room throws.
 */
export async function openDrillHome({ dataDir, env, logger }: DrillHomeOptions): Promise<DrillHome> {
  const own = { ...env, DATABASE_URL: env['CORDON_DRILL_DATABASE_URL'] }
  const folder = resolve(dataDir, 'drills')
  const database = await openDatabase({ dataDir: folder, env: own, logger })
  return { ...database, dataDir: folder, env: own }
}

/**
 * Does `act` while no other drill goes on here. What a drill that was broken off has left waiting is over first, and after:
 * nobody is asked about it again. Throws `drill.Busy`.
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
      const message = `The drill was called off: playbook ${run.playbookId} goes no further.`
      await note({ store: tx, clock }, { incidentId: run.incidentId, kind: 'run', message })
    })
  }
}

/** Writes a file whole or not at all, into the drills' folder; gives its path. */
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
    message: 'Another drill goes on here.',
    facts: { dataDir },
    fix: 'Wait until it has ended: one drill at a time, or nobody knows which one they are called for.',
    retryable: true,
  })
}
