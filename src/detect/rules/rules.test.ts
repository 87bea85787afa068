import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  address,
  block,
  call,
  data,
  pay,
  type TransactionParts,
  view,
  word,
} from '../../../test/harness/build.ts'
import { everything, protecting } from '../../../test/harness/detect.ts'
import { blockFacts } from '../../facts/facts.ts'
import type { Scope } from '../../model/detector.ts'
import type { BlockFacts } from '../../model/fact.ts'
import type { Hex } from '../../model/hex.ts'
import {
  createEngine,
  type Engine,
  evaluateBlock,
  finalize,
  readsWanted,
  replaceOptions,
  rollback,
} from '../engine/engine.ts'
import type { CompiledRule } from './compile.ts'
import { parseRule } from './parse.ts'
import { rules } from './rules.ts'
import { troublesOf } from './state.ts'

const vault = address('vault')
const usdc = address('usdc')
const alice = address('alice')

function rule(id: string, body: string): CompiledRule {
  return parseRule(
    `id: ${id}\ntitle: Title of ${id}\nowner: me\nlevel: medium\nstatus: experimental\ndescription: d\n` +
      `categories: [drain]\nconfidence: 0.4\n${body.includes('message:') ? '' : 'message: m\n'}${body}`,
    `${id}.yaml`,
  )
}

function engineWith(set: readonly CompiledRule[], scope: Scope = protecting(vault)): Engine {
  return createEngine({ detectors: [rules], scope, options: { rules: { rules: set } } })
}

const payment = (amount: bigint, from = vault): TransactionParts => ({
  from: alice,
  root: call(vault, { input: '0x2e1a7d4d' }, pay(usdc, { from, to: alice, amount })),
})
const facts = (number: number, ...transactions: TransactionParts[]): BlockFacts =>
  blockFacts(
    block({ number, transactions: transactions.map((tx, i) => ({ name: `${number}/${i}`, ...tx })) }),
  )
const outflow = rule(
  'outflow',
  `on: transfer
inScope: [from]
windows:
  hour: { sum: fact.amount, by: fact.from, over: 1h }
  times: { count: 'true', by: fact.from, over: 1h }
when: window.hour > 100
message: '{window.hour} of {fact.asset} in {window.times}'`,
)
function troubles({ cells: [cell] }: Engine): Map<string, string> {
  const set = cell?.options as { rules: CompiledRule[] } | undefined
  return troublesOf(cell?.state as ReturnType<typeof rules.init>, set?.rules ?? [])
}

describe('a rule', () => {
  test('speaks of what it matches, with its level, category, id, victims and frame', () => {
    const engine = engineWith([outflow])
    expect(evaluateBlock(engine, facts(1, payment(60n)))).toEqual([])
    expect(evaluateBlock(engine, facts(2, payment(41n)))).toMatchObject([
      {
        detector: 'rules',
        severity: 'medium',
        confidence: 0.4,
        categories: ['drain', 'rule:outflow'],
        victims: [vault],
        protected: [vault],
        actors: [alice],
        evidence: [{ frames: [1], statement: `101 of ${usdc} in 2` }],
        message: `Title of outflow: 101 of ${usdc} in 2`,
      },
    ])
  })
  test('with inScope rests where no contract is named, and passes over other contracts', () => {
    expect(evaluateBlock(engineWith([outflow], everything), facts(1, payment(500n)))).toEqual([])
    expect(evaluateBlock(engineWith([outflow]), facts(1, payment(500n, address('other'))))).toEqual([])
  })
  test('names its own actors and victims, what is no address left out', () => {
    const named = rule(
      'named',
      'on: transfer\nactors: [fact.to, tx.from, \'"nobody"\']\nvictims: [fact.asset]',
    )
    expect(evaluateBlock(engineWith([named]), facts(1, payment(1n)))).toMatchObject([
      { actors: [alice], victims: [usdc], protected: [] },
    ])
  })
  test('that is muted speaks once a key and time', () => {
    const muted = rule('muted', 'on: transfer\nmute: { for: 1m, by: fact.to }')
    const engine = engineWith([muted])
    const said = [1, 2, 6, 7].map((number) => evaluateBlock(engine, facts(number, payment(1n))).length)
    expect(said).toEqual([1, 0, 1, 0])
  })
  test('two rules about one transaction are two findings', () => {
    const all = evaluateBlock(
      engineWith([rule('one', 'on: transfer'), rule('two', 'on: transfer')]),
      facts(1, payment(1n)),
    )
    expect(new Set(all.map(({ fingerprint }) => fingerprint)).size).toBe(2)
  })
  test('sees calls, transactions, valuations and whether an address is protected', () => {
    const seen = [
      rule(
        'calls',
        'on: call\nwhere: fact.to == fact.context && fact.selector == selector("balanceOf(address)")',
      ),
      rule(
        'transactions',
        'on: transaction\nwhere: fact.to in protected && block.number == 1 && !tx.failed && tx.value == 0',
      ),
      rule('valuations', 'on: valuation\nwhere: fact.answer.exists(a, a == 77)'),
    ]
    const root = call(
      vault,
      { input: '0x2e1a7d4d' },
      view(usdc, data('0x70a08231', vault), `0x${word(5n)}`),
      view(usdc, '0x99530b06', `0x${word(77n)}`),
    )
    const found = evaluateBlock(engineWith(seen), facts(1, { from: alice, root }))
    expect(found.map(({ categories }) => categories.at(-1)).sort()).toEqual([
      'rule:calls',
      'rule:transactions',
      'rule:valuations',
    ])
  })
})

