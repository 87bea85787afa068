import { beforeAll, expect, test } from 'vitest'
import { busyContracts } from '../../bench/busy.ts'
import { type History, judgeHistory, judgeItems, readHistories } from '../../bench/history.ts'
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

  test('each of the five exploits is flagged by what came before it, and one benign transaction of 3,935', () => {
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
      ['XCarnival', 'flagged', 16, 1, 0],
      ['DODO', 'flagged', 1, 0, 0],
      ['MonoXFi', 'flagged', 1, 0, 0],
    ])
    expect(outcomes.reduce((sum, { benign }) => sum + benign, 0)).toBe(3_935)
    expect(outcomes.reduce((sum, { early }) => sum + early, 0)).toBe(0)
    expect(outcomes.every(({ confidence }) => confidence > 0.9)).toBe(true)
  })

  test('thirty transactions before it are enough for each exploit, ten for four of them', () => {
    const flaggedAfter = (length: number): number =>
      histories.filter(({ label, items }) => {
        const exploits = new Set<string>(label.exploitTransactions)
        const at = items.findIndex(({ hash }) => hash === label.primaryExploitTransaction)
        const past = items.slice(0, at).filter(({ hash, seen }) => !exploits.has(hash) && seen !== null)
        const protocol = emptyProtocol(label.protocol, label.contracts)
        const short = [...past.slice(-length), ...items.slice(at, at + 1)]
        return judgeItems(short, protocol, () => defaults).at(-1)?.verdict?.kind === 'flagged'
      }).length
    expect([10, 30].map(flaggedAfter)).toEqual([4, 5])
  })

  test('learned from the first 70 % and frozen each is flagged, and one benign transaction of 1,169', () => {
    const outcomes = histories.map((history) => judgeHistory(history, defaults, 0.7))
    expect(outcomes.map(({ exploit }) => exploit)).toEqual(histories.map(() => 'flagged'))
    expect(outcomes.reduce((sum, { strict }) => sum + strict, 0)).toBe(1)
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
    for (const history of histories.slice(0, 3)) {
      const { label } = history
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
      const alarms = findings.map(({ transactionHash }) => transactionHash ?? '')
      expect(alarms).toEqual(expect.arrayContaining([...label.exploitTransactions]))
      expect(alarms.length - label.exploitTransactions.length).toBe(judgeHistory(history, defaults).strict)
    }
  })

  test('busy contracts among bots, learned from 14 blocks without storage: 4 of 1,659 transactions are told', async () => {
    const [row] = await busyContracts(defaults, 40)
    expect(row?.['told, %']).toMatch(/^4\/1659 /)
  })
})
