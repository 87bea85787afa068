import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { historyOf, takeoverLabel, writeHistory } from '../../test/harness/histories.ts'
import { type BacktestOptions, backtest } from './backtest.ts'
import { describeBacktest } from './backtest-text.ts'

let options: BacktestOptions
let dir: string

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'cordon-backtest-'))
  const names = ['one', 'two', 'three']
  options = {
    files: await Promise.all(
      names.map((name) => writeHistory(join(dir, `${name}.ndjson`), historyOf(name, 5))),
    ),
    labels: names.map((name) => takeoverLabel(name)),
    protect: [],
    protectLabelled: true,
    pauseHours: 4,
    progress: () => {},
    signal: new AbortController().signal,
  }
  return () => rm(dir, { recursive: true, force: true })
})

test('compares what is protected with nothing protected, on the same transactions', async () => {
  const { strata, transactions } = await backtest({ ...options, compareOpen: true })
  const [all] = strata
  expect(all?.of).toEqual({ kind: 'all' })
  for (const rates of [all?.protected, all?.open])
    expect((rates?.recall.n ?? 0) + (rates?.falsePositiveRate.n ?? 0)).toBe(transactions)
  expect(all?.protected?.recall).toMatchObject({ successes: 3, n: 3 })
})

test('without the comparison, or with nothing protected, detection runs once', async () => {
  const [alone] = (await backtest(options)).strata
  expect({ own: alone?.protected?.recall.n, open: alone?.open }).toEqual({ own: 3, open: null })
  const [open] = (await backtest({ ...options, protectLabelled: false, compareOpen: true })).strata
  expect({ own: open?.protected, open: open?.open?.recall.n }).toEqual({ own: null, open: 3 })
})

test('a file that cannot be read counts in neither', async () => {
  const bad = join(dir, 'bad.ndjson')
  await writeFile(bad, 'no bundle\n')
  const { strata, failed } = await backtest({
    ...options,
    files: [...options.files, bad],
    compareOpen: true,
    onFailure: () => {},
  })
  expect(failed).toHaveLength(1)
  expect([strata[0]?.protected?.falsePositiveRate.n, strata[0]?.open?.falsePositiveRate.n]).toEqual([12, 12])
})

test('no rate of three attacks and twelve benign transactions is printed', async () => {
  const lines = describeBacktest(await backtest({ ...options, compareOpen: true }))
  expect(lines.join('\n')).not.toContain('95 % interval 29 to 100 %')
  expect(lines).toContain('    protected  n = 3: too few to say; n = 12: too few to say')
})
