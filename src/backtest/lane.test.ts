import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import type { CordonError } from '../kit/error.ts'
import { CordonError as Failed } from '../kit/error.ts'
import type { JudgeJob } from './job.ts'
import { failureOf, threadLane } from './lane.ts'

const job: JudgeJob = { labels: [], protect: [], protectLabelled: false }
const watch = () => ({ step: () => {}, signal: new AbortController().signal })

/** A lane whose thread runs this program. */
async function laneOf(program: string) {
  const dir = await mkdtemp(join(tmpdir(), 'cordon-lane-'))
  const file = join(dir, 'worker.mjs')
  await writeFile(file, `import { parentPort as port } from 'node:worker_threads'\n${program}\n`)
  const lane = threadLane(job, pathToFileURL(file))
  onTestFinished(async () => {
    await lane.close()
    await rm(dir, { recursive: true, force: true })
  })
  return lane
}

test('a thread that dies fails its file with the reason, and the next file gets a new one', async () => {
  const lane = await laneOf(
    "port.on('message', (file) => { if (file === 'bad') process.exit(3); port.postMessage({ kind: 'judged', judgement: file }) })",
  )
  const error = await lane.judge('bad', watch()).catch((thrown: CordonError) => thrown)
  expect((error as CordonError).message).toMatchInlineSnapshot(`
    "The worker thread that judged bad failed: it ended with 3
      file: bad
      reason: it ended with 3
    Fix: If it ran out of memory, use fewer --workers, or NODE_OPTIONS=--max-old-space-size=4096. Otherwise run it with --workers 1 -v and report the output."
  `)
  expect(await lane.judge('good', watch())).toBe('good')
  expect(await lane.judge('better', watch())).toBe('better')
})

test('a thread that is busy is ended when the run is interrupted', async () => {
  const lane = await laneOf("port.on('message', () => { for (;;) {} })")
  const abort = new AbortController()
  const judging = lane.judge('endless', { ...watch(), signal: abort.signal })
  setTimeout(() => abort.abort(), 50)
  await expect(judging).rejects.toMatchObject({ code: 'app.Interrupted' })
})

test('an error keeps its code, its facts and its fix on the way between threads', () => {
  const error = new Failed({ code: 'chain.MalformedBundle', message: 'No.', facts: { line: 2 }, fix: 'Yes.' })
  expect(failureOf(error)).toEqual({
    code: 'chain.MalformedBundle',
    message: 'No.',
    facts: { line: 2 },
    fix: 'Yes.',
  })
  expect(failureOf(new TypeError('odd'))).toMatchObject({ code: null, message: 'odd' })
})
