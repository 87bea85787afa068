import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readHistories } from '../../bench/history.ts'
import { blockFacts } from '../../src/facts/facts.ts'
import type { BlockFacts } from '../../src/model/fact.ts'
import { attackLabels, bundlesOf, corpus, corpusFiles, describeCorpus } from '../harness/corpus.ts'
import { everything } from '../harness/detect.ts'
import { engineFor, expectSameAtEachCut } from '../harness/restart.ts'

/** Blocks of a folder as one chain: renumbered, so that they follow on one another. */
async function chained(folder: string, ending: string): Promise<BlockFacts[]> {
  const all = await Promise.all(corpusFiles(folder, ending).map(({ path }) => bundlesOf(path)))
  return all
    .flat()
    .map((bundle, i) => blockFacts({ ...bundle, number: i + 1, timestamp: 1_700_000_000 + 12 * i }))
}

const spread = (length: number, count: number): number[] =>
  Array.from({ length: count }, (_, i) => Math.floor((length * (i + 1)) / (count + 1)))

describeCorpus('restart equals no restart on recorded blocks', () => {
  test('all recorded attacks in a row, everything watched, cut before each', async () => {
    const blocks = await chained('attacks', '.ndjson')
    const told = await expectSameAtEachCut(
      blocks,
      blocks.map((_, i) => i),
      () => engineFor(everything),
    )
    expect(told.filter(({ findings }) => findings.length > 0).length).toBeGreaterThan(10)
  })

  test('all recorded attacks in a row, the robbed contracts protected, cut before each', async () => {
    const blocks = await chained('attacks', '.ndjson')
    const addresses = new Set(attackLabels().flatMap(({ vulnerableContracts }) => vulnerableContracts))
    const told = await expectSameAtEachCut(
      blocks,
      blocks.map((_, i) => i),
      () => engineFor({ kind: 'contracts', addresses }),
    )
    expect(told.filter(({ findings }) => findings.length > 0).length).toBeGreaterThan(10)
  })

  test('whole blocks with arbitrage, sandwiches and liquidations, cut before each', async () => {
    const blocks = [...(await chained('mev', '.ndjson.gz')), ...(await chained('blocks', '.ndjson.gz'))]
    await expectSameAtEachCut(
      blocks,
      blocks.map((_, i) => i),
      () => engineFor(everything),
    )
  })

  test('the histories of five robbed protocols, cut at nine blocks each', async () => {
    for (const { label } of await readHistories(corpus)) {
      const blocks = (await bundlesOf(join(corpus, 'histories', label.file))).map((it) => blockFacts(it))
      const addresses = new Set(label.contracts)
      const told = await expectSameAtEachCut(blocks, spread(blocks.length, 9), () =>
        engineFor({ kind: 'contracts', addresses }),
      )
      expect(told.some(({ findings }) => findings.length > 0)).toBe(true)
    }
  }, 600_000)
})
