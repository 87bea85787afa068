import { afterAll, beforeAll, expect, test } from 'vitest'
import { playbookOf, type Stage, stage, statesOf } from '../../test/harness/playbooks.ts'
import { systemClock } from '../kit/clock.ts'
import type { Incident } from '../model/incident.ts'
import type { Run, Signal } from '../model/playbook.ts'
import { listTimeline } from '../store/timeline.ts'
import type { Playbooks } from './runner.ts'
import { giveSignal } from './signal.ts'

let on: Stage
let playbooks: Playbooks
beforeAll(async () => {
  on = await stage()
  playbooks = await on.start()
})
afterAll(() => on.close())

async function run(
  steps: string,
  { called = {}, incident = {} }: { called?: Record<string, string>; incident?: Partial<Incident> } = {},
): Promise<Run> {
  on.done.length = 0
  return playbooks.wait((await begin(steps, { called, incident })).id)
}

async function begin(
  steps: string,
  { called = {}, incident = {} }: { called?: Record<string, string>; incident?: Partial<Incident> } = {},
): Promise<Run> {
  return playbooks.begin(await on.incident(incident), playbookOf(steps, called))
}

const say = (runId: string, target: string, more: Partial<Signal> = {}): Promise<Signal> =>
  giveSignal(
    { store: on.store, clock: systemClock },
    {
      runId,
      target,
      answer: 'done',
      author: 'Ann',
      roles: ['guardian'],
      note: '',
      proof: 'named',
      signature: null,
      ...more,
    },
  )

const waitsFor = (incidentId: string, step: string): Promise<void> =>
  expect
    .poll(async () => (await listTimeline(on.store, incidentId)).map(({ message }) => message).join('\n'))
    .toContain(`Step ${step} waits`)

test('branches run at once, and each is in its own order', async () => {
  const ended = await run(`
  - id: both
    parallel:
      - [{ id: slow, action: follow, args: { step: after-fast } }, { id: after-slow, action: act }]
      - [{ id: fast, action: act }, { id: after-fast, action: act }]
  - { id: last, action: act }`)
  expect(on.done).toEqual(['fast', 'after-fast', 'slow', 'after-slow', 'last'])
  expect(ended.state).toBe('succeeded')
  expect(statesOf(ended)).toContain('both succeeded')
})

test('a failed branch neither stops the other nor what comes after, and the block has failed', async () => {
  const ended = await run(`
  - id: both
    parallel:
      - [{ id: bad, action: fail, onFailure: stop }, { id: never, action: act }]
      - [{ id: slow, action: slow, args: { ms: 50 } }, { id: good, action: act }]
  - { id: last, action: act }`)
  expect(on.done).toEqual(['slow', 'good'])
  expect(statesOf(ended)).toEqual(
    expect.arrayContaining(['bad failed', 'never skipped', 'good succeeded', 'both failed', 'last skipped']),
  )
})

test('a condition sees the incident and what earlier steps gave', async () => {
  const ended = await run(
    `
  - { id: give-two, action: give, args: { count: 2, names: [a, b] } }
  - id: choose
    if: incident.severity == "high" && steps.give_two.output.count > 1 && steps.later.state == "pending"
    then: [{ id: yes-branch, action: act }]
    else: [{ id: no-branch, action: act }]
  - id: other
    if: steps["give-two"].output.names.exists(n, n == "c")
    then: [{ id: later, action: act }]`,
  )
  expect(on.done).toEqual(['yes-branch'])
  expect(ended.steps.find(({ stepId }) => stepId === 'choose')?.output).toEqual({ taken: 'then' })
  expect(ended.steps.find(({ stepId }) => stepId === 'other')?.output).toEqual({ taken: 'else' })
})

test('a condition that cannot be evaluated is a failed step, and the run goes on', async () => {
  const ended = await run(`
  - { id: given, action: give, args: { a: 1 } }
  - id: broken
    if: steps.given.output.nothing.here > 3
    then: [{ id: never, action: act }]
    recover: [{ id: instead, action: act }]
  - { id: last, action: act }`)
  expect(on.done).toEqual(['instead', 'last'])
  expect(ended.steps[1]?.error).toMatchObject({ code: 'playbooks.Undecided' })
})

