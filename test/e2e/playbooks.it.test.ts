import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { listRuns } from '../../src/store/runs.ts'
import { listTimeline } from '../../src/store/timeline.ts'
import { startCordon } from '../harness/cordon-process.ts'
import { type Stage, stage } from '../harness/playbooks.ts'

let on: Stage
let dir: string
beforeAll(async () => {
  on = await stage()
  dir = await mkdtemp(join(tmpdir(), 'cordon-playbooks-'))
})
afterAll(async () => {
  await on.close()
  await rm(dir, { recursive: true, force: true })
})

async function cordon(...args: string[]) {
  const child = startCordon({ args: ['playbooks', ...args], cwd: dir, env: { DATABASE_URL: on.url } })
  const { code } = await child.ended
  const errors = child
    .stderr()
    .split('\n')
    .filter((line) => line.includes('"type":"error"'))
  return { code, lines: child.lines, errors: errors.map((line) => JSON.parse(line)) }
}

const MADE = `id: made
title: Made
owner: o
level: test
description: d
notContained: it only tells
when: { severity: low }
steps:
  - id: choose
    if: incident.severty == "high"
    then: [{ id: tell, action: notify, args: { roles: [janitor], title: t } }]
`

test('lint tells every file that is not valid, with line, field and fix, and exits with 2', async () => {
  await writeFile(join(dir, 'one.yaml'), MADE)
  await writeFile(join(dir, 'two.yaml'), MADE.replace('severty', 'severity'))
  await writeFile(join(dir, 'good.yaml'), MADE.replace('severty', 'severity').replace('janitor', 'guardian'))
  const { code, lines, errors } = await cordon('lint', 'one.yaml', 'two.yaml', 'good.yaml')
  expect(code).toBe(2)
  expect(errors).toMatchObject([
    { facts: { line: 10, field: 'steps[0].if', problem: 'the incident has no field severty' } },
    { facts: { line: 11, field: 'steps[0].then[0].args.roles[0]' }, fix: expect.stringContaining('line 11') },
  ])
  expect(lines).toMatchObject([{ type: 'playbook-lint', id: 'made', valid: true }])
  expect((await cordon('lint')).code).toBe(0)
  await writeFile(
    join(dir, 'hole.yaml'),
    MADE.replace('severty', 'severity')
      .replace('janitor', 'guardian')
      .replace('notContained: it only tells\n', ''),
  )
  const hole = await cordon('lint', 'hole.yaml')
  expect(hole).toMatchObject({
    code: 2,
    errors: [{ code: 'playbooks.Incomplete', facts: { playbook: 'made' } }],
  })
})

test('a dry run prints the plan and writes nothing', async () => {
  const incident = await on.incident()
  const { code, lines } = await cordon('run', 'oracle-manipulation', '--incident', incident.id, '--dry-run')
  expect(code).toBe(0)
  expect(lines[0]).toMatchObject({
    type: 'plan',
    steps: expect.arrayContaining([
      { depth: 2, id: 'act', block: 'parallel', under: 'its steps', what: '2 branches at once' },
    ]),
  })
  expect(await listTimeline(on.store, incident.id)).toEqual([])
  expect(await listRuns(on.store, incident.id)).toEqual([])
})

test('a run that a person began is taken up, and what a person answers is on the timeline', async () => {
  const playbooks = await on.start()
  const incident = await on.incident()
  const begun = await cordon('run', 'vulnerability-disclosed', '--incident', incident.id, '--by', 'Ilse')
  const run = String(begun.lines[0]?.['id'])
  const told = async (): Promise<string> =>
    (await listTimeline(on.store, incident.id))
      .map(({ author, message }) => `${author}: ${message}`)
      .join('\n')
  await expect.poll(told).toContain('Step receive waits 2h for incident-leader')
  expect(await told()).toContain('Ilse: Playbook vulnerability-disclosed begins')
  expect((await cordon('signal', run, 'receive', 'done', '--by', 'Ilse', '--note', 'answered')).code).toBe(0)
  await expect.poll(told).toContain('Step reproduce waits')
  expect(await told()).toContain('Ilse: Ilse says done to receive: answered')
  expect((await cordon('signal', run, 'reproduce', 'refuse', '--by', 'Ann')).code).toBe(0)
  await expect.poll(told).toContain('Step told-no waits')
  expect((await cordon('signal', run, 'told-no', 'done', '--by', 'Ilse')).code).toBe(0)
  await playbooks.wait(run)
  expect((await cordon('signal', run, 'told-no', 'maybe', '--by', 'Ilse')).code).toBe(2)
  expect((await cordon('signal', run, 'told-no', 'done', '--by', 'Ilse')).errors).toMatchObject([
    { code: 'playbooks.NotWaiting' },
  ])
})

test('a playbook goes out as CACAO and comes back; an unknown one is told of', async () => {
  const { lines } = await cordon('export', 'key-compromise', '--format', 'cacao')
  await writeFile(join(dir, 'cacao.json'), JSON.stringify(lines[0]))
  const back = await cordon('import', 'cacao.json')
  expect(back.code).toBe(0)
  expect(String(back.lines[0]?.['yaml'])).toContain('id: key-compromise')
  expect((await cordon('show', 'nothing')).errors).toMatchObject([{ code: 'app.UnknownPlaybook' }])
  expect((await cordon('list')).lines).toHaveLength(10)
})
