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
