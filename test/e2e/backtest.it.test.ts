import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startCordon } from '../harness/cordon-process.ts'
import { historyOf, takeoverLabel, writeHistory } from '../harness/histories.ts'

const names = ['one', 'two', 'three', 'four']
let dir: string
let args: string[]

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'cordon-backtest-'))
  const files = await Promise.all(
    names.map((name, i) => writeHistory(join(dir, `${name}.ndjson`), historyOf(name, 100 + 700 * i))),
  )
  const labels = join(dir, 'labels.json')
  await writeFile(labels, JSON.stringify(names.map((name) => takeoverLabel(name))))
  args = ['backtest', ...files, '--labels', labels, '--protect-labelled']
})

afterAll(() => rm(dir, { recursive: true, force: true }))

async function run(...more: string[]) {
  const cordon = startCordon({ args: [...args, ...more], cwd: dir })
  const { code } = await cordon.ended
  const errors = cordon
    .stderr()
    .split('\n')
    .filter((line) => line !== '')
  return { code, report: cordon.lines[0], errors: errors.map((line) => JSON.parse(line)) }
}

test('one thread and two say the same, and a killed run that is resumed says what an uninterrupted one does', async () => {
  const html = join(dir, 'report.html')
  const alone = await run('--workers', '1', '--html', html)
  expect(alone).toMatchObject({
    code: 0,
    errors: [],
    report: { type: 'backtest', transactions: 4_600, attacks: 4, missed: [], failed: [] },
  })
  expect(await readFile(html, 'utf8')).toContain('<svg')
  expect(await run('--workers', '2')).toEqual(alone)

  const state = join(dir, 'run.state')
  const killed = startCordon({ args: [...args, '--workers', '2', '--resume', state], cwd: dir })
  while ((await stat(state).catch(() => null)) === null) await new Promise((wake) => setTimeout(wake, 5))
  killed.child.kill('SIGKILL')
  expect(await killed.ended).toMatchObject({ signal: 'SIGKILL' })
  const finished = (await readFile(state, 'utf8')).split('\n').length - 1
  expect(finished).toBeLessThan(names.length)
  expect(await run('--workers', '2', '--resume', state)).toEqual(alone)
  expect((await readFile(state, 'utf8')).trimEnd().split('\n').length).toBeGreaterThanOrEqual(names.length)
})

test('a broken file is told from a thread with its line, the others count, and the exit code is 1', async () => {
  const broken = join(dir, 'broken.ndjson')
  await writeFile(broken, '{"chainId":1,"block":{"number":"0x1","transactions":[]}}\n<html>busy</html>\n')
  const { code, report, errors } = await run(broken, '--workers', '2')
  expect(code).toBe(1)
  expect(errors).toMatchObject([{ code: 'chain.MalformedBundle', facts: { file: broken, line: 2 } }])
  expect(report).toMatchObject({
    attacks: 4,
    failed: [{ file: 'broken.ndjson', code: 'chain.MalformedBundle' }],
  })
})
