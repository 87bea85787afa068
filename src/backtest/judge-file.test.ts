import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { BlockParts } from '../../test/harness/build.ts'
import { hashOf } from '../../test/harness/build.ts'
import { quiet, takeover, takeoverLabel, till, writeHistory } from '../../test/harness/histories.ts'
import type { JudgeJob } from './job.ts'
import { judgeFile, readyJob } from './judge-file.ts'

let dir: string
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'cordon-judge-'))
})
afterAll(() => rm(dir, { recursive: true, force: true }))

const watch = { step: () => {}, signal: new AbortController().signal }

async function judge(blocks: readonly BlockParts[], job: Partial<JudgeJob> = {}) {
  const file = await writeHistory(join(dir, 'history.ndjson'), blocks)
  const whole = { labels: [], protect: [till], protectLabelled: false, ...job }
  return judgeFile(file, readyJob(whole, {}), watch)
}

const block = (number: number, ...acts: BlockParts['transactions']): BlockParts => ({
  number,
  transactions: acts,
})

test('a row is kept for what was said and for what is labelled; the rest is counted', async () => {
  const label = takeoverLabel('hushed')
  const { rows, silent, blocks } = await judge(
    [
      block(1, quiet, quiet),
      block(2, { name: 'heist', ...takeover }),
      block(3, { name: 'hushed', ...quiet }),
    ],
    { labels: [label] },
  )
  expect(
    rows.map(({ transactionHash, label, alert }) => [transactionHash, label?.id, alert?.severity]),
  ).toEqual([
    [hashOf('heist'), undefined, 'critical'],
    [hashOf('hushed'), 'hushed', undefined],
  ])
  expect({ silent, blocks }).toEqual({ silent: { train: 0, test: 2 }, blocks: 3 })
})

test('a transaction that was seen pending is one, with the time at which it was first said', async () => {
  const pending = { ...block(5, { name: 'heist', ...takeover }, { name: 'calm', ...quiet }), pending: true }
  const mined = block(7, { name: 'calm', ...quiet }, { name: 'heist', ...takeover })
  const { rows, silent } = await judge([block(4, quiet), pending, mined])
  expect(rows).toMatchObject([
    { transactionHash: hashOf('heist'), blockNumber: 7, index: 1, pending: { blockNumber: 5 } },
  ])
  expect(silent.test).toBe(2)
})

test('a silent transaction is counted once by its kind, pending or mined', async () => {
  const pending = { ...block(5, { name: 'calm', ...quiet }, { name: 'lost', ...quiet }), pending: true }
  const { silentKinds } = await judge([pending, block(7, { name: 'calm', ...quiet })])
  expect(silentKinds).toEqual([
    { file: 'history.ndjson', chainId: 1, size: 'simple', mev: false, train: false, count: 2 },
  ])
})

test('what was never mined is counted all the same', async () => {
  const pending = { ...block(5, { name: 'heist', ...takeover }, { name: 'calm', ...quiet }), pending: true }
  const { rows, silent } = await judge([pending])
  expect(rows).toMatchObject([{ blockNumber: 5, pending: { blockNumber: 5 } }])
  expect(silent.test).toBe(1)
})

test('training ends at a block, or at a time', async () => {
  const blocks = [1, 2, 3, 4].map((number) => block(number, { name: `heist ${number}`, ...takeover }, quiet))
  const split = async (trainBefore: JudgeJob['trainBefore']) => {
    const { rows, silent } = await judge(blocks, trainBefore === undefined ? {} : { trainBefore })
    return [rows.map(({ train }) => train), silent]
  }
  const three = [[true, true, false, false], { train: 2, test: 2 }]
  expect(await split({ kind: 'block', block: 3 })).toEqual(three)
  expect(await split({ kind: 'time', seconds: 1_600_000_000 + 3 * 12 })).toEqual(three)
  expect(await split(undefined)).toEqual([[false, false, false, false], { train: 0, test: 4 }])
})

test('several words of one detector are one, and the losses of a labelled transaction are counted once', async () => {
  const { rows } = await judge([block(2, { name: 'heist', ...takeover })], {
    labels: [takeoverLabel('heist')],
  })
  const detectors = rows[0]?.words.map(({ detector }) => detector) ?? []
  expect(detectors).toContain('control-takeover')
  expect(new Set(detectors).size).toBe(detectors.length)
  expect(Object.values(rows[0]?.losses ?? {})).toEqual(['500'])
})
