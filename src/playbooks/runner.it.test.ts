import { spawn } from 'node:child_process'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { type FreshDatabase, freshDatabase, killSessions, sqlOn } from '../../test/harness/postgres.ts'
import { systemClock } from '../kit/clock.ts'
import { CordonError } from '../kit/error.ts'
import { silentLogger } from '../kit/logger.ts'
import type { Incident } from '../model/incident.ts'
import { type ActionStep, type Run, runSchema } from '../model/playbook.ts'
import { findIncident, insertIncidents } from '../store/incidents.ts'
import { closeStore, openStore, type Store } from '../store/store.ts'
import { listTimeline } from '../store/timeline.ts'
import type { Action } from './action.ts'
import { parsePlaybook } from './parse.ts'
import { type Playbooks, startPlaybooks } from './runner.ts'

let database: FreshDatabase
let store: Store
let playbooks: Playbooks | undefined
let made = 0

beforeAll(async () => {
  database = await freshDatabase()
  store = await openStore({ url: database.url, logger: silentLogger })
})
afterEach(async () => {
  await playbooks?.stop()
  playbooks = undefined
})
afterAll(async () => {
  await closeStore(store)
  await database.drop()
})

async function start(...actions: Action[]): Promise<Playbooks> {
  const options = { databaseUrl: database.url, store, clock: systemClock, logger: silentLogger }
  playbooks = await startPlaybooks({ ...options, actions })
  return playbooks
}

async function anIncident(): Promise<Incident> {
  const id = `inc-${++made}`
  const lists = { categories: [], protected: [], victims: [], actors: [], transactions: [] }
  const base = { type: 'incident', kind: 'normal', state: 'open', title: 'x', chainId: 1 } as const
  await insertIncidents(store, [
    { ...base, ...lists, id, severity: 'high', startedAt: null, discoveredAt: 0, foundLate: false },
  ])
  const incident = await findIncident(store, id)
  if (!incident) throw new Error('no incident')
  return incident
}

function aPlaybook(...steps: (Pick<ActionStep, 'id' | 'action'> & Partial<ActionStep>)[]) {
  const when = { severity: 'low' }
  const head = { id: 'testing', title: 'Testing', owner: 'operations', level: 'test', description: 'x', when }
  return parsePlaybook(JSON.stringify({ ...head, steps }), 'testing.yaml')
}

const anything = z.record(z.string(), z.unknown())
const statesOf = (run: Run) => run.steps.map(({ stepId, state }) => `${stepId} ${state}`)

test('steps run in order and their results are plain JSON on the run and the timeline', async () => {
  const order: string[] = []
  const act: Action = {
    name: 'act',
    args: anything,
    run: async (context, args) => {
      const known = await context.durable('work', async () => {
        order.push(context.stepId)
        return { wei: 10n ** 20n, nothing: undefined }
      })
      return { known, args, bigger: 2n ** 64n }
    },
  }
  const { begin, wait } = await start(act)
  const incident = await anIncident()
  const steps = [
    { id: 'one', action: 'act', args: { a: 1 } },
    { id: 'two', action: 'act' },
  ]
  const run = await wait((await begin(incident, aPlaybook(...steps))).id)
  expect(run).toMatchObject({ state: 'succeeded', incidentId: incident.id })
  expect(order).toEqual(['one', 'two'])
  expect(run.steps[0]?.output).toEqual({
    known: { wei: '100000000000000000000' },
    args: { a: 1 },
    bigger: '18446744073709551616',
  })
  const timeline = await listTimeline(store, incident.id)
  expect(timeline.map(({ kind, message }) => `${kind}: ${message}`)).toEqual([
    'run: Playbook testing begins: Testing',
    'step: Step one succeeded',
    'step: Step two succeeded',
    'run: Playbook testing is done',
  ])
})

