import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { launchAttack } from '../../src/drills/attacks.ts'
import { runTraffic } from '../../src/drills/traffic.ts'
import { blockFacts } from '../../src/facts/facts.ts'
import { type AttackKind, attackKinds } from '../../src/model/attack-kind.ts'
import type { BlockFacts } from '../../src/model/fact.ts'
import { type DrillRecorder, startDrillRecorder } from '../harness/drill-record.ts'
import { engineFor, expectSameAtEachCut, judge } from '../harness/restart.ts'

let recorder: DrillRecorder

beforeAll(async () => {
  recorder = await startDrillRecorder()
  await runTraffic(recorder.drill, recorder.anvil.url, { seed: 1, rounds: 1 })
})
afterAll(() => recorder.stop())

/** The drill from its first block to the end of an attack. */
async function drillWith(kind: AttackKind): Promise<BlockFacts[]> {
  const snapshot = await recorder.snapshot()
  try {
    await launchAttack(recorder.drill, recorder.anvil.url, { kind })
    return (await recorder.record(0)).map((bundle) => blockFacts(bundle))
  } finally {
    await recorder.revert(snapshot)
  }
}

describe.each(attackKinds)('the drill’s %s attack', (kind) => {
  test('cut at every block, restored from bytes, it is told as without a cut', async () => {
    const blocks = await drillWith(kind)
    const everyCut = blocks.map((_, i) => i)
    const told = await expectSameAtEachCut(blocks, everyCut, () => engineFor(recorder.scope))
    const severities = told.flatMap(({ findings }) => findings.map(({ severity }) => severity))
    expect(severities).toContain('critical')
  })
})

test('the option attack cannot be told by an engine that forgot: the states are what tells it', async () => {
  const blocks = await drillWith('option')
  const whole = engineFor(recorder.scope)
  const first = blocks.findIndex((facts) =>
    judge(whole, facts).findings.some(({ severity }) => severity === 'critical'),
  )
  const forgetful = engineFor(recorder.scope)
  const told = blocks.slice(first).flatMap((facts) => judge(forgetful, facts).findings)
  expect(told.filter(({ severity }) => severity === 'critical')).toEqual([])
})
