import { expect, test } from 'vitest'
import { playbookOf } from '../../test/harness/playbooks.ts'

function problemOf(steps: string, called: Record<string, string> = {}): string {
  try {
    playbookOf(steps, called)
    return 'none'
  } catch (thrown) {
    return String(thrown)
  }
}

test('an expression that cannot be is named with its line and field', () => {
  expect(
    problemOf('  - id: choose\n    if: incident.severity ==\n    then: [{ id: a, action: act }]'),
  ).toMatchInlineSnapshot(`
    "playbooks.InvalidPlaybook: The playbook testing.yaml is not valid.
      file: testing.yaml
      line: 9
      field: steps[0].if
      problem: Unexpected token: EOF
    Fix: Correct \`steps[0].if\` in line 9; docs/schemas/playbook.schema.json lists what is allowed."
  `)
})

test.each([
  ['incident.severty == "high"', 'the incident has no field severty'],
  ['steps.nothing.state == "failed"', 'there is no step nothing'],
  ['alert.amount > 3', 'the alert has no field amount'],
  ['run.id == "x"', 'Unknown variable: run'],
  ['incident.title.matches("(a+)+$")', 'matches() takes time without bound'],
  ['size(incident.categories)', 'must give bool or dyn'],
  ['item == "x"', 'item exists only in the steps of a forEach'],
])('the condition %s is refused: %s', (text, problem) => {
  expect(problemOf(`  - { id: a, if: '${text}', then: [{ id: b, action: act }] }`)).toContain(problem)
})

test.each([
  ['{{ steps.nothing.output }}', 'there is no step nothing'],
  ['{{ incident.title + 1 }}', 'must be one path'],
  ['{{ process.env }}', 'must be one path'],
  ['{{ item }}', 'item exists only in the steps of a forEach'],
  ['{{ alert.nothing }}', 'the alert has no field nothing'],
])('the template %s is refused: %s', (text, problem) => {
  expect(problemOf(`  - { id: a, action: act, args: { say: '${text}' } }`)).toContain(problem)
})

test('a mistake deep in a block is told in terms of that block', () => {
  const text = `
  - id: both
    parallel:
      - [{ id: a, action: act }]
      - - id: b
          if: "true"
          then:
            - { id: ask, task: { title: T, instructions: I, roles: [janitor], timeout: 1h } }`
  expect(problemOf(text)).toContain('field: steps[0].parallel[1][0].then[0].task.roles[0]')
  expect(problemOf(text.replace('janitor', 'guardian').replace('1h', 'an hour'))).toContain(
    'a duration as 30s',
  )
  expect(problemOf(text.replace('janitor', 'guardian').replace('then:', 'than:'))).toContain(
    'steps[0].parallel[1][0]',
  )
  expect(problemOf('  - { id: a, acton: notify }')).toContain('a step needs one of action, parallel')
})

test('two steps with one id are refused, however deep they are', () => {
  expect(
    problemOf('  - { id: a, action: act }\n  - { id: b, if: "true", then: [{ id: a, action: act }] }'),
  ).toContain('there are two steps a')
})

test('a text that contains itself is refused', () => {
  expect(problemOf('  - &a { id: a, if: "true", then: [*a] }')).toContain('playbooks.InvalidPlaybook')
})

const call = (id: string, of: string): string => `  - { id: ${id}, playbook: ${of} }`

test('a playbook that calls itself, over others too, is refused', () => {
  expect(problemOf(call('a', 'two'), { two: call('b', 'testing') })).toContain(
    'playbooks in a circle: testing → two → testing',
  )
})

test('a fifth level is refused, the fourth is not', () => {
  const four = { two: call('a', 'three'), three: call('a', 'four'), four: '  - { id: a, action: act }' }
  expect(problemOf(call('a', 'two'), four)).toBe('none')
  expect(
    problemOf(call('a', 'two'), { ...four, four: call('a', 'five'), five: '  - { id: a, action: act }' }),
  ).toContain('more than 4 levels')
})

test('a playbook that is not there is named', () => {
  expect(problemOf(call('a', 'nowhere'))).toContain('there is no playbook nowhere among those loaded')
})