test('an incident has one run of a playbook, even when it was edited meanwhile', async () => {
  let calls = 0
  const act: Action = { name: 'act', args: anything, run: async () => ++calls }
  const { begin, wait } = await start(act)
  const incident = await anIncident()
  const first = aPlaybook({ id: 'one', action: 'act' })
  const edited = aPlaybook({ id: 'one', action: 'act' }, { id: 'two', action: 'act' })
  const begun = await Promise.all([begin(incident, first), begin(incident, first), begin(incident, first)])
  expect(new Set(begun.map(({ id }) => id)).size).toBe(1)
  const run = await wait((await begin(incident, edited)).id)
  expect(run.contentHash).toBe(first.contentHash)
  expect(calls).toBe(1)
})

test('a failed step does not stop the ones after it, and its error says what to do', async () => {
  const fail: Action = {
    name: 'fail',
    args: anything,
    run: () => Promise.reject(new CordonError({ code: 'x.Failed', message: 'No.', fix: 'Do it by hand.' })),
  }
  const { begin, wait } = await start(fail, { name: 'ok', args: anything, run: async () => 'fine' })
  const steps = [
    { id: 'one', action: 'fail' },
    { id: 'two', action: 'ok' },
    { id: 'three', action: 'missing' },
  ]
  const run = await wait((await begin(await anIncident(), aPlaybook(...steps))).id)
  expect(run.state).toBe('failed')
  expect(statesOf(run)).toEqual(['one failed', 'two succeeded', 'three failed'])
  expect(run.steps[0]?.error).toEqual({ code: 'x.Failed', message: 'No.', fix: 'Do it by hand.' })
  expect(run.steps[2]?.error).toMatchObject({ code: 'playbooks.UnknownAction' })
})

test('a step that says stop has the ones after it skipped', async () => {
  const fail: Action = { name: 'fail', args: anything, run: () => Promise.reject(new Error('no')) }
  const { begin, wait } = await start(fail)
  const steps = [
    { id: 'one', action: 'fail', onFailure: 'stop' as const },
    { id: 'two', action: 'fail' },
  ]
  const run = await wait((await begin(await anIncident(), aPlaybook(...steps))).id)
  expect(statesOf(run)).toEqual(['one failed', 'two skipped'])
})

test('a retried step keeps what it had finished, and one that cannot help is not retried', async () => {
  const calls = { before: 0, after: 0, hopeless: 0 }
  const flaky: Action = {
    name: 'flaky',
    args: anything,
    run: async (context) => {
      await context.durable('before', async () => ++calls.before)
      return context.durable('after', async () => {
        if (++calls.after < 3) throw new Error('not yet')
        return calls.after
      })
    },
  }
  const hopeless: Action = {
    name: 'hopeless',
    args: anything,
    run: (context) =>
      context.durable('try', async () => {
        calls.hopeless++
        throw new CordonError({ code: 'x.Hopeless', message: 'Never.', fix: 'None.' })
      }),
  }
  const { begin, wait } = await start(flaky, hopeless)
  const retry = { attempts: 5, delayMs: 1 }
  const steps = [
    { id: 'one', action: 'flaky', retry },
    { id: 'two', action: 'hopeless', retry },
  ]
  const run = await wait((await begin(await anIncident(), aPlaybook(...steps))).id)
  expect(statesOf(run)).toEqual(['one succeeded', 'two failed'])
  expect(calls).toEqual({ before: 1, after: 3, hopeless: 1 })
})

test('a stopped run goes on at the next start, and what it had finished is not done again', async () => {
  const done: string[] = []
  const slow: Action = {
    name: 'slow',
    args: anything,
    run: async (context) => {
      await context.durable('first', async () => done.push('first'))
      await context.sleep(400)
      await context.durable('second', async () => done.push('second'))
    },
  }
  const first = await start(slow)
  const { id } = await first.begin(await anIncident(), aPlaybook({ id: 'one', action: 'slow' }))
  const waiting = first.wait(id).catch((thrown: unknown) => thrown)
  await expect.poll(() => done).toEqual(['first'])
  await first.stop()
  expect(await waiting).toMatchObject({ code: 'playbooks.Stopped' })
  const second = await start(slow)
  expect(await second.wait(id)).toMatchObject({ state: 'succeeded' })
  expect(done).toEqual(['first', 'second'])
})

