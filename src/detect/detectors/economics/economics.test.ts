import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { address, block, call, data, pay, pull, view, word } from '../../../../test/harness/build.ts'
import { everything, protecting } from '../../../../test/harness/detect.ts'
import { blockFacts, factsFromCalls } from '../../../facts/facts.ts'
import { ledgerOf } from '../../../facts/ledger.ts'
import type { Category } from '../../../model/category.ts'
import type { Detector, Scope } from '../../../model/detector.ts'
import type { Finding } from '../../../model/finding.ts'
import { createEngine, evaluateSettled } from '../../engine/engine.ts'
import { buildFinding } from '../../lib/build-finding.ts'
import { economics } from './economics.ts'
import { answersOf } from './reads.ts'
import { scoreOf, type Trees, treesSchema } from './trees.ts'

const [usdc, weth, vault, other, tool, thief, bob] = [
  'usdc',
  'weth',
  'vault',
  'other',
  'tool',
  'thief',
  'bob',
].map(address) as [
  `0x${string}`,
  `0x${string}`,
  `0x${string}`,
  `0x${string}`,
  `0x${string}`,
  `0x${string}`,
  `0x${string}`,
]

/** One leaf: the same score for every transaction. */
const always = (score: number): Trees => ({
  version: 1,
  features: ['frames'],
  trees: [[[Math.log(score / (1 - score))]]],
})

const balance = (of: `0x${string}`, amount: bigint) => view(usdc, data('0x70a08231', of), `0x${word(amount)}`)

/** The vault reads its balance and pays nearly all of it to the thief's tool, which passes it on. */
const theft = call(
  tool,
  { input: '0x01020304' },
  call(
    vault,
    { input: '0x05060708' },
    balance(vault, 1_000n),
    pay(usdc, { from: vault, to: tool, amount: 990n }),
  ),
  pay(usdc, { from: tool, to: thief, amount: 990n }),
)
const sweep = call(
  vault,
  { input: '0x05060708' },
  balance(vault, 1_000n),
  pay(usdc, { from: vault, to: bob, amount: 1_000n }),
  call(other, { input: '0x01020304' }),
)

const suspicious = (severity: Finding['severity'], categories: Category[] = ['reentrancy']): Detector => ({
  ...economics,
  id: 'drain',
  files: {},
  weigh: (_input, { findings }) => findings,
  evaluate: ({ facts }) =>
    facts.transactions.map((tx) =>
      buildFinding(tx, facts.bundle, {
        detector: 'drain',
        severity,
        confidence: 0.5,
        protected: [],
        victims: [],
        actors: [],
        profit: [],
        loss: [],
        evidence: [],
        message: 'suspicious',
        categories,
      }),
    ),
})

function found(
  root: ReturnType<typeof call>,
  given: { model: Trees; scope?: Scope; besides?: Detector[] },
): Finding[] {
  const { model, scope = everything, besides = [] } = given
  const engine = createEngine({
    detectors: [economics, ...besides],
    scope,
    options: { economics: { model } },
  })
  const facts = blockFacts(block({ transactions: [{ from: thief, root }] }))
  return evaluateSettled(engine, facts).filter(({ detector }) => detector === 'economics')
}

test('a stranger that loses nearly all of what it had, in a transaction that resembles attacks, is a page', () => {
  const [finding] = found(theft, { model: always(0.9) })
  expect(finding).toMatchObject({ severity: 'high', confidence: expect.closeTo(0.9), categories: ['drain'] })
  expect(finding?.victims[0]).toBe(vault)
  expect(finding?.actors).toEqual(expect.arrayContaining([thief, tool]))
  expect(finding?.message).toContain(`${vault} lost 99 % of its ${usdc} and got nothing for it`)
})

test('a middling score pages only where another detector suspects the transaction too', () => {
  const model = always(0.65)
  const severities = (besides: Detector[]) => found(theft, { model, besides }).map(({ severity }) => severity)
  expect(severities([])).toEqual(['low'])
  expect(severities([suspicious('low')])).toEqual(['low'])
  expect(severities([suspicious('medium')])).toEqual(['high'])
  // that value leaves is what the score sees already
  expect(severities([suspicious('medium', ['drain'])])).toEqual(['low'])
  expect(found(theft, { model: always(0.3), besides: [suspicious('medium')] })).toEqual([])
})

