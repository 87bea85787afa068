import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { launchAttack } from '../../src/drills/attacks.ts'
import { runTraffic } from '../../src/drills/traffic.ts'
import { attackKinds } from '../../src/model/attack-kind.ts'
import { type DrillRecorder, startDrillRecorder } from '../harness/drill-record.ts'
import { findingsKilledAt } from '../harness/killed.ts'

/*
 * The drill's three attacks with kill -9 of the process before them; at every block in `killed.slow.test.ts`.
 */

let recorder: DrillRecorder
let dir: string
let before: number

beforeAll(async () => {
  recorder = await startDrillRecorder()
  dir = await mkdtemp(join(tmpdir(), 'cordon-killed-'))
  await runTraffic(recorder.drill, recorder.anvil.url, { seed: 1, rounds: 1 })
  before = await recorder.head()
  for (const kind of attackKinds) await launchAttack(recorder.drill, recorder.anvil.url, { kind, rounds: 2 })
})
afterAll(async () => {
  await recorder.stop()
  await rm(dir, { recursive: true, force: true })
})

const criticals = (findings: readonly string[]): string[] =>
  findings.filter((text) => text.includes(' critical '))

describe('killed with SIGKILL before the drill’s three attacks, Cordon finds what it finds without', () => {
  test('younger than finality, from the first block on; once before and once amid the attacks', async () => {
    const { findings } = await findingsKilledAt({ recorder, dir }, [])
    expect(criticals(findings).length).toBeGreaterThanOrEqual(6)
    const killed = await findingsKilledAt({ recorder, dir }, [before, before + 3])
    expect(killed).toEqual({ findings, snapshots: [null, null] })
  })

  test('from the snapshot of a final block, and the blocks after it', async () => {
    const stage = { recorder, dir, chain: { window: 4, snapshotSeconds: 0 } }
    const { findings } = await findingsKilledAt(stage, [])
    const killed = await findingsKilledAt(stage, [before])
    expect(killed.findings).toEqual(findings)
    expect(killed.snapshots).toHaveLength(1)
  })
})
