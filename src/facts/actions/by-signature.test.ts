import { type AbiParameter, encodeAbiParameters, parseAbiItem } from 'viem'
import { describe, expect, test } from 'vitest'
import {
  address,
  type CallNode,
  call,
  data,
  delegate,
  log,
  pay,
  pull,
  topicOf,
  transaction,
  word,
} from '../../../test/harness/build.ts'
import type { ActionFact, Fact } from '../../model/fact.ts'
import type { Address, Hex } from '../../model/hex.ts'
import { blockFacts } from '../facts.ts'
import { families } from './families.ts'
import type { AmountRule, CallRule, LogRule } from './rule.ts'

const [alice, bob, market, usd] = ['alice', 'bob', 'market', 'usd'].map(address) as [
  Address,
  Address,
  Address,
  Address,
]
const MAX = 2n ** 256n - 1n

function factsOf(root: CallNode, logs: 'frames' | 'receipts' | 'none' = 'frames'): readonly Fact[] {
  const [tx] = blockFacts(transaction({ from: alice, root, logs })).transactions
  if (tx === undefined) throw new Error('one transaction was built')
  return tx.facts
}
const actionsOf = (...args: Parameters<typeof factsOf>): ActionFact[] =>
  factsOf(...args).filter((fact) => fact.kind === 'action')

type Parameter = AbiParameter & { indexed?: boolean }
function parametersOf(kind: 'event' | 'function', text: string): readonly Parameter[] {
  const item = parseAbiItem([`${kind} ${text}`] as readonly string[])
  if (item === undefined || !('inputs' in item)) throw new Error(text)
  return item.inputs as readonly Parameter[]
}

/** A made-up value of a parameter: addresses by its name, numbers by its place. */
function madeUp({ name = '', type, ...rest }: Parameter, { n, sign }: { n: number; sign: bigint }): unknown {
  if ('components' in rest) {
    const parts = rest.components as Parameter[]
    return type.endsWith(']') ? [] : Object.fromEntries(parts.map((it) => [it.name, madeUp(it, { n, sign })]))
  }
  const size = type.endsWith(']') ? Number(type.slice(type.indexOf('[') + 1, -1) || '2') : null
  if (size !== null)
    return Array.from({ length: size }, (_, i) =>
      madeUp({ name: `${name}${i}`, type: type.slice(0, type.indexOf('[')) }, { n: n * 10 + i, sign }),
    )
  if (type === 'address') return address(name)
  if (type === 'bool') return true
  if (type === 'string') return 'name \u0000\u001b[31m'
  if (type === 'bytes') return '0x'
  if (type.startsWith('bytes')) return `0x${'0'.repeat(Number(type.slice(5)) * 2)}`
  return type.startsWith('int') ? sign * BigInt(n + 1) : BigInt(n + 1)
}

type Sample = { values: Map<string, unknown>; parameters: readonly Parameter[] }
function sampleOf(rule: LogRule | CallRule): Sample {
  const parameters =
    'event' in rule ? parametersOf('event', rule.event) : parametersOf('function', rule.function)
  const sign = rule.where?.is === 'negative' ? -1n : 1n
  return {
    parameters,
    values: new Map(parameters.map((it, n) => [it.name ?? '', madeUp(it, { n, sign })])),
  }
}

function sampleLog(rule: LogRule): CallNode['inner'][number] {
  const { parameters, values } = sampleOf(rule)
  const indexed = parameters.filter((it) => it.indexed === true)
  const rest = parameters.filter((it) => it.indexed !== true)
  const topics = indexed.map((it, i) => {
    if (i === 0 && rule.named !== undefined) return rule.named.topic
    return encodeAbiParameters([{ type: it.type }], [values.get(it.name ?? '')])
  })
  return log(
    market,
    [rule.topic, ...topics],
    encodeAbiParameters(
      rest,
      rest.map((it) => values.get(it.name ?? '')),
    ),
  )
}

