import { expect, test } from 'vitest'
import { investigateTransactions } from '../../src/investigate/investigate.ts'
import { toJson } from '../../src/kit/json.ts'
import { isRightCategory } from '../../src/model/category.ts'
import { type Investigation, investigationSchema } from '../../src/model/investigation.ts'
import {
  type AttackLabel,
  attackFile,
  attackLabels,
  bundlesOf,
  corpusFiles,
  describeCorpus,
} from '../harness/corpus.ts'

const investigated = (source: string, hashes: readonly string[] = []): Promise<Investigation> =>
  investigateTransactions({ source, hashes, scope: { kind: 'everything' }, full: false })

describeCorpus('investigations of recorded attacks', () => {
  const labels = attackLabels()
  const all = async <T>(of: (found: Investigation, label: AttackLabel) => T): Promise<T[]> => {
    const results: T[] = []
    for (const label of labels)
      results.push(of(await investigated(attackFile(label.id), label.transactions), label))
    return results
  }

  test('cause, vulnerable contract and attacker are named as the labels have them, for most', async () => {
    const right = await all((found, { tags, vulnerableContracts, attackerContract }) => ({
      cause: isRightCategory([found.rootCause.category], tags),
      vulnerable: found.victims.slice(0, 2).some(({ address }) => vulnerableContracts.includes(address)),
      attacker: found.attackers.contracts.some((address) => address === attackerContract),
    }))
    const count = (fits: (one: (typeof right)[number]) => boolean): number => right.filter(fits).length
    expect(count(({ cause }) => cause)).toBeGreaterThanOrEqual(14)
    expect(count(({ vulnerable }) => vulnerable)).toBeGreaterThanOrEqual(14)
    expect(count(({ attacker }) => attacker)).toBe(labels.length)
  })

  test('what each asset loses here it gains there, but for what was minted and burned', async () => {
    const residues = await all(({ balanceChanges, issued }) => {
      const sums = new Map<string, bigint>()
      const add = (asset: string, tokenId: bigint | null, amount: bigint): void => {
        const key = `${asset}/${tokenId ?? ''}`
        sums.set(key, (sums.get(key) ?? 0n) + amount)
      }
      for (const { asset, tokenId, amount } of balanceChanges) add(asset, tokenId, amount)
      for (const { asset, tokenId, amount } of issued) add(asset, tokenId, -amount)
      return [...sums].filter(([, sum]) => sum !== 0n)
    })
    expect(residues.flat()).toEqual([])
  })

  test('the JSON is what the schema says', async () => {
    await all((found) => investigationSchema.parse(JSON.parse(toJson(found))))
  })
})

describeCorpus('investigations of ordinary transactions', () => {
  test('of honest traffic nothing is claimed for sure', async () => {
    const [file] = corpusFiles('blocks', '.ndjson.gz')
    if (file === undefined) return
    const [bundle] = await bundlesOf(file.path)
    const hashes = (bundle?.transactions ?? []).slice(0, 5).map(({ hash }) => hash)
    for (const hash of hashes) {
      const { rootCause } = await investigated(file.path, [hash])
      expect(rootCause.confidence).toBeLessThan(0.6)
    }
  })
})
