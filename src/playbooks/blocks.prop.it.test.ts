import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Stage, stage } from '../../test/harness/playbooks.ts'
import { sqlOn } from '../../test/harness/postgres.ts'
import type { PinnedPlaybook, Step, StepResult } from '../model/playbook.ts'
import { parsePlaybook } from './parse.ts'
import type { Playbooks } from './runner.ts'

let on: Stage
let playbooks: Playbooks
beforeAll(async () => {
  on = await stage()
  playbooks = await on.start()
})
afterAll(() => on.close())

type Made = Record<string, unknown>
const failing = fc.boolean()
const mood = fc.constantFrom('continue', 'stop')

/** Steps without ids, of every block, three deep. */
const steps = fc.letrec<{ list: Made[]; step: Made }>((tie) => ({
  list: fc.array(tie('step'), { minLength: 1, maxLength: 3, depthIdentifier: 'steps' }),
  step: fc.oneof(
    { maxDepth: 3, depthIdentifier: 'steps' },
    fc
      .record({ fails: failing, onFailure: mood })
      .map(({ fails, onFailure }) => ({ action: fails ? 'fail' : 'act', onFailure })),
    fc.constant({ wait: { for: '1ms' } }),
    fc.constant({ task: { title: 't', instructions: 'i', roles: ['guardian'], timeout: '1ms' } }),
    fc.tuple(tie('list'), tie('list')).map((branches) => ({ parallel: branches })),
    fc.record({
      if: fc.constantFrom('true', 'incident.severity == "low"'),
      // biome-ignore lint/suspicious/noThenProperty: a word of the language
      then: tie('list'),
      else: tie('list'),
    }),
    fc.record({ forEach: fc.constantFrom('[1, 2]', 'incident.categories'), steps: tie('list') }),
    fc
      .record({ list: tie('list'), onFailure: mood })
      .map(({ list, onFailure }) => ({ action: 'fail', recover: list, onFailure })),
    tie('list').map((list) => ({ action: 'act', compensate: list })),
  ),
})).list

function numbered(list: readonly Made[], next: { id: number }): Made[] {
  return list.map((step) => {
    const id = `s${next.id++}`
    const inner = Object.fromEntries(
      Object.entries(step).map(([field, value]) => {
        if (field === 'parallel') return [field, (value as Made[][]).map((branch) => numbered(branch, next))]
        return [field, Array.isArray(value) ? numbered(value as Made[], next) : value]
      }),
    )
    return { id, ...inner }
  })
}

function pinned(list: readonly Made[]): PinnedPlaybook {
  const head = {
    id: 'made',
    title: 'T',
    owner: 'o',
    level: 'test',
    description: 'd',
    when: { severity: 'low' },
  }
  return parsePlaybook(JSON.stringify({ ...head, steps: numbered(list, { id: 0 }) }), 'made.yaml')
}

/** Every step of a list ended once in each turn in which the list was begun; none is left out. */
function allEnded(list: readonly Step[], turn: string, results: ReadonlyMap<string, StepResult>): void {
  for (const step of list) {
    const key = turn === '' ? step.id : `${step.id}[${turn}]`
    const result = results.get(key)
    expect(result, key).toBeDefined()
    if (result === undefined || result.state === 'skipped') continue
    if ('parallel' in step) for (const branch of step.parallel) allEnded(branch, turn, results)
    if ('if' in step) {
      const { taken } = result.output as { taken: 'then' | 'else' }
      allEnded(step[taken] ?? [], turn, results)
    }
    if ('forEach' in step) {
      const { done } = result.output as { done: number }
      for (let n = 0; n < done; n++) allEnded(step.steps, turn === '' ? `${n}` : `${turn}.${n}`, results)
    }
    if (result.state === 'failed' && 'action' in step) allEnded(step.recover ?? [], turn, results)
  }
}

test('whatever blocks a playbook is made of, it ends, and each step that was come to is recorded once', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (list) => {
      const playbook = pinned(list)
      on.done.length = 0
      const run = await playbooks.wait((await playbooks.begin(await on.incident(), playbook)).id)
      expect(run.state).not.toBe('running')
      const results = new Map(run.steps.map((step) => [step.stepId, step]))
      expect(results.size).toBe(run.steps.length)
      expect(new Set(on.done).size).toBe(on.done.length)
      allEnded(playbook.playbook.steps, '', results)
      const told = await sqlOn(
        on.url,
        `SELECT count(*)::int AS n FROM timeline WHERE facts->>'runId' = '${run.id}' AND facts ? 'endedAt'`.replace(
          'facts ?',
          'facts::jsonb ?',
        ),
      )
      expect(told[0]?.['n']).toBe(run.steps.length)
    }),
    { numRuns: 40, seed: 7, endOnFailure: true },
  )
})
