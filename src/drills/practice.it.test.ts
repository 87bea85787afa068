import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type FreshDatabase, freshDatabase } from '../../test/harness/postgres.ts'
import { startDrilled } from '../app/drilled.ts'
import { systemClock } from '../kit/clock.ts'
import { silentLogger } from '../kit/logger.ts'
import { createHub } from '../notify/hub.ts'
import { listIncidents } from '../store/incidents.ts'
import { listRuns, listUnfinishedRuns } from '../store/runs.ts'
import { listTimeline } from '../store/timeline.ts'
import { alone, type DrillHome, openDrillHome } from './home.ts'
import { type PracticeOptions, practise } from './practice.ts'

let database: FreshDatabase
let home: DrillHome
let folder: string
beforeAll(async () => {
  database = await freshDatabase()
  folder = await mkdtemp(join(tmpdir(), 'cordon-practice-'))
  const env = {
    CORDON_DRILL_DATABASE_URL: database.url,
    DATABASE_URL: 'postgresql://nobody@127.0.0.1:1/never',
  }
  home = await openDrillHome({ dataDir: folder, env, logger: silentLogger })
})
afterAll(async () => {
  await home.close()
  await database.drop()
  await rm(folder, { recursive: true, force: true })
})

const written: string[] = []

function options(change: Partial<PracticeOptions>): PracticeOptions {
  return {
    home,
    start: startDrilled,
    attack: 'option',
    people: 'played',
    pace: 1_200,
    standing: true,
    mempool: false,
    blockSeconds: 0.25,
    seed: 1,
    hub: createHub(),
    logger: silentLogger,
    write: (line) => written.push(line),
    say: () => undefined,
    signal: new AbortController().signal,
    ...change,
  }
}

const at = (report: Awaited<ReturnType<typeof practise>>['report'], wanted: string): number =>
  report.times.milestones.find(({ name }) => name === wanted)?.at ?? Number.NaN

test('people who must sign are waited for: their part of the shipped playbook is played to its end and timed', async () => {
  const { report, file } = await practise(options({ standing: false }))
  expect(report.notes.length).toBeGreaterThan(1)
  expect(report).toMatchObject({ kind: 'drill', contained: true, playbookId: 'exploit-in-progress' })
  const order = [
    'attack',
    'detected',
    'decided',
    'approved',
    'signed',
    'broadcast',
    'mined',
    'verified',
    'contained',
  ]
  const times = order.map((name) => at(report, name))
  // The database's clock dates the signature, ours everything else.
  for (const [n, time] of times.slice(1).entries())
    expect(time, order[n + 1]).toBeGreaterThanOrEqual((times[n] ?? 0) - 5)
  expect(report.times.milestones.find(({ name }) => name === 'approved')?.source).toMatch(/signed by 0x/)
  const asked = new Map(report.times.questions.map((question) => [question.step, question]))
  expect([...asked.keys()].sort()).toEqual(['pull-by-hand', 'reopen', 'scope', 'statement', 'trace-funds'])
  // The guardian answers, or the question is over because the guardian's signature has contained the attack.
  expect(asked.get('pull-by-hand')).toMatchObject({ answer: 'done' })
  expect(asked.get('reopen')).toMatchObject({ answer: 'refuse' })
  // The amount that people save is a race against one-second blocks: on a busy machine they come after the last theft.
  expect(report.funds?.lostBps).toBeLessThanOrEqual(report.funds?.lostWithoutResponseBps ?? 0)
  const states = Object.fromEntries(report.points.map(({ id, state }) => [id, state]))
  expect(states).toEqual({
    'redundant-paging': 'not-met',
    'tamper-evident-logs': 'met',
    'signer-reach': 'not-tried',
    'pre-signed': 'not-met',
    'end-to-end': 'not-tried',
  })
  expect(await readFile(file, 'utf8')).toContain('# DRILL drill-')
  expect(written.filter((line) => line.startsWith('[')).every((line) => line.includes('DRILL: '))).toBe(true)
  const [incident] = await listIncidents(home.store)
  expect(incident?.kind).toBe('drill')
  expect(await readFile(join(home.dataDir, 'reports', `${incident?.id}.md`), 'utf8')).toContain('# DRILL: ')
  const [run] = await listRuns(home.store, incident?.id ?? '')
  expect(run).toMatchObject({ attempt: 1, people: true, state: 'succeeded' })
  // Findings that came while people were busy raised no second request for the same call.
  const plans = (await listTimeline(home.store, incident?.id ?? '')).filter(({ kind }) => kind === 'plan')
  expect(plans.filter(({ message }) => message.startsWith('Nothing was sent because'))).toHaveLength(1)
})

test('what a drill that is broken off leaves waiting is over, and only one goes on at a time', async () => {
  const stop = new AbortController()
  const hub = createHub()
  hub.listen((event) => {
    if (event.type === 'timeline' && /^Step scope waits/.test(event.message)) stop.abort()
  })
  let begun = (): void => {}
  const going = new Promise<void>((resolve) => {
    begun = resolve
  })
  const drilling = practise(options({ people: 'timed', hub, signal: stop.signal, say: () => begun() }))
  await going
  const second = await alone(home, systemClock, async () => 'both').catch((thrown: unknown) => thrown)
  expect(second).toMatchObject({ code: 'drill.Busy' })
  const { report } = await drilling
  expect(report.times.questions.find(({ step }) => step === 'scope')).toMatchObject({ answer: null })
  expect(report.points.find(({ id }) => id === 'end-to-end')).toMatchObject({ state: 'not-met' })
  expect(await listUnfinishedRuns(home.store)).toEqual([])
})
