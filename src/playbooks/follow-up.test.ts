import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { PinnedPlaybook } from '../model/playbook.ts'
import { actionKinds } from '../respond/actions/registry.ts'
import { followUpOf } from './follow-up.ts'
import { parsePlaybook } from './parse.ts'
import { walk } from './walk.ts'

function aPlaybook(steps: unknown[]): PinnedPlaybook {
  const head = { id: 'own', title: 'Own', owner: 'operations', level: 'test', description: 'x' }
  return parsePlaybook(
    JSON.stringify({ ...head, when: { severity: 'high' }, steps }),
    'own.yaml',
    actionKinds,
  )
}

const contain = { id: 'contain', action: 'contain', args: { action: 'pause' } }
const page = { id: 'page', action: 'notify', args: { roles: ['guardian'], title: 'Look' } }
const task = {
  id: 'look',
  task: { title: 'Look', instructions: 'Look.', roles: ['operations'], timeout: '1h' },
}
const pull = { id: 'pull', action: 'pull-approved', args: { wait: '10m' } }

/** Built of entries, because an object with a `then` looks like something to wait for. */
const when = (condition: string, ...branches: [string, unknown[]][]) =>
  Object.fromEntries<unknown>([['id', 'when'], ['if', condition], ...branches])

const idsOf = ({ playbook }: PinnedPlaybook) => [...walk(playbook.steps)].map(({ step }) => step.id)
const AFTER = ['news-of-further-attack', 'tell-of-further-attack']
const PULLED = ['proposed-for-further-attack', 'approved-for-further-attack']

test('only what contains is done again, out of blocks that hold nothing else', () => {
  const whole = aPlaybook([{ id: 'act', parallel: [[contain], [page]] }, { ...page, id: 'told' }, task])
  expect(idsOf(followUpOf(whole))).toEqual(['contain', ...AFTER])
})

test('levers that are pulled side by side still are, and conditions go with them', () => {
  const second = { ...contain, id: 'cancel', args: { action: 'cancel' } }
  const either = when('incident.severity == "critical"', ['then', [second]], ['else', [page]])
  const whole = aPlaybook([{ id: 'act', parallel: [[contain], [either]] }, task])
  expect(idsOf(followUpOf(whole))).toEqual(['act', 'contain', 'when', 'cancel', ...AFTER])
})

test('what people approve is pulled, where the playbook pulls it', () => {
  expect(idsOf(followUpOf(aPlaybook([contain, pull, task])))).toEqual(['contain', ...AFTER, ...PULLED])
})

test('what comes after people is theirs: where nothing contains before, the whole is done again', () => {
  const asked = aPlaybook([task, contain])
  expect(followUpOf(asked)).toBe(asked)
  const told = aPlaybook([page])
  expect(followUpOf(told)).toBe(told)
})

test('where a condition speaks of a step that would be missing, the whole is done again', () => {
  const whole = aPlaybook([page, when('steps.page.state == "succeeded"', ['then', [contain]])])
  expect(followUpOf(whole)).toBe(whole)
})

test('every shipped playbook that contains has one that asks nobody', () => {
  const folder = new URL('../../playbooks/', import.meta.url)
  for (const file of readdirSync(folder)) {
    const whole = parsePlaybook(readFileSync(new URL(file, folder), 'utf8'), file, actionKinds)
    const followUp = followUpOf(whole)
    if (followUp === whole) continue
    const steps = [...walk(followUp.playbook.steps)].map(({ step }) => step)
    expect(steps.some((step) => 'task' in step || 'approval' in step || 'wait' in step)).toBe(false)
    expect(followUp.contentHash).not.toBe(whole.contentHash)
  }
})
