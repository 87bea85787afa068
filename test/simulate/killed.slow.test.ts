import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { launchAttack } from '../../src/drills/attacks.ts'
import { runTraffic } from '../../src/drills/traffic.ts'
import { attackKinds } from '../../src/model/attack-kind.ts'
import { type DrillRecorder, startDrillRecorder } from '../harness/drill-record.ts'
import { findingsKilledAt } from '../harness/killed.ts'

/** The drill's three attacks, each on a chain of its own, with kill -9 at every block before and in it. */
describe.each(attackKinds)('the drill’s %s attack', (kind) => {
  let recorder: DrillRecorder
  let dir: string
  beforeAll(async () => {
    recorder = await startDrillRecorder()
    dir = await mkdtemp(join(tmpdir(), 'cordon-killed-'))
    await runTraffic(recorder.drill, recorder.anvil.url, { seed: 1, rounds: 1 })
    await launchAttack(recorder.drill, recorder.anvil.url, { kind, rounds: 3 })
  })
  afterAll(async () => {
    await recorder.stop()
    await rm(dir, { recursive: true, force: true })
  })

  test.each([
    ['from the first block on', {}],
    ['from the snapshot of a final block', { window: 4, snapshotSeconds: 0 }],
  ])(
    'killed at each block by itself, %s, Cordon finds what it finds without',
    async (_name, chain) => {
      const stage = { recorder, dir, chain }
      const { findings } = await findingsKilledAt(stage, [])
      expect(findings.some((text) => text.includes(' critical '))).toBe(true)
      const last = await recorder.head()
      for (let block = recorder.drill.firstBlock; block < last; block++)
        expect((await findingsKilledAt(stage, [block])).findings, `killed at block ${block}`).toEqual(
          findings,
        )
    },
    1_200_000,
  )

  test('killed at every block, again and again, Cordon finds what it finds without', async () => {
    const stage = { recorder, dir, chain: { window: 4, snapshotSeconds: 0 } }
    const { findings } = await findingsKilledAt(stage, [])
    const every = Array.from(
      { length: (await recorder.head()) - recorder.drill.firstBlock },
      (_, i) => recorder.drill.firstBlock + i,
    )
    expect((await findingsKilledAt(stage, every)).findings).toEqual(findings)
  }, 1_200_000)
})
