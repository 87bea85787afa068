import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { canonicalJson } from '../../kit/json.ts'
import { parsePlaybook } from '../parse.ts'
import { exportCacao } from './export.ts'
import { importCacao } from './import.ts'
import { type Cacao, cacaoSchema, problemsOf } from './schema.ts'

const files = readdirSync('playbooks').filter((name) => name.endsWith('.yaml'))
const AT = Date.UTC(2026, 10, 22)
const exported = (file: string): Cacao =>
  exportCacao(parsePlaybook(readFileSync(`playbooks/${file}`, 'utf8'), file), AT)

test.each(files)('%s is exported by the field rules of CACAO 2.0, every step reachable', (file) => {
  const cacao = JSON.parse(JSON.stringify(exported(file)))
  expect(problemsOf(cacaoSchema.parse(cacao))).toEqual([])
  const text = JSON.stringify(cacao)
  for (const id of Object.keys(cacao.workflow)) expect(text.split(`"${id}"`).length).toBeGreaterThan(2)
})

test.each(files)('%s comes back from CACAO as it was', (file) => {
  const { playbook } = parsePlaybook(readFileSync(`playbooks/${file}`, 'utf8'), file)
  const back = parsePlaybook(importCacao(JSON.stringify(exported(file))), file).playbook
  const trimmed = { ...playbook, description: playbook.description.trim() }
  expect(JSON.parse(canonicalJson(back))).toEqual(JSON.parse(canonicalJson(trimmed)))
})

const id = (type: string, n: number): string => `${type}--00000000-0000-5000-8000-00000000000${n}`

function foreign(steps: Record<string, object>, more: object = {}): string {
  const time = '2026-11-22T00:00:00.000Z'
  return JSON.stringify({
    type: 'playbook',
    spec_version: 'cacao-2.0',
    id: id('playbook', 1),
    name: 'Phishing of staff',
    created_by: id('identity', 1),
    created: time,
    modified: time,
    workflow_start: id('start', 1),
    workflow: {
      [id('start', 1)]: { type: 'start', on_completion: Object.keys(steps)[0] },
      [id('end', 1)]: { type: 'end' },
      ...steps,
    },
    ...more,
  })
}

const imported = (text: string) => parsePlaybook(importCacao(text), 'back.yaml').playbook
const manual = (fields: object = {}, command: object = { command: 'Do it.' }): Record<string, object> => ({
  [id('action', 1)]: {
    type: 'action',
    name: 'Rotate',
    commands: [{ type: 'manual', ...command }],
    on_completion: id('end', 1),
    ...fields,
  },
})

test('a foreign playbook of manual steps becomes tasks, begun by people', () => {
  const text = importCacao(
    foreign({
      [id('action', 1)]: {
        type: 'action',
        name: 'Reset the password',
        timeout: 3_600_000,
        commands: [{ type: 'manual', command: 'Reset it.' }],
        on_completion: id('end', 1),
      },
    }),
  )
  const { playbook } = parsePlaybook(text, 'back.yaml')
  expect(playbook).toMatchObject({ id: 'phishing-of-staff', when: { manual: true } })
  expect(playbook.steps).toMatchObject([
    { id: 'reset-the-password', task: { instructions: 'Reset it.', timeout: '3600s' } },
  ])
})

const failureOf = (text: string): string => {
  try {
    return importCacao(text)
  } catch (thrown) {
    return String(thrown)
  }
}

test('code is refused by its name', () => {
  const commands = [{ type: 'bash', command: 'rm -rf /' }]
  const step = { type: 'action', commands, on_completion: id('end', 1) }
  expect(failureOf(foreign({ [id('action', 1)]: step }))).toMatchInlineSnapshot(`
    "playbooks.CacaoRefused: Cordon cannot import this CACAO playbook: action--00000000-0000-5000-8000-000000000001: commands of type bash are not carried out here.
    Fix: Change that in the tool that wrote the file, or write the playbook for Cordon: docs/guides/playbooks.md."
  `)
})

test.each([
  ['while-condition', { condition: 'x', on_true: id('end', 1), on_completion: id('end', 1) }],
  ['switch-condition', { switch: 'x', cases: { default: id('end', 1) }, on_completion: id('end', 1) }],
  ['playbook-action', { playbook_id: id('playbook', 2), on_completion: id('end', 1) }],
])('%s is refused by its name', (type, fields) => {
  expect(failureOf(foreign({ [id(type, 1)]: { type, ...fields } }))).toContain(`${id(type, 1)}: `)
})

test('a step that leads nowhere, a circle, and what is no CACAO are refused', () => {
  const commands = [{ type: 'manual', command: 'x' }]
  const to = (next: string): object => ({ type: 'action', commands, on_completion: next })
  expect(failureOf(foreign({ [id('action', 1)]: to(id('action', 7)) }))).toContain('leads to action--')
  expect(failureOf(foreign({ [id('action', 1)]: to(id('action', 1)) }))).toContain('come to twice')
  expect(failureOf('{"type":"playbook"}')).toContain('spec_version')
  expect(failureOf('no')).toContain('not JSON')
})

test('instructions in base64 are decoded, and refused by name where they are no text', () => {
  const command_b64 = Buffer.from('1. Revoke – 2. Issue').toString('base64')
  expect(imported(foreign(manual({}, { command_b64 }))).steps).toMatchObject([
    { task: { instructions: '1. Revoke – 2. Issue' } },
  ])
  for (const [bad, why] of [
    ['***', 'not base64'],
    ['/////w==', 'not text'],
  ] as const)
    expect(failureOf(foreign(manual({}, { command_b64: bad })))).toContain(`command_b64 is ${why}`)
  expect(failureOf(foreign(manual({}, { command: 'other', command_b64 })))).toContain('different things')
})

