/**
 * A thousand runs in parallel in one process: each has two branches, a condition, a loop, a task that a person answers,
 * and a last step. Counts every step that ran, was lost or ran twice, and the time until a person's answer arrives.
 *
 * npm run build && node dist/bench/playbook-runs.js [--runs 1000] [--json]
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { z } from 'zod'
import { systemClock } from '../src/kit/clock.ts'
import { silentLogger } from '../src/kit/logger.ts'
import type { Run } from '../src/model/playbook.ts'
import type { Action } from '../src/playbooks/action.ts'
import { parsePlaybook } from '../src/playbooks/parse.ts'
import { startPlaybooks } from '../src/playbooks/runner.ts'
import { giveSignal } from '../src/playbooks/signal.ts'
import { startEmbeddedPostgres } from '../src/store/embedded/embedded.ts'
import { findIncident, insertIncidents } from '../src/store/incidents.ts'
import { listUnfinishedRuns } from '../src/store/runs.ts'
import { closeStore, openStore } from '../src/store/store.ts'
import { listTimeline } from '../src/store/timeline.ts'
import { quantile } from './quantile.ts'

const PLAYBOOK = `
id: bench
title: Bench
owner: operations
level: test
description: Every block.
when: { severity: low }
steps:
  - id: both
    parallel:
      - [{ id: left, action: act }]
      - [{ id: right, action: act }]
  - { id: ask, task: { title: T, instructions: I, roles: [guardian], timeout: 1h } }
  - id: choose
    if: steps.ask.output.by == "Ann"
    then: [{ id: chosen, action: act }]
  - { id: each, forEach: "[1, 2]", steps: [{ id: turn, action: act }] }
  - { id: last, action: act }
`
const ACTED = ['chosen', 'last', 'left', 'right', 'turn[0]', 'turn[1]']
const RECORDED = ACTED.length + 4

const { values } = parseArgs({
  options: { runs: { type: 'string', default: '1000' }, json: { type: 'boolean', default: false } },
})
const wanted = Number(values.runs)
const done = new Map<string, number>()
const act: Action = {
  name: 'act',
  args: z.unknown(),
  run: async ({ run, stepId, durable }) =>
    durable('work', async () => {
      const key = `${run.id} ${stepId}`
      done.set(key, (done.get(key) ?? 0) + 1)
    }),
}

const dataDir = await mkdtemp(join(tmpdir(), 'cordon-runs-'))
const postgres = await startEmbeddedPostgres({ dataDir, logger: silentLogger, ephemeral: true })
const store = await openStore({ url: postgres.url, logger: silentLogger })
const shared = { store, clock: systemClock }
const playbooks = await startPlaybooks({
  ...shared,
  databaseUrl: postgres.url,
  actions: [act],
  logger: silentLogger,
})
const pinned = parsePlaybook(PLAYBOOK, 'bench.yaml', [act])
try {
  const began = performance.now()
  const runs = await Promise.all(Array.from({ length: wanted }, (_, n) => begin(`inc-${n}`)))
  const answered = new Map<string, number>()
  await Promise.all(runs.map((run) => answer(run, answered)))
  // One query for all: `wait` asks the database for each run, fifty times a second.
  while ((await listUnfinishedRuns(store)).length > 0) await systemClock.sleep(100)
  const seconds = (performance.now() - began) / 1_000
  const ended = await Promise.all(runs.map(({ id }) => playbooks.wait(id)))
  report(ended, { seconds, answered })
} finally {
  await playbooks.stop()
  await closeStore(store)
  await postgres.stop()
  await rm(dataDir, { recursive: true, force: true })
}

async function begin(id: string): Promise<Run> {
  const lists = { categories: [], protected: [], victims: [], actors: [], transactions: [] }
  const head = { type: 'incident', kind: 'normal', state: 'open', title: 'b', chainId: 1 } as const
  await insertIncidents(store, [
    { ...head, ...lists, id, severity: 'high', startedAt: null, discoveredAt: 0, foundLate: false },
  ])
  const incident = await findIncident(store, id)
  if (incident === undefined) throw new TypeError('no incident')
  return playbooks.begin(incident, pinned)
}

/** Answers the run's task, for half of the runs before it is asked. */
async function answer(run: Run, answered: Map<string, number>): Promise<void> {
  if (Number.parseInt(run.id.slice(-1), 16) % 2 === 0) await untilAsked(run)
  const given = {
    runId: run.id,
    target: 'ask',
    answer: 'done' as const,
    author: 'Ann',
    roles: [],
    note: '',
    proof: 'named' as const,
    signature: null,
  }
  answered.set(run.id, (await giveSignal(shared, given)).givenAt)
}

async function untilAsked({ incidentId }: Run): Promise<void> {
  const waits = (message: string): boolean => message.startsWith('Step ask waits')
  while (!(await listTimeline(store, incidentId)).some(({ message }) => waits(message)))
    await systemClock.sleep(2_000)
}

type Seen = { seconds: number; answered: ReadonlyMap<string, number> }

function report(ended: readonly Run[], { seconds, answered }: Seen): void {
  const keys = ended.flatMap(({ id }) => ACTED.map((step) => `${id} ${step}`))
  const wakes = ended.flatMap(({ id, steps }) => {
    const ask = steps.find(({ stepId }) => stepId === 'ask')
    const at = answered.get(id) ?? 0
    return ask && ask.startedAt < at ? [ask.endedAt - at] : []
  })
  const summary = {
    runs: ended.length,
    succeeded: ended.filter(({ state }) => state === 'succeeded').length,
    lost: keys.filter((key) => !done.has(key)).length,
    doubled: [...done.values()].filter((times) => times > 1).length,
    wrongRecords: ended.filter(({ steps }) => steps.length !== RECORDED).length,
    seconds,
    stepsPerSecond: (ended.length * RECORDED) / seconds,
    answerToWakeMs: { n: wakes.length, p50: quantile(wakes, 0.5), p99: quantile(wakes, 0.99) },
    heapMb: process.memoryUsage().heapUsed / 2 ** 20,
  }
  const { answerToWakeMs: wake } = summary
  process.stdout.write(
    values.json
      ? `${JSON.stringify(summary)}\n`
      : `${summary.succeeded} of ${summary.runs} runs succeeded in ${seconds.toFixed(1)} s (${summary.stepsPerSecond.toFixed(0)} steps/s); ${summary.lost} steps lost, ${summary.doubled} doubled, ${summary.wrongRecords} runs with a wrong record\nanswer → step awake: p50 ${wake.p50.toFixed(0)} ms, p99 ${wake.p99.toFixed(0)} ms (${wake.n})\n`,
  )
}
