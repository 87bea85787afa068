import { expect, test } from 'vitest'
import { blockFacts } from '../../src/facts/facts.ts'
import { NOTHING_KNOWN, partRecord } from '../../src/forensics/actors/known.ts'
import { investigate } from '../../src/forensics/investigate.ts'
import { withKnown } from '../../src/forensics/with-known.ts'
import { bundlesOf, corpusFiles, describeCorpus } from '../harness/corpus.ts'

/** Shorter ones pay or call once: there is no part to play in them. */
const LEAST_FRAMES = 5

describeCorpus('actors of ordinary transactions', () => {
  test('of honest traffic and searchers nobody is a white hat or a copier, and few are accomplices', async () => {
    const count = { investigated: 0, 'white-hat': 0, copier: 0, accomplice: 0 }
    for (const { path } of [...corpusFiles('blocks', '.ndjson.gz'), ...corpusFiles('mev', '.ndjson.gz')]) {
      const record = (await bundlesOf(path)).map(blockFacts)
      for (const facts of record)
        for (const tx of facts.transactions) {
          if (tx.transaction.frames.length < LEAST_FRAMES) continue
          const hashes = new Set([tx.transaction.hash])
          const suspects = [{ facts, tx, findings: [], blind: [] }]
          const names = { names: new Map(), functions: new Map() }
          const alone = investigate({ suspects, protect: new Set(), full: false, ...names })
          const parts = partRecord(record, { hashes, chainId: facts.bundle.chainId })
          const { actors } = withKnown(alone, { suspects, known: { ...NOTHING_KNOWN, ...parts } })
          const roles = new Set(actors.map(({ role }) => role))
          count.investigated++
          for (const role of ['white-hat', 'copier', 'accomplice'] as const)
            if (roles.has(role)) count[role]++
        }
    }
    expect(count).toMatchObject({ 'white-hat': 0, copier: 0 })
    // measured: 13 of 700, each paid directly by the sender’s own contract
    expect(count.accomplice / count.investigated).toBeLessThan(0.03)
  })
})
