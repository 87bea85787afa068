import { expect } from 'vitest'
import { createEngine, type Engine, evaluateSettled, surprisesOf } from '../../src/detect/engine/engine.ts'
import { restoreSnapshots, settle, snapshotsOf } from '../../src/detect/engine/snapshot.ts'
import { detectors } from '../../src/detect/registry.ts'
import type { Scope } from '../../src/model/detector.ts'
import type { BlockFacts } from '../../src/model/fact.ts'
import type { Finding } from '../../src/model/finding.ts'
import { bytesOf, packBytes, unpackState } from '../../src/respond/watch/state-bytes.ts'

export type Judged = { findings: Finding[]; surprises: ReturnType<typeof surprisesOf> }

/** An engine of all detectors, as in the program. */
export function engineFor(scope: Scope, options: Readonly<Record<string, unknown>> = {}): Engine {
  return createEngine({ detectors, scope, options })
}

/** The findings about a block, with the output of the detectors' series. */
export function judge(engine: Engine, facts: BlockFacts): Judged {
  const findings = evaluateSettled(engine, facts)
  return { findings, surprises: surprisesOf(engine) }
}

/** Gives another engine the data that one run of the program leaves to the next: its checkpoint, as bytes. */
export async function throughBytes(from: Engine, to: Engine): Promise<void> {
  const kept = snapshotsOf(from).map(async ({ state, ...rest }) => ({
    ...rest,
    state: await unpackState(await packBytes(bytesOf(state))),
  }))
  expect(restoreSnapshots(to, await Promise.all(kept))).toEqual([])
}

/**
 * Judges the blocks without a cut and once for each cut, at which a new engine continues from the old one's state; all
 * results must be the same. Returns the result without a cut.
 */
export async function expectSameAtEachCut(
  blocks: readonly BlockFacts[],
  cuts: readonly number[],
  fresh: () => Engine,
): Promise<Judged[]> {
  const whole = fresh()
  const expected = blocks.map((facts) => judge(whole, facts))
  for (const cut of cuts) {
    const [before, after] = [fresh(), fresh()]
    for (const facts of blocks.slice(0, cut)) judge(before, facts)
    settle(before)
    await throughBytes(before, after)
    expect(blocks.slice(cut).map((facts) => judge(after, facts))).toEqual(expected.slice(cut))
    expect(after.cells.map(({ state }) => state)).toEqual(whole.cells.map(({ state }) => state))
  }
  return expected
}
