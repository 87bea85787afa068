import { stat } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import type { Judgement } from '../calibrate/judged.ts'
import { mergeJudgements } from '../calibrate/judged.ts'
import type { JudgeJob } from './job.ts'
import { interrupted, type Step } from './judge-file.ts'
import type { Lane } from './lane.ts'
import { ownLane, threadLane, workerProgram } from './lane.ts'
import { contentHash, openState, type ResumeState } from './state.ts'

export type JudgeFilesOptions = JudgeJob & {
  files: readonly string[]
  /** Worker threads; up to as many as cores when left out, and never more than files. 1: in this thread. */
  workers?: number | undefined
  /** File that keeps the judgements of finished files, so that an interrupted run goes on. */
  resume?: string | undefined
  /** Called with a file that cannot be judged; the others go on. It is thrown when left out. */
  onFailure?: ((file: string, thrown: unknown) => void) | undefined
  progress: (progress: Progress) => void
  signal: AbortSignal
}

export type Progress = {
  files: { done: number; of: number; reused: number }
  transactions: number
  /** Of the files as they lie on the disk; where labelled contracts are protected, each is read twice. */
  bytes: { read: number; of: number }
  /** Since the begin. */
  seconds: number
}

/**
 * What detection says of every transaction of the files, each a history of its own, judged side by side. The outcome is
 * the same however many threads there are. Throws what reading throws, unless told whom to tell, and `app.Interrupted`.
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
  /** By place of the file: what comes out does not depend on who was faster. */
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

/** A thread takes about a second of a core to load the program: below so many bytes each it is not won back. */
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
    const judgement = known ?? (await judged(file, lane, run))
    if (judgement !== null) run.judgements.set(place, judgement)
    // where the content could not be hashed the file could not be judged either
    if (judgement !== null && known === undefined && content !== null) await state?.keep(content, judgement)
    progress.done()
  }
}

/** Null where it failed, and somebody is told instead of it being thrown. */
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
      // what was not read now says nothing about how fast the rest will be
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

/** What worker threads are handed: nothing that cannot be copied. */
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