test('a score without economic evidence reports nothing', () => {
  const idle = call(
    tool,
    { input: '0x01020304' },
    ...Array.from({ length: 5 }, () => call(other, { input: '0x05060708' })),
  )
  expect(found(idle, { model: always(0.99) })).toEqual([])
})

test('one movement alone is a sweep', () => {
  expect(found(sweep, { model: always(0.99) })).toEqual([])
})

test('the protected contracts that lose or take part are named; a loss of others is marked', () => {
  const model = always(0.9)
  const about = (it: `0x${string}`) => found(theft, { model, scope: protecting(it) })[0]
  expect(about(vault)).toMatchObject({ protected: [vault] })
  expect(about(vault)?.outside).toBeUndefined()
  expect(about(usdc)).toMatchObject({ protected: [usdc], outside: true })
  expect(about(other)).toMatchObject({ protected: [], outside: true })
})

test('a deposit address that its owner empties has lost nothing', () => {
  const forwarder = call(
    tool,
    { input: '0x01020304' },
    call(
      vault,
      { input: '0x05060708' },
      balance(vault, 1_000n),
      pay(usdc, { from: vault, to: tool, amount: 1_000n }),
    ),
    pay(usdc, { from: tool, to: thief, amount: 1_000n }),
  )
  expect(found(forwarder, { model: always(0.99) })).toEqual([])
})

test('without a model nothing is reported', () => {
  const engine = createEngine({ detectors: [economics], scope: everything })
  expect(
    evaluateSettled(engine, blockFacts(block({ transactions: [{ from: thief, root: theft }] }))),
  ).toEqual([])
})

test('wrapping the coin is no movement', () => {
  const unwrap = call(
    tool,
    { input: '0x01020304' },
    call(weth, { input: data('0x2e1a7d4d', 70n) }, call(tool, { value: 70n })),
  )
  const [tx] = blockFacts(block({ transactions: [{ from: thief, root: unwrap }] })).transactions
  if (tx === undefined) throw new Error('the block has a transaction')
  const ledger = ledgerOf(factsFromCalls(tx.transaction))
  expect([...ledger.net]).toEqual([])
  expect([...ledger.wrappers]).toEqual([weth])
})

test('a balance that falls without a transfer is unexplained; one that a transfer explains is not', () => {
  const answers = (after: bigint) => {
    const root = call(
      tool,
      {},
      balance(vault, 1_000n),
      pull(usdc, { from: vault, to: tool, amount: 100n }),
      balance(vault, after),
    )
    const [tx] = blockFacts(block({ transactions: [{ from: thief, root }] })).transactions
    if (tx === undefined) throw new Error('the block has a transaction')
    return answersOf(tx)
  }
  expect(answers(900n).unexplained).toEqual([])
  expect(answers(850n).unexplained).toEqual([{ account: vault, asset: usdc, amount: -50n, of: 1_000n }])
  expect(answers(900n).before.get(vault)?.get(usdc)).toBe(1_000n)
})

test('the shipped model gives the scores that LightGBM gives', () => {
  const read = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'))
  const model = treesSchema.parse(read('models/attack-score.json'))
  const rows = read('test/fixtures/attack-scores.json') as {
    features: Record<string, number | null>
    score: number
  }[]
  expect(rows.length).toBeGreaterThan(20)
  for (const { features, score } of rows) {
    const values = Object.fromEntries(
      Object.entries(features).map(([name, value]) => [name, value ?? Number.NaN]),
    )
    expect(scoreOf(model, values)).toBeCloseTo(score, 5)
  }
})

test('a model whose nodes lead nowhere, or round in a circle, is refused', () => {
  const trees = (rows: number[][]) => ({ version: 1, features: ['a'], trees: [rows] })
  expect(treesSchema.safeParse(trees([[0, 0.5, 1, 2, 1], [1], [2]])).success).toBe(true)
  expect(treesSchema.safeParse(trees([[0, 0.5, 0, 2, 1], [1], [2]])).success).toBe(false)
  expect(treesSchema.safeParse(trees([[0, 0.5, 1, 3, 1], [1], [2]])).success).toBe(false)
  expect(treesSchema.safeParse(trees([[1, 0.5, 1, 2, 1], [1], [2]])).success).toBe(false)
})
