import { expect, test } from 'vitest'
import { gapsIn } from './coverage.ts'
import { parsePlaybook } from './parse.ts'

const made = (id: string, when: object) =>
  parsePlaybook(
    JSON.stringify({
      id,
      title: id,
      owner: 'o',
      level: 'test',
      description: 'd',
      when,
      steps: [{ id: 'a', action: 'notify' }],
    }),
    id,
  )

test('a category that nothing is begun for is told once, with the kinds of protocol', () => {
  const playbooks = [
    made('drains', { severity: 'high', categories: ['drain'], protocols: ['vault', 'other'] }),
  ]
  expect(gapsIn(playbooks, ['drain', 'donation'])).toMatchObject([
    {
      category: 'drain',
      problem: 'no playbook starts for it',
      protocols: expect.not.arrayContaining(['vault']),
    },
    { category: 'donation', protocols: expect.arrayContaining(['vault', 'other']) },
  ])
})

test('two playbooks that only their ids tell apart are told of', () => {
  const playbooks = [
    made('one', { severity: 'high', categories: ['drain'] }),
    made('two', { severity: 'high', categories: ['drain'] }),
  ]
  expect(gapsIn(playbooks, ['drain'])).toMatchObject([{ problem: 'one and two fit it equally well' }])
})

test('one that is for critical attacks only leaves those at high open', () => {
  expect(gapsIn([made('worst', { severity: 'critical' })], ['drain'])).toHaveLength(1)
  expect(
    gapsIn([made('all', { severity: 'high' }), made('worst', { severity: 'critical' })], ['drain']),
  ).toEqual([])
})
