import { expect, test } from 'vitest'
import { linkPlaybooks } from './link.ts'
import { parsePlaybook } from './parse.ts'
import { lacksOf } from './pulled.ts'

const contain = '{ id: contain, action: contain, args: { action: pause } }'
const pull = '{ id: pull, action: pull-approved, args: { wait: 30m } }'
const ask = '{ id: ask, task: { title: t, instructions: i, roles: [guardian], timeout: 1h } }'
const vote = '{ id: vote, approval: { title: t, roles: [guardian], ttl: 1h } }'
const page = '{ id: page, action: notify, args: {} }'

function pinned(id: string, steps: readonly string[], more = '') {
  const head = [`id: ${id}`, 'title: t', 'owner: o', 'level: test', 'description: d']
  const text = [
    ...head,
    'when: { severity: high }',
    ...(more === '' ? [] : [more]),
    'steps:',
    ...steps.map((step) => `  - ${step}`),
  ]
  return parsePlaybook(text.join('\n'), id)
}
const lacks = (...steps: string[]): string[] => lacksOf(pinned('made', steps))

test.each([
  ['right after it', [contain, pull]],
  [
    'where the pause was only proposed',
    [contain, `{ id: open, if: steps.contain.state != "x", then: [${pull}] }`],
  ],
  ['beside what people do', [contain, `{ id: all, parallel: [[${pull}], [${ask}, ${vote}]] }`]],
  [
    'after the approval that containing waits for',
    [vote, `{ id: yes, if: steps.vote.state == "succeeded", then: [${contain}, ${pull}] }`],
  ],
])('nothing is lacking where what is approved is pulled %s', (_, steps) => {
  expect(lacks(...steps)).toEqual([])
})

test.each([
  ['never', [contain, page], 'no step pulls what people approve after step contain'],
  ['before', [pull, contain], 'no step pulls what people approve after step contain'],
  ['beside the containment itself', [`{ id: act, parallel: [[${contain}], [${pull}]] }`], 'no step pulls'],
  ['when somebody has answered', [contain, ask, pull], 'only when step ask has ended'],
  [
    'if a vote is won',
    [contain, `{ id: yes, if: steps.vote.state == "succeeded", then: [${pull}] }`, vote],
    'no step pulls',
  ],
  ['in a time-out', [contain, ask.replace('} }', `}, onTimeout: [${pull}] }`)], 'no step pulls'],
  ['after one of two', [contain, pull, contain.replace('id: contain', 'id: again')], 'after step again'],
])('a playbook that pulls what is approved %s is told of', (_, steps, problem) => {
  expect(lacks(...steps).join()).toContain(problem)
})

test('what a called playbook contains and pulls counts', () => {
  const outer = (steps: readonly string[]): string[] => {
    const [linked] = linkPlaybooks([
      { file: 'a', pinned: pinned('outer', ['{ id: first, playbook: inner }']) },
      { file: 'b', pinned: pinned('inner', steps) },
    ])
    return linked === undefined ? ['none'] : lacksOf(linked)
  }
  expect(outer([contain, pull])).toEqual([])
  expect(outer([contain])).toHaveLength(1)
})

test('a playbook that contains nothing says why, and one that contains does not say that it does not', () => {
  expect(lacks(page)).toEqual([expect.stringContaining('does not say why')])
  expect(lacksOf(pinned('made', [page], 'notContained: the site is at fault'))).toEqual([])
  expect(lacksOf(pinned('made', [contain, pull], 'notContained: no'))).toHaveLength(1)
})