test('a loop does its steps for each item, and each turn has a result of its own', async () => {
  const ended = await run(
    `
  - id: each
    forEach: incident.protected.filter(p, p != "0x${'2'.repeat(40)}")
    steps:
      - { id: tell, action: act, args: { say: "{{ item }}" } }
      - id: only
        if: steps.tell.state == "succeeded" && item.startsWith("0x1")
        then: [{ id: first, action: act }]`,
    {
      incident: {
        protected: [`0x${'1'.repeat(40)}`, `0x${'2'.repeat(40)}`, `0x${'3'.repeat(40)}`],
      },
    },
  )
  expect(on.done).toEqual([`tell[0]: 0x${'1'.repeat(40)}`, 'first[0]', `tell[1]: 0x${'3'.repeat(40)}`])
  expect(statesOf(ended).at(-1)).toBe('each succeeded')
})

test('a list of more than a hundred is refused', async () => {
  const ended = await run(`
  - { id: many, action: give, args: { list: [${Array.from({ length: 101 }, (_, n) => n)}] } }
  - { id: each, forEach: steps.many.output.list, steps: [{ id: never, action: act }] }`)
  expect(on.done).toEqual([])
  expect(ended.steps.at(-1)?.error?.message).toContain('101 items')
})

test('a timer waits its time', async () => {
  const before = Date.now()
  await run('  - { id: pause, wait: { for: 300ms } }')
  expect(Date.now() - before).toBeGreaterThanOrEqual(300)
})

test('a signal that came before it was waited for is not lost, and one too late is refused', async () => {
  const begun = await begin(`
  - { id: first, action: slow, args: { ms: 200 } }
  - { id: held, wait: { signal: makers-told, timeout: 1m } }`)
  await say(begun.id, 'makers-told', { note: 'both' })
  const ended = await playbooks.wait(begun.id)
  expect(ended.steps.at(-1)?.output).toMatchObject({ answer: 'done', by: 'Ann', note: 'both' })
  await expect(say(begun.id, 'makers-told')).rejects.toMatchObject({ code: 'playbooks.NotWaiting' })
  await expect(say(begun.id, 'nothing')).rejects.toMatchObject({ code: 'playbooks.UnknownStep' })
  await expect(say('run-0', 'first')).rejects.toMatchObject({ code: 'playbooks.UnknownRun' })
})

const TASK = 'task: { title: Rotate, instructions: Rotate it., roles: [guardian]'

test('a task waits for a person, and who said what is in the run and on the timeline', async () => {
  const begun = await begin(`
  - { id: rotate, ${TASK}, timeout: 1m } }
  - { id: last, action: act, args: { say: "{{ steps.rotate.output.by }}" } }`)
  on.done.length = 0
  await waitsFor(begun.incidentId, 'rotate')
  await say(begun.id, 'rotate', { author: 'Gus', note: 'new key in the safe' })
  expect((await playbooks.wait(begun.id)).state).toBe('succeeded')
  expect(on.done).toEqual(['last: Gus'])
  const timeline = await listTimeline(on.store, begun.incidentId)
  expect(timeline.map(({ author, message }) => `${author}: ${message}`)).toContain(
    'Gus: Gus says done to rotate: new key in the safe',
  )
})

test('a refused task takes its recover branch, one out of time its onTimeout branch', async () => {
  const begun = await begin(`
  - { id: one, ${TASK}, timeout: 1m }, recover: [{ id: instead, action: act }] }
  - { id: two, ${TASK}, timeout: 50ms }, onTimeout: [{ id: escalate, action: act }] }
  - { id: three, ${TASK}, timeout: 50ms } }
  - { id: last, action: act }`)
  on.done.length = 0
  await say(begun.id, 'one', { answer: 'refuse' })
  const ended = await playbooks.wait(begun.id)
  expect(on.done).toEqual(['instead', 'escalate', 'last'])
  expect(statesOf(ended)).toEqual(
    expect.arrayContaining(['one refused', 'two timed-out', 'three timed-out', 'last succeeded']),
  )
  expect(ended.state).toBe('failed')
  expect(ended.steps.find(({ stepId }) => stepId === 'three')?.error).toMatchObject({
    code: 'playbooks.TimedOut',
  })
})

const APPROVAL = '{ title: Go, roles: [guardian, protocol-lead], quorum: 2, ttl: 1m }'

test('an approval counts people in its roles, each once', async () => {
  const begun = await begin(`  - { id: go, approval: ${APPROVAL} }`)
  await say(begun.id, 'go', { author: 'Ann' })
  await say(begun.id, 'go', { author: 'Ann' })
  await expect(say(begun.id, 'go', { author: 'Eve', roles: ['auditor'] })).rejects.toMatchObject({
    code: 'playbooks.NotInRole',
  })
  await waitsFor(begun.incidentId, 'go')
  await systemClock.sleep(250)
  await say(begun.id, 'go', { author: 'Bob', roles: ['protocol-lead'] })
  const [step] = (await playbooks.wait(begun.id)).steps
  expect(step?.output).toMatchObject({ approved: true, by: [{ author: 'Ann' }, { author: 'Bob' }] })
})

