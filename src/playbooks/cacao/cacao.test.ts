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

function foreign(steps: Record<string, object>): string {
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
  })
}

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
    "playbooks.CacaoRefused: This CACAO playbook cannot be taken over: action--00000000-0000-5000-8000-000000000001: commands of type bash are not carried out here.
    Fix: Change that step in the tool that wrote the file, or write the playbook here: docs/guides/playbooks.md."
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