test('a delay becomes a wait before the step', () => {
  expect(imported(foreign(manual({ delay: 600_000 }))).steps).toMatchObject([
    { id: 'before-rotate', wait: { for: '600000ms' } },
    { id: 'rotate' },
  ])
})

test('who does it and to whom, owner and references of a step stand in the instructions', () => {
  const [agent, target] = [id('individual', 1), id('individual', 2)]
  const text = foreign(
    manual({
      description: 'After the multisig',
      owner: id('identity', 2),
      agent,
      targets: [target],
      external_references: [{ name: 'Runbook', url: 'https://example.org/step' }],
    }),
    {
      agent_definitions: { [agent]: { type: 'individual', name: 'Guardian on call' } },
      target_definitions: { [target]: { type: 'individual', name: 'Bridge operator' } },
    },
  )
  const [step] = imported(text).steps
  const { instructions } = (step as { task: { instructions: string } }).task
  for (const part of [
    'After the multisig',
    id('identity', 2),
    'Guardian on call',
    'Bridge operator',
    'https://example.org/step',
  ])
    expect(instructions).toContain(part)
})

test('whatever else the playbook says stands in its description and references', () => {
  const { description, references } = imported(
    foreign(manual(), {
      severity: 70,
      priority: 3,
      labels: ['bridge'],
      playbook_types: ['mitigation'],
      valid_until: '2027-01-01T00:00:00.000Z',
      markings: ['marking-tlp--00000000-0000-5000-8000-000000000001'],
      workflow_exception: id('end', 1),
      external_references: [{ name: 'Runbook', url: 'https://example.org/runbook', source: 'us' }],
    }),
  )
  for (const part of [
    'Severity: 70',
    'Priority: 3',
    'bridge',
    'mitigation',
    '2027-01-01',
    'marking-tlp',
    'exception',
  ])
    expect(description).toContain(part)
  expect(references).toEqual(['Runbook: https://example.org/runbook (source us)'])
})

test.each<[string, string, string]>([
  [
    'variables',
    foreign(manual(), { playbook_variables: { $$ip$$: { type: 'string' } } }),
    'playbook_variables',
  ],
  [
    'variables of a step',
    foreign(manual({ step_variables: { $$ip$$: { type: 'string' } } })),
    'step_variables',
  ],
  ['arguments', foreign(manual({ in_args: ['$$ip$$'] })), 'in_args'],
  ['credentials', foreign(manual(), { authentication_info_definitions: { a: {} } }), 'authentication_info'],
  [
    'what another product adds',
    foreign(manual({ step_extensions: { other: { x: 1 } } })),
    'other is not known',
  ],
  ['a withdrawn playbook', foreign(manual(), { revoked: true }), 'revoked'],
  [
    'an exception that leads to a step',
    foreign(manual(), { workflow_exception: id('action', 1) }),
    'exception',
  ],
  ['a field of nobody', foreign(manual({ colour: 'red' })), 'colour'],
  ['no time at all', foreign(manual({ timeout: 0 })), 'timeout of 0 ms'],
  ['instructions too long', foreign(manual({}, { command: 'x'.repeat(4_001) })), 'longer than 4000'],
  [
    'a step that is never come to',
    foreign({ ...manual(), [id('action', 2)]: manual()[id('action', 1)] ?? {} }),
    'no step leads',
  ],
])('%s: refused by name', (_name, text, name) => {
  expect(failureOf(text)).toContain(name)
})

test('a note nested a hundred thousand levels deep is refused', () => {
  const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`
  expect(
    failureOf(foreign(manual(), { labels: ['x'], related_to: 'deep' }).replace('"deep"', `{"a":${deep}}`)),
  ).toContain('nested too deeply')
})

const task = (n: number, next: string, name = `Task ${n}`): Record<string, object> => ({
  [id('action', n)]: {
    type: 'action',
    name,
    commands: [{ type: 'manual', command: 'Do it.' }],
    on_completion: next,
  },
})

test('branches that come together again are joined once, in parallel and in conditions, nested too', () => {
  const { steps } = imported(
    foreign({
      [id('parallel', 1)]: {
        type: 'parallel',
        name: 'Both',
        next_steps: [id('action', 1), id('if-condition', 1)],
      },
      ...task(1, id('action', 5)),
      [id('if-condition', 1)]: {
        type: 'if-condition',
        name: 'Grave',
        condition: 'people',
        on_true: id('action', 2),
        on_false: id('action', 3),
      },
      ...task(2, id('action', 4)),
      ...task(3, id('action', 4)),
      ...task(4, id('action', 5)),
      ...task(5, id('end', 1)),
    }),
  )
  expect(steps.map(({ title }) => title)).toEqual(['Both', 'Task 5'])
  const [both] = steps
  const branches = both !== undefined && 'parallel' in both ? both.parallel : []
  expect(branches.map((branch) => branch.map(({ title }) => title))).toEqual([
    ['Task 1'],
    ['Grave', 'Task 4'],
  ])
  expect(JSON.stringify(steps).match(/Task 5/g)).toHaveLength(2)
})

test('a branch that ends while the other goes on is no join', () => {
  const { steps } = imported(
    foreign({
      [id('if-condition', 1)]: {
        type: 'if-condition',
        name: 'Grave',
        condition: 'people',
        on_true: id('action', 1),
        on_false: id('end', 1),
      },
      ...task(1, id('end', 1)),
    }),
  )
  expect(steps.map(({ title }) => title)).toEqual(['Grave'])
})
