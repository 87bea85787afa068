import { readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import type { Act } from '../../../test/harness/acts.ts'
import { address, call, data, hashOf, pay, view, word } from '../../../test/harness/build.ts'
import { corpus, corpusJson, describeCorpus } from '../../../test/harness/corpus.ts'
import { quiet, writeHistory } from '../../../test/harness/histories.ts'
import { attackLabel } from '../../../test/harness/judged.ts'
import { treesSchema } from '../../detect/detectors/economics/trees.ts'
import { labelsSchema } from '../../model/label.ts'
import { FALLS, RISES } from './continue-from.ts'
import { type RetrainOptions, retrain } from './retrain.ts'
import { describeRetrained } from './retrain-text.ts'

const [coin, vault, tool, thief] = ['coin', 'vault', 'tool', 'thief'].map(address) as [
  `0x${string}`,
  `0x${string}`,
  `0x${string}`,
  `0x${string}`,
]

/** A vault that had 1,000 pays some of them to a stranger's tool, which passes them on. */
const payout = (amount: bigint): Act => ({
  from: thief,
  root: call(
    tool,
    { input: '0x01020304' },
    call(
      vault,
      { input: '0x05060708' },
      view(coin, data('0x70a08231', vault), `0x${word(1_000n)}`),
      pay(coin, { from: vault, to: tool, amount }),
    ),
    pay(coin, { from: tool, to: thief, amount }),
  ),
})

const COUNT = 15
const QUIET = 25
const labels = Array.from({ length: COUNT }, (_, i) =>
  attackLabel(`attack ${i}`, { transactions: [hashOf(`attack ${i}`)] }),
)

let dir: string
let options: RetrainOptions

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'cordon-retrain-'))
  // the present model is undecided about everything
  const model = join(dir, 'present.json')
  await writeFile(
    model,
    JSON.stringify({ version: 1, features: ['largest part lost', 'transfers'], trees: [[[0.4]]] }),
  )
  const files = await Promise.all(
    labels.map((_, i) =>
      writeHistory(join(dir, `${i}.ndjson`), [
        { number: 1, transactions: [{ name: `attack ${i}`, ...payout(900n + BigInt(i)) }] },
        { number: 2, transactions: [{ name: `payout ${i}`, ...payout(300n + BigInt(i)) }] },
        {
          number: 3,
          transactions: Array.from({ length: QUIET }, (_, k) => ({ name: `quiet ${i} ${k}`, ...quiet })),
        },
      ]),
    ),
  )
  options = {
    files,
    labels,
    verdicts: [],
    detectors: { economics: { model } },
    out: null,
    progress: () => {},
    signal: new AbortController().signal,
  }
  return () => rm(dir, { recursive: true, force: true })
})

