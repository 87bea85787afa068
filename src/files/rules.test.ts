import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { address, block, call, pay, rawBlock, type TransactionParts } from '../../test/harness/build.ts'
import { protecting } from '../../test/harness/detect.ts'
import { refuseUnproven, testRule } from '../backtest/rules/test-rules.ts'
import { createEngine, evaluateBlock } from '../detect/engine/engine.ts'
import { rules as rulesDetector } from '../detect/rules/rules.ts'
import { ruleSchema } from '../detect/rules/schema.ts'
import { blockView, subjects } from '../detect/rules/subjects.ts'
import { blockFacts } from '../facts/facts.ts'
import { applyRules, followRules, notFollowed } from './followed-rules.ts'
import { loadRules } from './rules.ts'

const vault = address('vault')
const usdc = address('usdc')
const alice = address('alice')
const tx = (amount: bigint, name: string): TransactionParts => ({
  name,
  from: alice,
  root: call(vault, { input: '0x2e1a7d4d' }, pay(usdc, { from: vault, to: alice, amount })),
})

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cordon-rules-'))
})
afterEach(() => rm(folder, { recursive: true }))

const text = (id: string, more = ''): string =>
  `id: ${id}\ntitle: T\nowner: me\nlevel: low\nstatus: experimental\ndescription: d\ncategories: [drain]\n` +
  `on: transfer\nmessage: '{window.all}'\nconfidence: 0.4\nwindows: { all: { sum: fact.amount, over: 1h } }\n${more}`
const put = async (name: string, content: string): Promise<string> => {
  const file = join(folder, name)
  await writeFile(file, content)
  return file
}
const ids = async (...paths: string[]): Promise<string[]> =>
  (await loadRules(paths)).map(({ rule }) => rule.id)

describe('the shipped rules', async () => {
  const shipped = await loadRules(undefined)
  test('are there, and none pages by itself', () => {
    expect(shipped.length).toBeGreaterThanOrEqual(6)
    for (const { rule } of shipped) expect(['low', 'medium']).toContain(rule.level)
  })
  test.each(shipped.map((compiled) => [compiled.rule.id, compiled] as const))(
    '%s passes its tests, positive and negative ones',
    async (_id, compiled) => {
      const results = []
      for await (const result of testRule(compiled)) results.push(result)
      expect(results.filter(({ passed }) => !passed)).toEqual([])
      expect(results.length).toBeGreaterThanOrEqual(2)
      refuseUnproven(compiled)
    },
  )
})

describe('docs/guides/rules.md', async () => {
  const guide = await readFile('docs/guides/rules.md', 'utf8')
  test('has a worked example that passes its own tests', async () => {
    const [, example = ''] = /```yaml\n(id: [\s\S]*?)```/.exec(guide) ?? []
    const [compiled] = await loadRules([await put('example.yaml', example)])
    const results = []
    if (compiled !== undefined) for await (const result of testRule(compiled)) results.push(result)
    expect(results.map(({ passed, problem }) => ({ passed, problem }))).toEqual([
      { passed: true, problem: null },
      { passed: true, problem: null },
    ])
  })
  test.each(Object.entries(subjects).map(([on, subject]) => [on, subject] as const))(
    'names every field of %s',
    (on, { view }) => {
      const row = guide.split('\n').find((line) => line.startsWith(`| \`${on}\` `)) ?? ''
      const told = on === 'transaction' ? guide : row
      for (const field of Object.keys(view.fields)) expect(told).toContain(`\`${field}\``)
    },
  )
  test('names every field of a rule and of the block', () => {
    for (const field of [...Object.keys(ruleSchema.shape), ...Object.keys(blockView.fields)])
      expect(guide).toContain(`\`${field}\``)
  })
})

describe('rules are loaded', () => {
  test('from files, folders and patterns, each file once', async () => {
    const one = await put('one.yaml', text('one'))
    await put('two.yml', text('two'))
    await put('notes.txt', 'not a rule')
    expect(await ids(one)).toEqual(['one'])
    expect(await ids(folder, one)).toEqual(['one', 'two'])
    expect(await ids(join(folder, 't*.yml'))).toEqual(['two'])
  })
  test('but not from where nothing is', async () => {
    const failure = await loadRules(['nowhere/at/all.yaml']).catch((thrown) => thrown)
    expect(failure.message.replaceAll(process.cwd(), '')).toMatchInlineSnapshot(`
      "The rules at /nowhere/at/all.yaml cannot be read: ENOENT: no such file or directory, stat '/nowhere/at/all.yaml'
        path: /nowhere/at/all.yaml
      Fix: Correct \`rules\` in cordon.config.ts, or the path on the command line: a file, a folder, or a pattern as rules/*.yaml."
    `)
  })
  test('and not two with one id', async () => {
    await put('a.yaml', text('same'))
    await put('b.yaml', text('same'))
    await expect(ids(folder)).rejects.toMatchObject({ code: 'detect.RepeatedRule' })
  })
})

