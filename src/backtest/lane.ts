import { Worker } from 'node:worker_threads'
import { z } from 'zod'
import type { Judgement } from '../calibrate/judged.ts'
import { childEnvironment } from '../kit/child-environment.ts'
import { CordonError, messageOf } from '../kit/error.ts'
import type { JudgeJob } from './job.ts'
import { detectorOptions } from './job.ts'
import type { ReadyJob, Step, Watch } from './judge-file.ts'
import { interrupted, judgeFile, readyJob } from './judge-file.ts'

/** Judges one file after another: in this thread, or in a separate one. */
export type Lane = {
  judge(file: string, watch: Watch): Promise<Judgement>
  close(): Promise<void>
}

/** A worker thread's message about its file. */
export type LaneMessage =
  | { kind: 'step'; step: Step }
  | { kind: 'judged'; judgement: Judgement }
  | { kind: 'failed'; failure: Failure }

/** An error as it crosses threads: its class does not survive. */
export type Failure = { code: string | null; message: string; facts: Record<string, unknown>; fix: string }

export function failureOf(thrown: unknown): Failure {
  if (!(thrown instanceof CordonError)) return { code: null, message: messageOf(thrown), facts: {}, fix: FIX }
  const { code, summary, fix } = thrown
  const facts = z
    .record(z.string(), z.unknown())
    .catch({})
    .parse(JSON.parse(JSON.stringify(thrown.facts)))
  return { code, message: summary, facts, fix }
}

/** The worker's program next to this file; null if this runs from its TypeScript source. */
export function workerProgram(): URL | null {
  return import.meta.url.endsWith('.ts') ? null : new URL('./worker.js', import.meta.url)
}

/** Throws the errors of loading the job's rules. */
export async function ownLane(job: JudgeJob): Promise<Lane> {
  const ready: ReadyJob = readyJob(job, await detectorOptions(job))
  return { judge: (file, watch) => judgeFile(file, ready, watch), close: async () => {} }
}

/** A thread starts at its first file, and again after a file that killed it. */
export function threadLane(job: JudgeJob, program: URL): Lane {
  let worker: Worker | undefined
  return {
    async judge(file, watch) {
      worker ??= new Worker(program, { workerData: job, env: childEnvironment() })
      try {
        return await answer(worker, file, watch)
      } catch (thrown) {
        const dead = worker
        worker = undefined
        await dead.terminate()
        throw thrown
      }
    },
    async close() {
      await worker?.terminate()
    },
  }
}

function answer(worker: Worker, file: string, { step, signal }: Watch): Promise<Judgement> {
  return new Promise((resolve, reject) => {
    const settle = (act: () => void): void => {
      worker.off('message', onMessage).off('error', onError).off('exit', onExit)
      signal.removeEventListener('abort', stop)
      act()
    }
    const stop = (): void => settle(() => reject(interrupted()))
    const onMessage = (message: LaneMessage): void => {
      if (message.kind === 'step') step(message.step)
      else if (message.kind === 'judged') settle(() => resolve(message.judgement))
      else settle(() => reject(failed(message.failure, file)))
    }
    const onError = (thrown: unknown): void => settle(() => reject(died(file, messageOf(thrown))))
    const onExit = (code: number): void => settle(() => reject(died(file, `it ended with ${code}`)))
    worker.on('message', onMessage).on('error', onError).on('exit', onExit)
    if (signal.aborted) stop()
    else {
      signal.addEventListener('abort', stop, { once: true })
      worker.postMessage(file)
    }
  })
}

const FIX = 'Run it again with --workers 1 -v to see where it fails, and tell us.'
function failed(failure: Failure, file: string): CordonError {
  const { code, ...rest } = failure
  return code === null ? died(file, failure.message) : new CordonError({ code, ...rest })
}

function died(file: string, reason: string): CordonError {
  return new CordonError({
    code: 'app.WorkerFailed',
    message: `The worker thread that judged ${file} failed: ${reason}`,
    facts: { file, reason },
    fix: 'If it ran out of memory, use fewer --workers, or NODE_OPTIONS=--max-old-space-size=4096. Otherwise run it with --workers 1 -v and report the output.',
  })
}
