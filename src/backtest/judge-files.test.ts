import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { historyOf, takeoverLabel, writeHistory } from '../../test/harness/histories.ts'
import type { CordonError } from '../kit/error.ts'
import type { JudgeFilesOptions, Progress } from './judge-files.ts'
import { judgeFiles } from './judge-files.ts'
import { progressText } from './progress.ts'
import { trainEndOf } from './train-end.ts'

let dir: string
let files: string[]
beforeEach(async () => {
  const made = await mkdtemp(join(tmpdir(), 'cordon-judge-files-'))
  dir = made
  onTestFinished(() => rm(made, { recursive: true, force: true }))
  files = await Promise.all(
    ['one', 'two'].map((name) => writeHistory(join(made, `${name}.ndjson`), historyOf(name, 5))),
  )
})

function options(more: Partial<JudgeFilesOptions> = {}): JudgeFilesOptions {
  return {
    files,
    labels: [takeoverLabel('one'), takeoverLabel('two')],
    protect: [],
    protectLabelled: true,
    progress: () => {},
    signal: new AbortController().signal,
    ...more,
  }
}

/** The number of transactions judged again, according to the progress. */
async function reusedBy(more: Partial<JudgeFilesOptions>): Promise<number> {
  let last: Progress | undefined
  await judgeFiles(
    options({
      ...more,
      progress: (progress) => {
        last = structuredClone(progress)
      },
    }),
  )
  return last?.files.reused ?? -1
}

describe('resuming', () => {
  test('finished files are not judged again, and the outcome is that of an uninterrupted run', async () => {
    const resume = join(dir, 'run.state')
    await judgeFiles(options({ files: files.slice(0, 1), resume }))
    expect(await reusedBy({ resume })).toBe(1)
    expect(await reusedBy({ resume })).toBe(2)
    expect(await judgeFiles(options({ resume }))).toEqual(await judgeFiles(options()))
  })

  test('a file or labels or options that changed are judged anew', async () => {
    const resume = join(dir, 'run.state')
    await judgeFiles(options({ resume }))
    expect(await reusedBy({ resume, protectLabelled: false })).toBe(0)
    expect(await reusedBy({ resume, labels: [takeoverLabel('one')] })).toBe(0)
    await appendFile(files[0] ?? '', `${await readFile(files[1] ?? '', 'utf8')}`)
    expect(await reusedBy({ resume })).toBe(1)
  })

  test('a line that was cut off in the middle is judged again, and the next one is whole', async () => {
    const resume = join(dir, 'run.state')
    await judgeFiles(options({ resume }))
    const text = await readFile(resume, 'utf8')
    await writeFile(resume, text.slice(0, text.trimEnd().length - 40))
    expect(await reusedBy({ resume })).toBe(1)
    expect(await reusedBy({ resume })).toBe(2)
    await writeFile(resume, text.slice(0, 30))
    expect(await reusedBy({ resume })).toBe(0)
  })

  test('a file that is something else is not written to', async () => {
    const failing = judgeFiles(options({ resume: files[0] })).catch((error: CordonError) => error)
    const message = (await failing) as CordonError
    expect(message.message.replaceAll(dir, 'DIR')).toMatchInlineSnapshot(`
      "The state of the backtest cannot be kept in DIR/one.ndjson: it is not a state file, and it is not empty
        file: DIR/one.ndjson
        reason: it is not a state file, and it is not empty
      Fix: Give --resume a file that does not exist yet, or one that an earlier backtest wrote."
    `)
    expect(await readFile(files[0] ?? '', 'utf8')).not.toContain('backtest-file')
  })
})

test('a file that cannot be read is told of and the others are judged; untold it is thrown', async () => {
  const broken = join(dir, 'broken.ndjson')
  await writeFile(broken, '<html>\n')
  const told: unknown[] = []
  const all = [broken, ...files]
  const { rows } = await judgeFiles(options({ files: all, onFailure: (file) => told.push(file) }))
  expect([told, rows.map(({ label }) => label?.id)]).toEqual([[broken], ['one', 'two']])
  await expect(judgeFiles(options({ files: all }))).rejects.toMatchObject({ code: 'chain.MalformedBundle' })
})

test('an interrupted run says so, and gives no half report', async () => {
  const aborted = AbortSignal.abort()
  const error = await judgeFiles(options({ signal: aborted })).catch((thrown: CordonError) => thrown)
  expect((error as CordonError).message).toMatchInlineSnapshot(`
    "The backtest was interrupted.
    Fix: Run it again; with --resume FILE it continues after the last finished file."
  `)
})

test('the bar shows files, speed and the time left', () => {
  const progress: Progress = {
    files: { done: 3, of: 10, reused: 0 },
    transactions: 12_000,
    bytes: { read: 250, of: 1_000 },
    seconds: 10,
  }
  expect(progressText(progress)).toBe(
    '[#####...............] 3/10 files · 12000 transactions · 1200/s · 30 s left',
  )
  expect(progressText({ ...progress, seconds: 600 })).toMatch(/30 min left$/)
  expect(progressText({ ...progress, bytes: { read: 0, of: 0 } })).toMatch(/^\[######\.+\]/)
})

test('training ends at a block number, at Unix seconds, or at a date', () => {
  expect(trainEndOf('14000000')).toEqual({ kind: 'block', block: 14_000_000 })
  expect(trainEndOf('1640995200')).toEqual({ kind: 'time', seconds: 1_640_995_200 })
  expect(trainEndOf('2022-01-01')).toEqual({ kind: 'time', seconds: 1_640_995_200 })
  expect(trainEndOf('2022-01-01T00:00:01Z')).toEqual({ kind: 'time', seconds: 1_640_995_201 })
  for (const wrong of ['-1', '1.5', 'soon', '', '2022-13-45'])
    expect(() => trainEndOf(wrong)).toThrow(/--train-before must be/)
})