describe('tests of a rule', () => {
  const resultsOf = async (content: string) => {
    const [compiled] = await loadRules([await put('rule.yaml', content)])
    const results = []
    if (compiled !== undefined) for await (const result of testRule(compiled)) results.push(result)
    return results
  }
  const blocks = (flags: boolean): string =>
    `blocks: [{ transactions: [{ from: a, flags: ${flags}, facts: [{ kind: transfer, asset: t, from: a, to: b, amount: 5 }] }] }]`

  test('fail where something is not flagged, and where something should not be', async () => {
    const tests = `where: fact.amount > 5\ntests: [{ name: n, ${blocks(true)} }]`
    expect(await resultsOf(text('quiet', tests))).toMatchObject([
      { passed: false, missed: [expect.anything()], wrong: [] },
    ])
    expect(await resultsOf(text('loud', `tests: [{ name: n, ${blocks(false)} }]`))).toMatchObject([
      { passed: false, missed: [], wrong: [expect.anything()] },
    ])
  })
  test('fail where an evaluation fails, even with the right result', async () => {
    const tests = `where: fact.amount / 0 > 1\ntests: [{ name: n, ${blocks(false)} }]`
    expect(await resultsOf(text('broken', tests))).toMatchObject([
      { passed: false, problem: 'an amount was divided by zero' },
    ])
  })
  test('run recorded bundles; a hash that is not in one is a mistake', async () => {
    await put('attack.ndjson', `${JSON.stringify(rawBlock({ transactions: [tx(9n, 'theft')] }))}\n`)
    const { hash } = block({ transactions: [tx(9n, 'theft')] }).transactions[0] ?? { hash: '' }
    const tests = (flag: string): string =>
      `where: fact.amount > 5\ntests: [{ name: n, bundle: attack.ndjson, protect: ['${vault}'], flags: ['${flag}'] }]`
    expect(await resultsOf(text('recorded', tests(hash)))).toMatchObject([{ passed: true }])
    expect(await resultsOf(text('recorded', tests(`0x${'0'.repeat(64)}`)))).toMatchObject([
      { passed: false, problem: expect.stringContaining('not in the bundle') },
    ])
  })
  test('a stable rule without recordings is refused, and its tests fail', async () => {
    const stable = text('proven', `tests: [{ name: n, ${blocks(true)} }]`).replace('experimental', 'stable')
    expect(await resultsOf(stable)).toMatchObject([{ passed: true }, { test: 'stable', passed: false }])
    const [compiled] = await loadRules([join(folder, 'rule.yaml')])
    const refuse = () => compiled && refuseUnproven({ ...compiled, file: 'rule.yaml' })
    expect(refuse).toThrowErrorMatchingInlineSnapshot(`
      [app.UnprovenRule: The rule rule.yaml has status stable: a stable rule needs a test with a recorded attack that it must flag (bundle, flags).
        file: rule.yaml
        field: status
        problem: a stable rule needs a test with a recorded attack that it must flag (bundle, flags)
      Fix: Add the recorded tests, or set \`status: experimental\`.]
    `)
  })
  test('a stable rule needs the benign twin too', async () => {
    const tests = `tests: [{ name: n, bundle: a.ndjson, flags: ['0x${'1'.repeat(64)}'] }]`
    const [compiled] = await loadRules([
      await put('r.yaml', text('half', tests).replace('experimental', 'stable')),
    ])
    expect(() => compiled && refuseUnproven(compiled)).toThrow('benign twin')
    const whole = `${tests.slice(0, -1)}, { name: m, bundle: b.ndjson }]`
    const [proven] = await loadRules([
      await put('s.yaml', text('whole', whole).replace('experimental', 'stable')),
    ])
    expect(() => proven && refuseUnproven(proven)).not.toThrow()
  })
})

describe('a change of the files while the program runs', () => {
  test('is taken up with windows kept; a broken one is told of and the old set stays', async () => {
    await put('one.yaml', text('one'))
    const engine = createEngine({
      detectors: [rulesDetector],
      scope: protecting(vault),
      options: { rules: { rules: await loadRules([folder]) } },
    })
    const say = (number: number): (string | undefined)[] =>
      evaluateBlock(engine, blockFacts(block({ number, transactions: [tx(10n, `t${number}`)] }))).map(
        ({ message }) => message,
      )
    const set = followRules({ paths: [folder], everyMs: 10 })
    const followed = notFollowed()
    const next = async (): Promise<string[]> => {
      const before = followed.told
      await vi.waitFor(() => expect(set.notices.length).toBeGreaterThan(before), { timeout: 5_000 })
      return applyRules(engine, set, followed).map(({ code }) => code)
    }
    try {
      expect(say(1)).toEqual(['T: 10'])
      await new Promise((done) => setTimeout(done, 100))
      await put('two.yaml', text('two'))
      expect(await next()).toEqual(['rules-changed'])
      expect(say(2)).toEqual(['T: 20', 'T: 10'])
      await put('two.yaml', text('two', 'where: nonsense ('))
      expect(await next()).toEqual(['rules-invalid'])
      expect(say(3)).toEqual(['T: 30', 'T: 20'])
      expect(applyRules(engine, set, followed)).toEqual([])
      await rm(join(folder, 'two.yaml'))
      expect(await next()).toEqual(['rules-changed'])
      expect(say(4)).toEqual(['T: 40'])
    } finally {
      set.stop()
    }
  })

  test('a rule that fails is told of once', async () => {
    await put('one.yaml', text('one', 'where: fact.amount / 0 > 1'))
    const rules = await loadRules([folder])
    const engine = createEngine({
      detectors: [rulesDetector],
      scope: protecting(vault),
      options: { rules: { rules } },
    })
    const set = followRules({ paths: [folder] })
    set.stop()
    const followed = notFollowed()
    for (const number of [1, 2])
      evaluateBlock(engine, blockFacts(block({ number, transactions: [tx(1n, `f${number}`)] })))
    expect(applyRules(engine, set, followed)).toMatchObject([
      { code: 'rule-trouble', facts: { rule: 'one' } },
    ])
    expect(applyRules(engine, set, followed)).toEqual([])
  })
})
