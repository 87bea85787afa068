import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { address, call, data, rawBlock } from '../../test/harness/build.ts'
import { parseBundle } from '../chain/bundle/parse.ts'
import { invariants } from '../detect/detectors/invariants/invariants.ts'
import { createEngine, evaluateSettled } from '../detect/engine/engine.ts'
import { blockFacts } from '../facts/facts.ts'
import { withFiles } from '../files/detector-options.ts'
import { CordonError } from '../kit/error.ts'
import { describeLearned, type LearnOptions, learnFiles } from './learn.ts'

const vault = address('vault')
const use = (selector: `0x${string}`) => call(vault, { input: data(selector, 1n) })
const single = (number: number) =>
  rawBlock({ number, transactions: [{ from: address('alice'), root: use('0xd0d0d0d0') }] })
const odd = (number: number) =>
  rawBlock({
    number,
    transactions: [
      { from: address('eve'), root: call(address('bot'), {}, use('0xd0d0d0d0'), use('0xaaaaaaaa')) },
    ],
  })

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'cordon-learn-'))
  const lines = [...Array.from({ length: 80 }, (_, i) => single(i + 1)), odd(81)]
  writeFileSync(join(folder, 'history.ndjson'), lines.map((line) => JSON.stringify(line)).join('\n'))
})
afterAll(() => rmSync(folder, { recursive: true }))

const learn = (options: Partial<LearnOptions> = {}) =>
  learnFiles({
    files: [join(folder, 'history.ndjson')],
    protect: [vault],
    out: null,
    end: null,
    signal: new AbortController().signal,
    progress: () => undefined,
    ...options,
  })

test('a history is learned, and what breaks it is listed and not learned', async () => {
  const learned = await learn()
  expect(learned).toMatchObject({ blocks: 81, transactions: 81 })
  expect(learned.protocols[0]).toMatchObject({ transactions: 80, alarmed: 1, steps: 0 })
  expect(learned.alarms.map(({ blockNumber }) => blockNumber)).toEqual([81])
  expect(describeLearned(learned).join('\n')).toMatch(/80 transactions in blocks 1 to 80; .* 1 under alarm/)
})

test('learning ends before a block, or after so many transactions', async () => {
  expect((await learn({ end: { kind: 'block', block: 51 } })).transactions).toBe(50)
  const few = await learn({ end: { kind: 'transactions', count: 20 } })
  expect(few.transactions).toBe(20)
  expect(few.protocols[0]?.support.step).toMatchObject({ kind: 'too-weak', needed: 9 })
})

test('the written model is gone on with, and is what the configuration loads', async () => {
  const out = join(folder, 'model.json')
  await learn({ out, end: { kind: 'block', block: 41 } })
  expect((await learn({ from: out })).protocols[0]?.transactions).toBe(120)
  const options = await withFiles({ invariants: { model: out }, drain: { minShareBps: 1 } })
  expect(options['drain']).toEqual({ minShareBps: 1 })
  const engine = createEngine({
    detectors: [invariants],
    scope: { kind: 'everything' },
    options: { invariants: options['invariants'] },
  })
  expect(evaluateSettled(engine, blockFacts(parseBundle(odd(90))))).toHaveLength(1)
  expect(JSON.parse(readFileSync(out, 'utf8'))).toMatchObject({ format: 'cordon-invariants', version: 2 })
})

test('a file that is no model is refused', async () => {
  const file = join(folder, 'other.json')
  writeFileSync(file, '{"format":"something else"}')
  await expect(learn({ from: file })).rejects.toMatchObject({ code: 'app.InvalidModel' })
})

test('a model that cannot be read is an error with a fix', async () => {
  const failure = await withFiles({ invariants: { model: join(folder, 'none.json') } }).catch(
    (thrown) => thrown,
  )
  expect(failure).toBeInstanceOf(CordonError)
  expect(failure).toMatchObject({ code: 'app.InvalidModel', docsPath: 'docs/errors/app.InvalidModel.md' })
})

test('lists of addresses are read with their comments; the shipped one where none is named', async () => {
  const file = join(folder, 'sources.txt')
  writeFileSync(file, `# ours\n\n0x${'AB'.repeat(20)} # an exchange\n`)
  const named = await withFiles({ preparation: { sources: file, freshNonce: 1 } })
  expect(named['preparation']).toEqual({ sources: [`0x${'ab'.repeat(20)}`], freshNonce: 1 })
  const shipped = (await withFiles({}))['preparation'] as { sources: string[] }
  expect(shipped.sources.length).toBeGreaterThan(3)
  writeFileSync(file, '0x12\n')
  await expect(withFiles({ preparation: { sources: file } })).rejects.toMatchObject({
    code: 'app.InvalidList',
    facts: { line: 1 },
  })
})