function expected(rules: readonly AmountRule[] | undefined, { values }: Sample): unknown[] {
  return (rules ?? []).flatMap(({ amount, asset }) => {
    const amounts = [values.get(amount)].flat() as bigint[]
    const assets = [asset === undefined ? null : asset === 'self' ? market : values.get(asset)].flat()
    return amounts.map((it, i) => ({
      asset: assets[i] ?? null,
      amount: it < 0n ? -it : it,
    }))
  })
}

const named = families.map((family) => [family.protocol ?? 'names that many share', family] as const)
describe.each(named.filter(([, { logs }]) => logs.length > 0))('logs of %s', (_name, family) => {
  test.each(family.logs.map((rule) => [`${rule.action}: ${rule.event.slice(0, 60)}`, rule] as const))(
    '%s',
    (_text, rule) => {
      for (const logs of ['frames', 'receipts'] as const) {
        const told = actionsOf(call(market, { input: '0x11223344' }, sampleLog(rule)), logs)
        if (rule.action === 'swap') {
          expect(told).toEqual([])
          continue
        }
        const sample = sampleOf(rule)
        const asked = rule.contract === undefined ? alice : null
        expect(told).toEqual([
          {
            kind: 'action',
            action: rule.action,
            contract: rule.contract === undefined ? market : address(rule.contract),
            implementation: null,
            actor: rule.actor === undefined ? asked : address(rule.actor),
            beneficiary: rule.beneficiary === undefined ? null : address(rule.beneficiary),
            given: expected(rule.given, sample),
            taken: expected(rule.taken, sample),
            protocol: family.protocol,
            source: 'log',
            frame: 0,
          },
        ])
      }
    },
  )

  test('cut short, or with a topic too few, they say nothing', () => {
    for (const rule of family.logs) {
      const whole = sampleLog(rule)
      if (!('log' in whole)) throw new Error('a log')
      const { topics, data: words } = whole.log
      for (const lie of [
        log(
          market,
          topics,
          words.slice(0, rule.event.includes('[]') ? 130 : Math.max(2, words.length - 64)) as Hex,
        ),
        log(market, topics, '0x'),
        log(market, topics.slice(0, -1), words),
        log(market, [rule.topic]),
      ]) {
        if (rule.named !== undefined && 'log' in lie && lie.log.data.length > 66) continue
        if (lie.log.topics.length === topics.length && lie.log.data === words) continue
        const told = actionsOf(call(market, { input: '0x11223344' }, lie))
        expect(told.filter(({ protocol }) => protocol === family.protocol)).toEqual([])
      }
    }
  })
})

describe.each(named.filter(([, { calls }]) => calls.length > 0))('calls of %s', (_name, family) => {
  test.each(family.calls.map((rule) => [`${rule.action}: ${rule.function.slice(0, 60)}`, rule] as const))(
    '%s',
    (_text, rule) => {
      const sample = sampleOf(rule)
      const args = encodeAbiParameters(
        sample.parameters,
        sample.parameters.map((it) => sample.values.get(it.name ?? '')),
      )
      const input: Hex = `${rule.selector}${args.slice(2)}`
      const inner = [
        ...(rule.action === 'flash-loan'
          ? [call(address(rule.beneficiary ?? ''), { input: '0x00000001' })]
          : []),
        ...(rule.pays === true ? [pay(usd, { from: market, to: alice, amount: 999n })] : []),
      ]
      const root = call(market, { input }, ...inner)
      const told = actionsOf(root, 'none').filter(({ action }) => action === rule.action)
      if (rule.action === 'swap') return expect(actionsOf(root, 'none')).toEqual([])
      expect(told).toMatchObject([
        { action: rule.action, contract: market, source: 'call', protocol: family.protocol },
      ])
      if (rule.pays === true) expect(told[0]?.taken).toEqual([{ asset: usd, amount: 999n }])
      else {
        expect(told[0]?.given).toEqual(expected(rule.given, sample))
        expect(told[0]?.taken).toEqual(expected(rule.taken, sample))
      }
      expect(actionsOf(root, 'frames').some(({ action }) => action === rule.action)).toBe(
        rule.silent === true,
      )
      expect(actionsOf(call(market, { input: input.slice(0, 10) as Hex }), 'none')).toEqual([])
      expect(actionsOf(call(market, { input, error: 'execution reverted' }), 'none')).toEqual([])
    },
  )
})

