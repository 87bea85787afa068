import { expect, test } from 'vitest'
import { z } from 'zod'
import { playbookSchema } from '../model/playbook.ts'
import { hashPlaybook, parsePlaybook } from './parse.ts'

const good = `id: hello
title: Hello
owner: operations
level: test
description: Says hello.
when: { severity: low }
steps:
  - id: greet
    action: notify
    args: { roles: [operations] }
`
const actions = [{ name: 'notify', args: z.strictObject({ roles: z.array(z.string()) }) }]

const failureOf = (text: string): string => {
  try {
    parsePlaybook(text, 'hello.yaml', actions)
    return 'no failure'
  } catch (thrown) {
    return String(thrown)
  }
}

test('a playbook is read with its defaults and keeps its source', () => {
  const pinned = parsePlaybook(good, 'hello.yaml', actions)
  expect(pinned.source).toBe(good)
  expect(pinned.playbook.steps).toEqual([
    { id: 'greet', action: 'notify', args: { roles: ['operations'] }, onFailure: 'continue' },
  ])
})

test('the hash is over what a playbook says, not over how it is laid out', () => {
  const { contentHash } = parsePlaybook(good, 'a.yaml')
  expect(parsePlaybook(`# a comment\n${good}references: []\n`, 'b.yaml').contentHash).toBe(contentHash)
  expect(parsePlaybook(good.replace('Says hello', 'Says bye'), 'c.yaml').contentHash).not.toBe(contentHash)
  expect(hashPlaybook(parsePlaybook(good, 'a.yaml').playbook)).toBe(contentHash)
})

test('a misspelt field is named with its line', () => {
  expect(failureOf(good.replace('    args:', '    argz:'))).toMatchInlineSnapshot(`
    "playbooks.InvalidPlaybook: The playbook hello.yaml is not valid.
      file: hello.yaml
      line: 10
      field: steps[0].argz
      problem: Unrecognized key: "argz"
    Fix: Correct \`steps[0].argz\` in line 10; docs/schemas/playbook.schema.json lists what is allowed."
  `)
})

test('a wrong value is named with its line', () => {
  expect(failureOf(good.replace('severity: low', 'severity: huge'))).toMatchInlineSnapshot(`
    "playbooks.InvalidPlaybook: The playbook hello.yaml is not valid.
      file: hello.yaml
      line: 6
      field: when.severity
      problem: Invalid option: expected one of "info"|"low"|"medium"|"high"|"critical"
    Fix: Correct \`when.severity\` in line 6; docs/schemas/playbook.schema.json lists what is allowed."
  `)
})

test('broken YAML is named with its line', () => {
  expect(failureOf(good.replace('title: Hello', 'title: "Hello'))).toContain('field: YAML')
})

test('an unknown action is named with its step, its line and what there is', () => {
  expect(failureOf(good.replace('action: notify', 'action: shout'))).toMatchInlineSnapshot(`
    "playbooks.UnknownAction: Step greet names an action that does not exist.
      file: hello.yaml
      line: 9
      step: greet
      action: shout
      known: ["notify"]
    Fix: Use one of: notify."
  `)
})

test('arguments that do not fit the action are named with their line', () => {
  expect(failureOf(good.replace('roles: [operations]', 'rolls: [operations]'))).toContain('line: 10')
})

test('two steps with one id are refused', () => {
  const twice = `${good}  - id: greet\n    action: notify\n    args: { roles: [] }\n`
  expect(failureOf(twice)).toContain('there are two steps greet')
})

test('a bomb of aliases is refused', () => {
  const bomb = Array.from({ length: 12 }, (_, n) => `a${n + 1}: &a${n + 1} [${`*a${n},`.repeat(9)}]`)
  expect(failureOf(`a0: &a0 [x]\n${bomb.join('\n')}\n`)).toContain('playbooks.InvalidPlaybook')
})

test('docs/schemas/playbook.schema.json is current', async () => {
  const schema = z.toJSONSchema(playbookSchema, { io: 'input' })
  const text = `${JSON.stringify({ ...schema, title: 'Cordon playbook' }, null, 2)}\n`
  await expect(text).toMatchFileSnapshot('../../docs/schemas/playbook.schema.json')
})