test('one refusal refuses an approval, and stops the playbook that says so', async () => {
  const begun = await begin(`
  - { id: go, approval: ${APPROVAL}, onFailure: stop }
  - { id: never, action: act }`)
  on.done.length = 0
  await say(begun.id, 'go', { author: 'Ann' })
  await say(begun.id, 'go', { author: 'Bob', answer: 'refuse', note: 'not yet' })
  const ended = await playbooks.wait(begun.id)
  expect(statesOf(ended)).toEqual(['go refused', 'never skipped'])
  expect(ended.steps[0]?.error?.message).toBe('Bob refused: not yet')
  expect(on.done).toEqual([])
})

test('a playbook runs in another, with ids of its own', async () => {
  const called = {
    inner:
      '  - { id: page, action: give, args: { a: 1 } }\n  - { id: use, if: steps.page.output.a == 1, then: [{ id: seen, action: act }] }',
  }
  const ended = await run(
    '  - { id: page, action: act }\n  - { id: call, playbook: inner }\n  - { id: again, playbook: inner }',
    { called },
  )
  expect(on.done).toEqual(['page', 'call/seen', 'again/seen'])
  expect(statesOf(ended)).toContain('call/page succeeded')
})

test('what was done is made good, the last first, when the playbook is stopped', async () => {
  const ended = await run(`
  - { id: one, action: act, compensate: [{ id: undo-one, action: act }] }
  - id: both
    parallel:
      - [{ id: two, action: act, compensate: [{ id: undo-two, action: act }] }]
      - [{ id: failed, action: fail, compensate: [{ id: undo-failed, action: act }] }]
  - { id: three, action: act, compensate: [{ id: undo-three, action: fail }] }
  - { id: end, action: fail, onFailure: stop }
  - { id: never, action: act }`)
  expect(on.done).toEqual(['one', 'two', 'three', 'undo-two', 'undo-one'])
  expect(statesOf(ended)).toEqual(expect.arrayContaining(['undo-three failed', 'never skipped']))
})

test('a playbook stopped within another is made good at once, and the outer one goes on', async () => {
  const called = {
    inner:
      '  - { id: set, action: act, compensate: [{ id: unset, action: act }] }\n  - { id: bad, action: fail, onFailure: stop }',
  }
  const ended = await run('  - { id: call, playbook: inner }\n  - { id: last, action: act }', { called })
  expect(on.done).toEqual(['call/set', 'call/unset', 'last'])
  expect(statesOf(ended)).toContain('call failed')
})

test('an edit of a playbook, or of one that it calls, does not reach a run that has begun', async () => {
  const inner = (word: string): Record<string, string> => ({
    inner: `  - { id: say, action: act, args: { say: ${word} } }`,
  })
  const text = `  - { id: hold, ${TASK}, timeout: 1m } }\n  - { id: call, playbook: inner }`
  const before = playbookOf(text, inner('old'))
  const after = playbookOf(text, inner('new'))
  expect(after.contentHash).not.toBe(before.contentHash)
  on.done.length = 0
  const incident = await on.incident()
  const begun = await playbooks.begin(incident, before)
  await waitsFor(incident.id, 'hold')
  expect((await playbooks.begin(incident, after)).contentHash).toBe(before.contentHash)
  await say(begun.id, 'hold')
  await playbooks.wait(begun.id)
  expect(on.done).toEqual(['call/say: old'])
})

test('a stopped task waits on after the next start, and hears what was said meanwhile', async () => {
  const begun = await begin(`
  - id: both
    parallel:
      - [{ id: rotate, ${TASK}, timeout: 1m } }]
      - [{ id: quick, action: act }]
  - { id: last, action: act }`)
  on.done.length = 0
  await waitsFor(begun.incidentId, 'rotate')
  await playbooks.stop()
  await say(begun.id, 'rotate')
  playbooks = await on.start()
  expect((await playbooks.wait(begun.id)).state).toBe('succeeded')
  expect(on.done).toContain('last')
  const asked = (await listTimeline(on.store, begun.incidentId)).filter(({ message }) =>
    message.startsWith('Step rotate waits'),
  )
  expect(asked).toHaveLength(1)
})