const DEPOSIT = families.find(({ protocol }) => protocol === 'erc4626')?.logs[0]?.topic ?? '0x'
const vaultLog = (assets: bigint, shares: bigint) =>
  log(market, [DEPOSIT, topicOf(alice), topicOf(bob)], `0x${word(assets)}${word(shares)}`)

describe('what a log leaves open', () => {
  test('the asset is the one of which that much came in', () => {
    const root = call(
      market,
      { input: '0x11223344' },
      pull(usd, { from: alice, to: market, amount: 5n }),
      vaultLog(5n, 4n),
    )
    expect(actionsOf(root)[0]).toMatchObject({
      given: [{ asset: usd, amount: 5n }],
      taken: [{ asset: market, amount: 4n }],
    })
  })

  test('is null where nothing of that amount moved: a claim, whatever its size', () => {
    const root = call(market, { input: '0x11223344' }, vaultLog(MAX, MAX))
    expect(actionsOf(root)[0]).toMatchObject({ given: [{ asset: null, amount: MAX }] })
  })

  test('an address that is none says nothing', () => {
    const lie = log(market, [DEPOSIT, topicOf(MAX), topicOf(bob)], `0x${word(5n)}${word(4n)}`)
    expect(actionsOf(call(market, { input: '0x11223344' }, lie))).toEqual([])
  })

  test('the contract is the proxy whose books they are, and its code is told beside it', () => {
    const input = data('0x6e553f65', 5n, bob)
    const root = call(market, { input }, delegate(address('code'), input, vaultLog(5n, 4n)))
    expect(actionsOf(root)).toMatchObject([
      { contract: market, implementation: address('code'), actor: alice },
    ])
  })
})

test('a loan that the log and the call both tell is one, as the log says', () => {
  const [rule] = families.find(({ protocol }) => protocol === 'erc3156')?.calls ?? []
  const told = families
    .find(({ protocol }) => protocol === 'maker')
    ?.logs.find(({ action }) => action === 'flash-loan')
  if (rule === undefined || told === undefined) throw new Error('both are shipped')
  const input = data(rule.selector, bob, usd, 7n, 128n, 0n)
  const said = log(market, [told.topic, topicOf(bob)], `0x${word(usd)}${word(7n)}${word(0n)}`)
  const root = call(market, { input }, call(bob, { input: '0x23e30c8b' }), said)
  expect(actionsOf(root)).toMatchObject([{ action: 'flash-loan', protocol: 'maker', source: 'log' }])
})

test('a market that answered with an error code did nothing', () => {
  const input = data('0xa0712d68', 5n)
  expect(actionsOf(call(market, { input, output: `0x${word(3n)}` }), 'none')).toEqual([])
  expect(actionsOf(call(market, { input, output: `0x${word(0n)}` }), 'none')).toHaveLength(1)
})

test('"all that I have" is no amount', () => {
  const input = data('0x69328dec', usd, MAX, bob)
  expect(actionsOf(call(market, { input }), 'none')).toMatchObject([
    { action: 'withdraw', given: [], taken: [] },
  ])
})

test('a function that only shares its first four bytes with another tells of the name, never crashes', () => {
  for (const input of [
    '0xa9059cbb',
    data('0xa9059cbb', MAX, MAX),
    data('0x5cffe9de', MAX, MAX, MAX, MAX),
  ] as Hex[])
    for (const logs of ['frames', 'receipts', 'none'] as const)
      expect(factsOf(call(market, { input }), logs)).toEqual([])
})
