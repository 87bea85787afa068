import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { freshDatabase, sqlOn } from '../../test/harness/postgres.ts'
import { runSchema } from '../model/playbook.ts'

type Ended = { code: number | null; signal: string | null; output: string; errors: string }

async function fixture(url: string, mode: string, crashAt?: string): Promise<Ended> {
  const env = { ...process.env, ...(crashAt ? { CORDON_CRASH_AT: crashAt } : {}) }
  const program = '.cordon/test-build/test/fixtures/run-blocks.js'
  const child = spawn(process.execPath, [program, url, mode], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  let [output, errors] = ['', '']
  child.stdout.on('data', (data: Buffer) => {
    output += String(data)
  })
  child.stderr.on('data', (data: Buffer) => {
    errors += String(data)
  })
  const [code, signal] = await once(child, 'close')
  return { code, signal, output, errors }
}

const isParallel = (did: string): boolean => /^(left|left-two|right) /.test(did)

test.concurrent.each([
  'playbooks.run-created',
  'fixture.first',
  'playbooks.step-started:left',
  'fixture.left',
  'playbooks.step-finished:left',
  'fixture.right',
  'playbooks.step-finished:right',
  'fixture.left-two',
  'playbooks.step-started:nap',
  'playbooks.step-finished:nap',
  'playbooks.step-started:ask',
  'fixture.ask',
  'playbooks.step-asked:ask',
  'fixture.signalled',
  'playbooks.step-finished:ask',
  'fixture.chosen',
  'fixture.turn[0]',
  'playbooks.step-finished:turn[1]',
  'playbooks.step-finished:end',
])('killed at %s, a run of blocks goes on: every step once, none lost', async (crashAt) => {
  const own = await freshDatabase()
  expect((await fixture(own.url, 'begin', crashAt)).signal).toBe('SIGKILL')
  const resumed = await fixture(own.url, 'resume')
  expect(resumed).toMatchObject({ code: 0, errors: '' })
  const run = runSchema.parse(JSON.parse(resumed.output))
  expect(run.state).toBe('succeeded')
  expect(run.steps.map(({ stepId }) => stepId).sort()).toEqual(
    [
      ...['ask', 'both', 'choose', 'chosen', 'each', 'end', 'first', 'left', 'left-two', 'nap', 'right'],
      ...['turn[0]', 'turn[1]'],
    ].sort(),
  )
  const counted = await sqlOn(
    own.url,
    "SELECT step || ' ' || part AS did FROM counted WHERE step <> 'ask' ORDER BY 1",
  )
  // A step in parallel with the one that died may have been done and not yet recorded: it is done again, and its result
  // stored once.
  const did = counted.map((row) => String(row['did']))
  const beside = did.filter((text, i) => !(isParallel(text) && did.indexOf(text) < i))
  expect(beside).toEqual([
    'chosen {"by":"Ann"}',
    'end {}',
    'first {}',
    'left {}',
    'left-two {}',
    'right {}',
    'turn[0] {"item":"a"}',
    'turn[1] {"item":"b"}',
  ])
  await own.drop()
})
