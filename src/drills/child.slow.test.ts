import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { freshDatabase, sqlOn } from '../../test/harness/postgres.ts'
import { silentLogger } from '../kit/logger.ts'
import { closeStore, openStore } from '../store/store.ts'
import { runDrillChild } from './child.ts'
import type { DrillEntry } from './schedule.ts'

test('a scheduled drill is a process of its own, with a database of its own, and its result comes back', async () => {
  const watching = await freshDatabase()
  await closeStore(await openStore({ url: watching.url, logger: silentLogger }))
  const folder = await mkdtemp(join(tmpdir(), 'cordon-child-'))
  const own = await freshDatabase()
  try {
    const env = {
      ...{ PATH: process.env['PATH'] ?? '', TZ: 'UTC', CORDON_DRILL_DATABASE_URL: own.url },
      DATABASE_URL: watching.url,
    }
    const program = resolve('.cordon/test-build/src/cli/main.js')
    const entry: DrillEntry = {
      every: '1d',
      attack: 'reentrancy',
      people: 'none',
      mempool: false,
      standing: true,
      pace: 60,
    }
    const given = { program, dataDir: '.cordon', cwd: folder, env }
    const end = await runDrillChild(entry, given, new AbortController().signal)
    expect(end).toMatchObject({ passed: true })
    expect(end.detail).toMatch(/^drill-\d{8}-[0-9a-f]{8}: contained, \d of 5 points met$/)
    expect(await sqlOn(own.url, 'SELECT id FROM drills')).toHaveLength(1)
    expect(await sqlOn(watching.url, 'SELECT id FROM incidents'), 'who watches has nothing of it').toEqual([])
  } finally {
    await own.drop()
    await watching.drop()
    await rm(folder, { recursive: true, force: true })
  }
})