test('a run goes on over a lost database connection', async () => {
  let calls = 0
  const act: Action = {
    name: 'act',
    args: anything,
    run: async (context) => {
      await context.durable('work', async () => ++calls)
      await context.sleep(100)
    },
  }
  const { begin, wait } = await start(act)
  const { id } = await begin(await anIncident(), aPlaybook({ id: 'one', action: 'act' }))
  await expect.poll(() => calls).toBe(1)
  await killSessions(database)
  expect(await wait(id)).toMatchObject({ state: 'succeeded' })
  expect(calls).toBe(1)
})

test('a process runs playbooks once at a time', async () => {
  await start()
  await expect(start()).rejects.toMatchObject({ code: 'playbooks.AlreadyStarted' })
})

test('a run that nobody began is not waited for', async () => {
  const { wait } = await start()
  await expect(wait('run-0')).rejects.toMatchObject({ code: 'playbooks.UnknownRun' })
})

test.concurrent.each([
  'playbooks.run-created',
  'playbooks.step-started:one',
  'fixture.one.after-part-1',
  'playbooks.step-finished:one',
  'fixture.two.after-sleep',
  'playbooks.step-started:three',
  'playbooks.step-finished:three',
])('a run killed at %s resumes with no part done again', async (crashAt) => {
  const own = await freshDatabase()
  const killed = await spawnFixture(own.url, 'begin', crashAt).ended
  expect(killed.signal).toBe('SIGKILL')
  const resumed = await spawnFixture(own.url, 'resume').ended
  expect(resumed).toMatchObject({ signal: null, code: 0, errors: '' })
  expect(resumed.run?.steps.map(({ stepId, state }) => `${stepId} ${state}`)).toEqual([
    'one succeeded',
    'two succeeded',
    'three succeeded',
  ])
  const counted = await sqlOn(own.url, 'SELECT step, part FROM counted ORDER BY step, part')
  expect(counted.map(({ step, part }) => `${step} ${part}`)).toEqual([
    'one part-1',
    'one part-2',
    'three part-1',
    'two part-1',
    'two part-2',
  ])
  const timeline = await sqlOn(own.url, 'SELECT message FROM timeline ORDER BY sequence')
  expect(timeline).toHaveLength(5)
  await own.drop()
})

test('a survivor takes over the run of a process that was killed', async () => {
  const own = await freshDatabase()
  const watching = spawnFixture(own.url, 'watch')
  await watching.started
  const killed = await spawnFixture(own.url, 'begin', 'fixture.two.after-part-1').ended
  expect(killed.signal).toBe('SIGKILL')
  const survivor = await watching.ended
  expect(survivor).toMatchObject({ code: 0, errors: '' })
  expect(survivor.run?.state).toBe('succeeded')
  expect(await sqlOn(own.url, 'SELECT 1 FROM counted')).toHaveLength(5)
  await own.drop()
})

type Ended = { code: number | null; signal: string | null; run: Run | undefined; errors: string }

function spawnFixture(
  url: string,
  mode: string,
  crashAt?: string,
): { started: Promise<void>; ended: Promise<Ended> } {
  const env = { ...process.env, ...(crashAt ? { CORDON_CRASH_AT: crashAt } : {}) }
  const fixture = '.cordon/test-build/test/fixtures/run-playbook.js'
  const child = spawn(process.execPath, [fixture, url, mode], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  let [output, errors] = ['', '']
  const started = new Promise<void>((settle) => {
    child.stdout.on('data', (data: Buffer) => {
      output += String(data)
      settle()
    })
  })
  child.stderr.on('data', (data: Buffer) => {
    errors += String(data)
  })
  const ended = new Promise<Ended>((settle) => {
    child.once('close', (code, signal) => {
      const [, line] = output.split('\n')
      const run = line ? runSchema.parse(JSON.parse(line)) : undefined
      settle({ code, signal, run, errors })
    })
  })
  return { started, ended }
}
