import { parentPort, workerData } from 'node:worker_threads'
import { assert } from '../kit/assert.ts'
import type { JudgeJob } from './job.ts'
import { detectorOptions } from './job.ts'
import type { Step } from './judge-file.ts'
import { judgeFile, readyJob } from './judge-file.ts'
import type { LaneMessage } from './lane.ts'
import { failureOf } from './lane.ts'

/** Interval of step reports: one message per block would cost more than a small block. */
const TELL_EVERY_MS = 200

assert(parentPort !== null, 'this program is a worker thread')
const port = parentPort
const job = workerData as JudgeJob
const ready = detectorOptions(job).then((options) => readyJob(job, options))
// reported with the first file
ready.catch(() => {})

const tell = (message: LaneMessage): void => port.postMessage(message)

port.on('message', (file: string) => {
  judge(file).then(tell, (thrown) => tell({ kind: 'failed', failure: failureOf(thrown) }))
})

async function judge(file: string): Promise<LaneMessage> {
  const untold: Step = { transactions: 0, bytes: 0 }
  let told = performance.now()
  const flush = (): void => {
    tell({ kind: 'step', step: { ...untold } })
    Object.assign(untold, { transactions: 0, bytes: 0 })
    told = performance.now()
  }
  const judgement = await judgeFile(file, await ready, {
    signal: new AbortController().signal,
    step({ transactions, bytes }) {
      untold.transactions += transactions
      untold.bytes += bytes
      if (performance.now() - told >= TELL_EVERY_MS) flush()
    },
  })
  flush()
  return { kind: 'judged', judgement }
}
