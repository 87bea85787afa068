import { stat } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { basename } from 'node:path'
import type { Judgement } from '../calibrate/judged.ts'
import { mergeJudgements } from '../calibrate/judged.ts'
import type { JudgeJob } from './job.ts'
import { interrupted, type Step } from './judge-file.ts'
import type { Lane } from './lane.ts'
import { ownLane, threadLane, workerProgram } from './lane.ts'
import { contentHash, openState, type ResumeState } from './state.ts'

export type JudgeFilesOptions = JudgeJob & {
  files: readonly string[]
  /** Worker threads; up to the number of cores when left out, and never more than files. 1: in this thread. */
  workers?: number | undefined
  /** File that stores the judgements of finished files, so that an interrupted run can continue. */
  resume?: string | undefined
  /** Called with a file that cannot be judged; the others continue. When left out, the error is thrown. */
  onFailure?: ((file: string, thrown: unknown) => void) | undefined
  progress: (progress: Progress) => void
  signal: AbortSignal
}

export type Progress = {
  files: { done: number; of: number; reused: number }
  transactions: number
  /** Of the files as stored on disk; if labelled contracts are protected, each is read twice. */
  bytes: { read: number; of: number }
  /** Since the start. */
  seconds: number
}

/**
 * The detection results for every transaction of the files, each a separate history, judged in parallel. The outcome
 * does not depend on the number of threads. Throws the errors of reading, unless `onFailure` is given, and
 * `app.Interrupted`.
 */
export async function judgeFiles(options: JudgeFilesOptions): Promise<Judgement> {
  const { files, resume } = options
  const job = jobOf(options)
  const state = resume === undefined ? null : await openState(resume, job)
  const run: Run = {
    options,
    state,
    judgements: new Map(),
    queue: [...files.keys()],
    progress: await beginProgress(options),
  }
  const lanes = await lanesFor(options, job)
  try {
    await Promise.all(lanes.map((lane) => runLane(lane, run)))
  } finally {
    run.queue.length = 0
    await Promise.all(lanes.map((lane) => lane.close()))
  }
  if (options.signal.aborted) throw interrupted()
  return mergeJudgements([...files.keys()].flatMap((place) => run.judgements.get(place) ?? []))
}

type Run = {
  options: JudgeFilesOptions
  state: ResumeState | null
  /** By index of the file: the result does not depend on which thread was faster. */
  judgements: Map<number, Judgement>
  queue: number[]
  progress: Tally
}

async function lanesFor({ files, workers }: JudgeFilesOptions, job: JudgeJob): Promise<Lane[]> {
  const program = workerProgram()
  const wanted = Math.min(workers ?? (await threadsWorthwhile(files)), files.length)
  if (program === null || wanted <= 1) return [await ownLane(job)]
  return Array.from({ length: wanted }, () => threadLane(job, program))
}

/**
 * A thread takes about a second of a core to load the program: below this many bytes per thread it does not pay off.
 */
const BYTES_A_THREAD = 32 * 2 ** 20

async function threadsWorthwhile(files: readonly string[]): Promise<number> {
  const sizes = await Promise.all(files.map(sizeOf))
  const bytes = sizes.reduce((sum, size) => sum + size, 0)
  return Math.max(1, Math.min(availableParallelism(), Math.floor(bytes / BYTES_A_THREAD)))
}

async function runLane(lane: Lane, run: Run): Promise<void> {
  const { options, progress, state } = run
  for (let place = run.queue.shift(); place !== undefined; place = run.queue.shift()) {
    if (options.signal.aborted) return
    const file = options.files[place] ?? ''
    const content = state === null ? null : await contentHash(file).catch(() => null)
    const known = content === null ? undefined : state?.find(content)
    if (known !== undefined) progress.reused(await sizeOf(file))
    const judgement = known === undefined ? await judged(file, lane, run) : named(known, basename(file))
    if (judgement !== null) run.judgements.set(place, judgement)
    // if the content could not be hashed the file could not be judged either
    if (judgement !== null && known === undefined && content !== null) await state?.keep(content, judgement)
    progress.done()
  }
}

/** A stored judgement belongs to bytes: the file may have had another name. */
function named(judgement: Judgement, file: string): Judgement {
  return {
    ...judgement,
    rows: judgement.rows.map((row) => ({ ...row, file })),
    silentKinds: judgement.silentKinds.map((item) => ({ ...item, file })),
  }
}

/** Null if it failed, and `onFailure` was called instead of a throw. */
async function judged(file: string, lane: Lane, { options, progress }: Run): Promise<Judgement | null> {
  const { signal, onFailure } = options
  try {
    return await lane.judge(file, { step: progress.step, signal })
  } catch (thrown) {
    if (onFailure === undefined || signal.aborted) throw thrown
    onFailure(file, thrown)
    return null
  }
}

type Tally = { step(step: Step): void; reused(bytes: number): void; done(): void }

async function beginProgress(options: JudgeFilesOptions): Promise<Tally> {
  const { files, progress, protectLabelled } = options
  const passes = protectLabelled ? 2 : 1
  const sizes = await Promise.all(files.map(sizeOf))
  const now: Progress = {
    files: { done: 0, of: files.length, reused: 0 },
    transactions: 0,
    bytes: { read: 0, of: passes * sizes.reduce((sum, size) => sum + size, 0) },
    seconds: 0,
  }
  const began = performance.now()
  const tell = (): void => progress({ ...now, seconds: (performance.now() - began) / 1000 })
  return {
    step({ transactions, bytes }) {
      now.transactions += transactions
      now.bytes.read += bytes
      tell()
    },
    reused(size) {
      now.files.reused++
      // unread bytes say nothing about the speed of the rest
      now.bytes.of -= passes * size
    },
    done() {
      now.files.done++
      tell()
    },
  }
}

async function sizeOf(file: string): Promise<number> {
  return stat(file).then(
    ({ size }) => size,
    () => 0,
  )
}

/** The job for worker threads: only values that can be copied. */
function jobOf(options: JudgeFilesOptions): JudgeJob {
  const { labels, protect, protectLabelled, detectors, shadow, rules, trainBefore } = options
  return {
    labels,
    protect,
    protectLabelled,
    ...(detectors === undefined ? {} : { detectors }),
    ...(shadow === undefined ? {} : { shadow }),
    ...(rules === undefined ? {} : { rules }),
    ...(trainBefore === undefined ? {} : { trainBefore }),
  }
}