describe('retraining', () => {
  test('learns what the attacks of its user have in common, judged on files that were held out', async () => {
    const { comparisons, better, split } = await retrain(options)
    expect(split).toEqual({ by: 'files', folds: 5 })
    const [page] = comparisons
    expect(page?.recall).toMatchObject({
      before: { successes: 0, n: COUNT },
      after: { successes: COUNT },
      lost: 0,
    })
    expect(page?.simple).toMatchObject({
      before: { successes: 0 },
      after: { successes: 0, n: COUNT * (QUIET + 1) },
    })
    expect(better).toBe(true)
  })

  test('keeps the trees of the present model, writes a valid one, and the same one again', async () => {
    const [one, two] = [join(dir, 'one.json'), join(dir, 'two.json')]
    const { trees } = await retrain({ ...options, out: one })
    await retrain({ ...options, out: two })
    const written = treesSchema.parse(JSON.parse(readFileSync(one, 'utf8')))
    expect(written.trees[0]).toEqual([[0.4]])
    expect(written.trees).toHaveLength(trees.after)
    expect(readFileSync(two, 'utf8')).toBe(readFileSync(one, 'utf8'))
  })

  test('writes nothing unless a file is named, and says how to write and how to use it', async () => {
    const before = readdirSync(dir)
    expect(describeRetrained(await retrain(options)).join('\n')).toContain('nothing written (give --write)')
    expect(readdirSync(dir)).toEqual(before)
    const lines = describeRetrained(await retrain({ ...options, out: join(dir, 'new.json') })).join('\n')
    expect(lines).toContain("detectors: { economics: { model: '")
  })

  test('a verdict on an incident counts like a label, and a false alarm like an attack', async () => {
    const verdicts = labels.map(({ id, transactions }) => ({
      incidentId: id,
      transactionHash: transactions[0] ?? '',
      attack: true,
      findings: [],
    }))
    const falseAlarm = {
      incidentId: 'false',
      transactionHash: hashOf('payout 3'),
      attack: false,
      findings: [],
    }
    const { attacks, benign } = await retrain({ ...options, labels: [], verdicts: [...verdicts, falseAlarm] })
    expect({ attacks, judged: benign.judged }).toEqual({
      attacks: { cases: COUNT, scored: COUNT },
      judged: 1,
    })
  })

  test('refuses where there are too few attacks to say anything, with the numbers that are needed', async () => {
    await expect(retrain({ ...options, labels: labels.slice(0, 9) })).rejects.toMatchObject({
      code: 'app.TooFewToTrain',
      facts: { counted: { attacksHeldOut: 9 }, needed: { attacksToLearnFrom: 10, benignHeldOut: 368 } },
    })
    await expect(retrain({ ...options, files: [] })).rejects.toMatchObject({
      code: 'app.TooFewToTrain',
      facts: { labelledButNotInTheFiles: COUNT },
    })
  })

  test('by time, what is before the moment is learned from and not counted', async () => {
    const split = { ...options, trainBefore: { kind: 'block', block: 2 } as const }
    await expect(retrain(split)).rejects.toMatchObject({
      code: 'app.TooFewToTrain',
      facts: { counted: { attacksToLearnFrom: COUNT, benignToLearnFrom: 0, attacksHeldOut: 0 } },
    })
  })
})

test('the constraints are those that the shipped score was trained with', () => {
  const listed = (name: string): string[] => {
    const [, body = ''] =
      new RegExp(`${name} = \\{([^}]*)\\}`).exec(readFileSync('train/train.py', 'utf8')) ?? []
    return [...body.matchAll(/"([^"]+)"/g)].map(([, feature = '']) => feature).sort()
  }
  expect([...RISES].sort()).toEqual(listed('RISES'))
  expect([...FALLS].sort()).toEqual(listed('FALLS'))
})

/** Attacks before 2022 are for development. */
type Dated = { date: string; file: string }
const LAST_DATE = '2022-01-01'

describeCorpus('on recorded attacks and two recorded sets of blocks', () => {
  test('retraining raises no false alarm on files that were held out', { timeout: 120_000 }, async () => {
    const cases = (corpusJson('real.labels.json') as Dated[]).filter(({ date }) => date < LAST_DATE)
    const benign = ['benign/linea', 'benign/scroll'].flatMap((folder) =>
      readdirSync(join(corpus, folder)).flatMap((name) =>
        name.endsWith('.gz') ? [join(corpus, folder, name)] : [],
      ),
    )
    const made = await mkdtemp(join(tmpdir(), 'cordon-retrain-corpus-'))
    onTestFinished(() => rm(made, { recursive: true, force: true }))
    const { comparisons } = await retrain({
      ...options,
      files: [...cases.map(({ file }) => join(corpus, 'real', file)), ...benign],
      labels: labelsSchema.parse(cases),
      detectors: {},
    })
    for (const { simple, complex } of comparisons) {
      expect(simple.after.successes).toBeLessThanOrEqual(simple.before.successes)
      expect(complex.after.successes).toBeLessThanOrEqual(complex.before.successes)
    }
  })
})
