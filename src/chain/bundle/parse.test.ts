import { describe, expect, test } from 'vitest'
import { address, block, call, hashOf, pay, rawBlock } from '../../../test/harness/build.ts'
import { toParity } from '../../../test/harness/parity.ts'
import { parseBundle } from './parse.ts'

const [alice, bob, token] = ['alice', 'bob', 'token'].map(address) as [
  `0x${string}`,
  `0x${string}`,
  `0x${string}`,
]
const root = call(token, {}, pay(token, { from: alice, to: bob, amount: 1n }))
const one = { transactions: [{ from: alice, root }] }

describe('what a bundle lacks is said', () => {
  test('logs in frames, logs in receipts, or no logs', () => {
    expect(block(one).coverage).toEqual({ traces: 'callTracer', logs: 'frames', partial: false })
    expect(block({ ...one, logs: 'receipts' }).coverage.logs).toBe('receipts')
    expect(block({ ...one, logs: 'none' }).coverage.logs).toBe('none')
  })

  test('an empty block lacks nothing', () => {
    expect(block({ transactions: [] }).coverage.logs).toBe('receipts')
  })

  test('no traces, Parity traces, or only a protocol’s own', () => {
    expect(block({ ...one, traces: 'none' }).coverage.traces).toBe('none')
    const raw = rawBlock({ ...one, logs: 'receipts' })
    const [trace] = raw['traces'] as { txHash: string; result: never }[]
    const parity = { ...raw, traceFormat: 'parity', traces: toParity(trace?.result as never, hashOf('1/0')) }
    expect(parseBundle(parity).coverage.traces).toBe('parity')
    expect(parseBundle(parity).transactions[0]?.frames).toHaveLength(2)
    expect(parseBundle({ ...raw, partial: 'protocol frames only' }).coverage.partial).toBe(true)
  })

  test('block rewards among Parity traces are nobody’s', () => {
    const raw = rawBlock({ transactions: [] })
    const reward = { type: 'reward', action: {}, traceAddress: [], transactionHash: null }
    expect(parseBundle({ ...raw, traceFormat: 'parity', traces: [reward] }).transactions).toEqual([])
  })
})

describe('what one transaction lacks costs no other', () => {
  const two = rawBlock({
    transactions: [
      { from: alice, root },
      { from: alice, root },
    ],
  })
  const [first, second] = [hashOf('1/0'), hashOf('1/1')]
  const withTrace = (change: (trace: Record<string, unknown>) => unknown) => {
    const [trace, other] = two['traces'] as Record<string, unknown>[]
    return parseBundle({ ...two, traces: [change(trace ?? {}), other] })
  }
  const withReceipt = (change: (receipt: Record<string, unknown>) => unknown) => {
    const [receipt, other] = two['receipts'] as Record<string, unknown>[]
    return parseBundle({ ...two, receipts: [change(receipt ?? {}), other] })
  }

  test.each([
    [
      'a trace that failed',
      ({ txHash }: Record<string, unknown>) => ({ txHash, error: 'timeout' }),
      /timeout/,
      true,
    ],
    ['no result', ({ txHash }: Record<string, unknown>) => ({ txHash, result: null }), /gave no trace/, true],
    [
      'a broken frame',
      (it: Record<string, unknown>) => ({ ...it, result: { to: '0x12' } }),
      /cannot be read/,
      true,
    ],
    ['null', () => null, /do not hold it/, false],
  ])('%s is a gap', (_name, change, reason, isOwnFault) => {
    const { gaps, transactions, coverage } = withTrace(change)
    expect(gaps).toEqual([
      { transactionHash: first, missing: 'traces', reason: expect.stringMatching(reason), isOwnFault },
    ])
    expect(transactions.map(({ frames }) => frames.length)).toEqual([0, 2])
    expect(coverage.traces).toBe('callTracer')
  })

  test.each([
    ['a receipt that is null', () => null, /do not hold it/, false],
    ['logs that are text', (it: Record<string, unknown>) => ({ ...it, logs: 'none' }), /receipts.logs/, true],
    ['a status of text', (it: Record<string, unknown>) => ({ ...it, status: 'ok' }), /receipts.status/, true],
  ])('%s is a gap', (_name, change, reason, isOwnFault) => {
    const { gaps, transactions } = withReceipt(change)
    expect(gaps).toEqual([
      { transactionHash: first, missing: 'receipt', reason: expect.stringMatching(reason), isOwnFault },
    ])
    expect(transactions.map(({ logs }) => logs?.length ?? null)).toEqual([null, 1])
  })

  test('an empty list is a gap for each, no list at all is not', () => {
    const missing = (raw: object) =>
      parseBundle(raw).gaps.map(({ transactionHash, missing }) => [transactionHash, missing])
    expect(missing({ ...two, traces: [] })).toEqual([
      [first, 'traces'],
      [second, 'traces'],
    ])
    expect(missing({ ...two, receipts: [], traces: null })).toEqual([
      [first, 'receipt'],
      [second, 'receipt'],
    ])
    expect(missing({ ...two, receipts: null, traces: null })).toEqual([])
    expect(missing(two)).toEqual([])
  })

  test('of an extract nobody knows what is missing', () => {
    expect(parseBundle({ ...two, traces: [], partial: 'own frames' }).gaps).toEqual([])
  })

  test('a broken Parity trace costs its transaction only, and its form is seen without being told', () => {
    const [one, other] = two['traces'] as { result: never }[]
    const parity = [
      ...toParity(one?.result as never, first).slice(1),
      ...toParity(other?.result as never, second),
    ]
    const { gaps, transactions, coverage } = parseBundle({ ...two, traces: parity })
    expect(gaps).toMatchObject([{ transactionHash: first, missing: 'traces' }])
    expect(transactions[1]?.frames).toHaveLength(2)
    expect(coverage.traces).toBe('parity')
  })

  test('traces without their hashes stand in the order of the transactions', () => {
    const bare = (two['traces'] as { result: unknown }[]).map(({ result }) => ({ result }))
    expect(parseBundle({ ...two, traces: bare })).toEqual(parseBundle(two))
  })
})

describe('whether a transaction succeeded', () => {
  const failed = { transactions: [{ from: alice, root: call(token, { error: 'execution reverted' }) }] }
  test('its receipt says so', () => {
    expect(block(one).transactions[0]?.succeeded).toBe(true)
    expect(block(failed).transactions[0]?.succeeded).toBe(false)
  })
  test('without a receipt its trace does', () => {
    const { receipts: _receipts, ...raw } = rawBlock(failed)
    expect(parseBundle(raw).transactions[0]?.succeeded).toBe(false)
  })
  test('with neither it is not known', () => {
    const { receipts: _receipts, ...raw } = rawBlock({ ...failed, traces: 'none' })
    expect(parseBundle(raw).transactions[0]?.succeeded).toBe(null)
  })
})

test('addresses and hashes come out in lower case, whatever the node’s spelling', () => {
  const raw = JSON.parse(
    JSON.stringify(rawBlock(one)).replaceAll(/0x[0-9a-f]{40,}/g, (hex) => `0x${hex.slice(2).toUpperCase()}`),
  )
  expect(parseBundle(raw)).toEqual(block(one))
})