describe('what goes wrong is no match, is counted and never ends the block', () => {
  test('a rule that fails on the data', () => {
    const bad = rule('bad', 'on: transfer\nwhere: amount(fact.asset) / (fact.amount - fact.amount) > 0')
    const engine = engineWith([bad, outflow])
    expect(evaluateBlock(engine, facts(1, payment(500n)))).toHaveLength(1)
    expect(troubles(engine)).toEqual(new Map([['bad', 'an amount was divided by zero']]))
  })
  test('a rule that needs traces where there are none', () => {
    const engine = engineWith([rule('calls', 'on: call')])
    evaluateBlock(engine, blockFacts(block({ transactions: [payment(1n)], traces: 'none' })))
    expect(troubles(engine).get('calls')).toBe('blind: there are no traces')
  })
})

describe('reads', () => {
  const solvent = rule(
    'solvent',
    `on: transaction
reads:
  supply: { to: '${vault}', signature: totalSupply() view returns (uint256) }
when: read.supply < 1000
message: 'supply {read.supply}'`,
  )
  const withSupply = (answer: Hex | null): BlockFacts => ({
    ...facts(1, payment(1n)),
    reads: [{ to: vault, data: '0x18160ddd', answer }],
  })
  test('are asked of the chain, and their answers are seen', () => {
    const engine = engineWith([solvent])
    expect(readsWanted(engine)).toEqual([{ to: vault, data: '0x18160ddd' }])
    expect(evaluateBlock(engine, withSupply(`0x${word(999n)}`))[0]?.message).toBe(
      'Title of solvent: supply 999',
    )
    expect(evaluateBlock(engine, withSupply(`0x${word(1_000n)}`))).toEqual([])
  })
  test('that are not answered let the rule say nothing, and that is told', () => {
    const engine = engineWith([solvent])
    expect(evaluateBlock(engine, facts(1, payment(1n)))).toEqual([])
    expect(troubles(engine).size).toBe(0)
    expect(evaluateBlock(engine, withSupply(null))).toEqual([])
    expect(troubles(engine).get('solvent')).toBe('the read supply was not answered')
  })
})

describe('state', () => {
  const amounts = fc.array(fc.bigInt({ min: 0n, max: 60n }), { minLength: 1, maxLength: 12 })
  test('a run with rollback and finality equals one without', () => {
    fc.assert(
      fc.property(amounts, amounts, fc.nat(12), (kept, lost, final) => {
        const plain = engineWith([outflow])
        const shaken = engineWith([outflow])
        const expected = kept.map((amount, i) => evaluateBlock(plain, facts(i + 1, payment(amount))))
        const got = kept.map((amount, i) => {
          const number = i + 1
          const before = { number: i, hash: null }
          for (const [j, other] of lost.entries()) evaluateBlock(shaken, facts(number + j, payment(other)))
          rollback(shaken, before)
          if (number === final) finalize(shaken, before)
          return evaluateBlock(shaken, facts(number, payment(amount)))
        })
        expect(got).toEqual(expected)
      }),
      { numRuns: 30 },
    )
  })
  test('a changed set keeps the windows of rules that say the same, and begins new ones', () => {
    const engine = engineWith([outflow])
    evaluateBlock(engine, facts(1, payment(60n)))
    const again = parseRule(sourceOf(outflow), 'elsewhere.yaml')
    const edited = rule(
      'edited',
      'on: transfer\nwindows: { hour: { sum: fact.amount, over: 1h } }\nwhen: window.hour > 100',
    )
    replaceOptions(engine, 'rules', { rules: [again, edited] })
    const found = evaluateBlock(engine, facts(2, payment(60n)))
    expect(found.map(({ categories }) => categories.at(-1))).toEqual(['rule:outflow'])
  })
  test('a changed set survives a rollback to the checkpoint', () => {
    const engine = engineWith([outflow])
    evaluateBlock(engine, facts(1, payment(60n)))
    finalize(engine, { number: 1, hash: null })
    replaceOptions(engine, 'rules', { rules: [parseRule(sourceOf(outflow), 'f.yaml')] })
    evaluateBlock(engine, facts(2, payment(60n)))
    rollback(engine, { number: 1, hash: null })
    expect(evaluateBlock(engine, facts(2, payment(40n)))).toEqual([])
    expect(evaluateBlock(engine, facts(3, payment(1n)))).toHaveLength(1)
  })
  test('options that are not rules change nothing', () => {
    const engine = engineWith([outflow])
    expect(() => replaceOptions(engine, 'rules', { rules: ['a.yaml'] })).toThrow(
      expect.objectContaining({ code: 'detect.InvalidOptions' }),
    )
    expect(evaluateBlock(engine, facts(1, payment(101n)))).toHaveLength(1)
  })
})

/** The same rule in other words: JSON is YAML. */
function sourceOf({ rule: said }: CompiledRule): string {
  return JSON.stringify(said)
}
