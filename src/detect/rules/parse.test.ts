import { describe, expect, test } from 'vitest'
import { CordonError } from '../../kit/error.ts'
import { toJson } from '../../kit/json.ts'
import { parseRule, refuseRepeated } from './parse.ts'
import { ruleJsonSchema } from './schema.ts'

const lines = {
  id: 'id: outflow',
  title: 'title: Outflow',
  owner: 'owner: me',
  level: 'level: low',
  status: 'status: experimental',
  description: 'description: d',
  categories: 'categories: [drain]',
  on: 'on: transfer',
  message: "message: '{fact.amount} left'",
  confidence: 'confidence: 0.4',
}

function text(change: Partial<Record<keyof typeof lines, string>> = {}, more = ''): string {
  return `${Object.values({ ...lines, ...change }).join('\n')}\n${more}`
}

function refusal(source: string): unknown {
  try {
    parseRule(source, 'r.yaml')
  } catch (thrown) {
    if (thrown instanceof CordonError) return thrown.code === 'detect.InvalidRule' ? thrown.facts : thrown
    return thrown
  }
  return 'none'
}

test('a rule that is right is read whole', () => {
  expect(parseRule(text(), 'r.yaml').rule).toMatchObject({
    id: 'outflow',
    where: 'true',
    when: 'true',
    tests: [],
  })
})

test('the hash is over what a rule says: neither layout nor tests are in it', () => {
  const one = parseRule(text(), 'r.yaml').contentHash
  const tests = 'tests: [{ name: n, blocks: [{ transactions: [{ from: a }] }] }]'
  expect(parseRule(`# a remark\n${text({}, tests)}`, 'other.yaml').contentHash).toBe(one)
  expect(parseRule(text({}, 'where: fact.amount > 1'), 'r.yaml').contentHash).not.toBe(one)
})

test('an error names file, line, column, field and fix', () => {
  expect(() => parseRule(text({}, 'where: fact.amout > 5'), 'r.yaml')).toThrowErrorMatchingInlineSnapshot(`
    [detect.InvalidRule: The rule r.yaml is not valid.
      file: r.yaml
      line: 11
      column: 13
      field: where
      problem: No such key: amout
    Fix: Correct \`where\` in line 11, column 13; docs/guides/rules.md lists every field, name and function.]
  `)
})

describe('errors say where', () => {
  test.each([
    ['broken YAML', text({ title: 'title: "x' }), { field: 'YAML' }],
    ['a misspelt field', text({}, 'wehre: "true"'), { line: 11, column: 1, field: 'wehre' }],
    ['a wrong level', text({ level: 'level: urgent' }), { line: 4, column: 1, field: 'level' }],
    ['an unknown subject', text({ on: 'on: transfers' }), { line: 8, column: 1, field: 'on' }],
    [
      'a wrong type',
      text({}, 'where: fact.amount'),
      { line: 11, column: 8, field: 'where', problem: 'must give bool, and gives Amount' },
    ],
    [
      'a place within a line',
      text({}, 'when: 1 < 2 && fact.nope == 1'),
      { line: 11, column: 21, field: 'when' },
    ],
    [
      'a place within quotes',
      text({}, "when: '1 < 2 && fact.nope == 1'"),
      { line: 11, column: 22, field: 'when' },
    ],
    [
      'a place within a block',
      text({}, 'when: |\n  1 < 2 &&\n  fact.nope == 1'),
      { line: 13, field: 'when' },
    ],
    ['a message', text({ message: "message: 'so {fact.nope} it'" }), { line: 9, field: 'message' }],
    [
      'a window',
      text({}, 'windows:\n  hour: { sum: fact.asset, over: 1h }'),
      { line: 12, field: 'windows.hour.sum', problem: 'must give Amount or int, and gives string' },
    ],
    [
      'a duration',
      text({}, 'windows:\n  hour: { sum: fact.amount, over: 1 hour }'),
      { line: 12, field: 'windows.hour.over' },
    ],
    [
      'a window not declared',
      text({}, 'when: window.day > 1'),
      { line: 11, field: 'when', problem: 'No such key: day' },
    ],
    ['a window in where', text({}, 'where: window.day > 1'), { line: 11, field: 'where' }],
    [
      'a read without arguments',
      text({}, `reads:\n  supply: { to: '0x${'1'.repeat(40)}' }`),
      { line: 12, field: 'reads.supply' },
    ],
    [
      'no address field',
      text({}, 'inScope: [from, amount]'),
      {
        line: 11,
        column: 17,
        field: 'inScope[1]',
        problem: 'amount is no address field of transfer; there are asset, from, to',
      },
    ],
    [
      'a read of a test',
      text({}, 'tests: [{ name: n, blocks: [{ reads: { x: 1 }, transactions: [{ from: a }] }] }]'),
      { line: 11, field: 'tests[0].blocks[0].reads.x' },
    ],
    [
      'a fact of a test',
      text(
        {},
        'tests:\n  - name: n\n    blocks:\n      - transactions:\n          - { from: a, facts: [{ kind: transfr }] }',
      ),
      { line: 15 },
    ],
    [
      'aliases that blow up',
      `a: &a [1,1]\nb: &b [*a,*a]\nc: &c [*b,*b]\nd: [${'*c,'.repeat(200)}]`,
      { field: 'YAML' },
    ],
    ['nothing at all', '', { line: 1, column: 1, field: 'the whole file' }],
  ])('%s', (_name, source, told) => {
    expect(refusal(source)).toMatchObject({ file: 'r.yaml', ...told })
  })
})

test('two rules with one id are refused', () => {
  const rules = [parseRule(text(), 'a.yaml'), parseRule(text({ title: 'title: Other' }), 'b.yaml')]
  expect(() => refuseRepeated(rules)).toThrowErrorMatchingInlineSnapshot(`
    [detect.RepeatedRule: Two rules have the id outflow.
      id: outflow
      first: a.yaml
      second: b.yaml
    Fix: Rename one of them, or remove one file from \`rules\`.]
  `)
})

test('docs/schemas/rule.schema.json is current', async () => {
  await expect(`${toJson(ruleJsonSchema(), 2)}\n`).toMatchFileSnapshot(
    '../../../docs/schemas/rule.schema.json',
  )
})
