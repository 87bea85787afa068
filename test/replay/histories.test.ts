import { beforeAll, expect, test } from 'vitest'
import { busyContracts } from '../../bench/busy.ts'
import { type History, judgeHistory, readHistories } from '../../bench/history.ts'
import { assess } from '../../src/detect/detectors/invariants/assess.ts'
import { consider, invariants } from '../../src/detect/detectors/invariants/invariants.ts'
import { emptyProtocol } from '../../src/detect/detectors/invariants/model.ts'
import { createEngine, evaluateSettled } from '../../src/detect/engine/engine.ts'
import { blockFacts } from '../../src/facts/facts.ts'
import { bundlesOf, corpus, corpusFiles, describeCorpus } from '../harness/corpus.ts'

const defaults = invariants.options.parse({})

/** Present figures, so that a change for the worse is seen; `node dist/bench/histories.js` prints all. */
describeCorpus('invariants learned from whole histories', () => {
  let histories: History[] = []
  beforeAll(async () => {
    histories = await readHistories(corpus)
  })

  test('each of the five exploits is flagged by what came before it, and no benign transaction', () => {
    const outcomes = histories.map((history) => judgeHistory(history, defaults))
    expect(
      outcomes.map(({ protocol, exploit, exploitsFlagged, strict, published }) => [
        protocol,
        exploit,
        exploitsFlagged,
        strict,
        published,
      ]),
    ).toEqual([
      ['Punk', 'flagged', 1, 0, 0],
      ['Warp', 'flagged', 1, 0, 0],
      ['XCarnival', 'flagged', 16, 0, 0],
      ['DODO', 'flagged', 1, 0, 0],
      ['MonoXFi', 'flagged', 1, 0, 0],
    ])
    expect(outcomes.reduce((sum, { judged }) => sum + judged, 0)).toBeGreaterThan(3_700)
    expect(outcomes.every(({ confidence }) => confidence > 0.9)).toBe(true)
  })

  test('learned from the first 70 % and frozen it is the same', () => {
    const outcomes = histories.map((history) => judgeHistory(history, defaults, 0.7))
    expect(outcomes.map(({ exploit, strict }) => [exploit, strict])).toEqual(
      histories.map(() => ['flagged', 0]),
    )
  })

  test('the model says that thirty transactions of Punk are too few, and that senders were not recorded', () => {
    const [punk] = histories
    const protocol = emptyProtocol('Punk', punk?.label.contracts ?? [])
    for (const { seen } of punk?.items.slice(0, 30) ?? [])
      if (seen !== null) consider(seen, protocol, { options: defaults })
    const found = assess(protocol, defaults)
    expect(found.support.step.kind).toBe('too-weak')
    expect(found.missing.map(({ field }) => field)).toEqual(
      expect.arrayContaining(['senders', 'values', 'gas', 'tokens']),
    )
  })

  test('the detector in the engine says what the benchmark counts', async () => {
    for (const { label } of histories.slice(0, 3)) {
      const engine = createEngine({
        detectors: [invariants],
        scope: { kind: 'contracts', addresses: new Set(label.contracts) },
      })
      const path = corpusFiles('histories', '.ndjson.gz').find(({ name }) =>
        label.file.startsWith(name),
      )?.path
      const findings = []
      for (const bundle of await bundlesOf(path ?? ''))
        findings.push(...evaluateSettled(engine, blockFacts(bundle)))
      expect(findings.map(({ transactionHash }) => transactionHash)).toEqual(label.exploitTransactions)
    }
  })

  test('busy contracts among bots, learned from 14 blocks without storage: 7 of 1,659 transactions are told', async () => {
    const [row] = await busyContracts(defaults, 40)
    expect(row?.['told, %']).toMatch(/^7\/1659 /)
  })
})
