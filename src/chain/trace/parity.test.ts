import { expect, test } from 'vitest'
import { type CallTracerNode, toParity } from '../../../test/harness/parity.ts'
import { framesFromParity } from './parity.ts'

const A = `0x${'aa'.repeat(20)}`
const B = `0x${'bb'.repeat(20)}`
const HASH = `0x${'ab'.repeat(32)}`
const leaf: CallTracerNode = { type: 'CALL', from: A, to: B, input: '0x', gas: '0x1', gasUsed: '0x1' }

test('a thousand calls deep and ten thousand wide', () => {
  let deep = leaf
  for (let i = 1; i < 1_000; i++) deep = { ...leaf, calls: [deep] }
  expect(framesFromParity(toParity(deep, HASH), 'x').at(-1)).toMatchObject({ depth: 999, end: 1_000 })
  const wide = { ...leaf, calls: Array.from({ length: 10_000 }, () => leaf) }
  expect(framesFromParity(toParity(wide, HASH), 'x').at(-1)).toMatchObject({ parent: 0, end: 10_001 })
})

test('a failure that Parity words as “Reverted” is geth’s', () => {
  const [root] = framesFromParity(toParity({ ...leaf, error: 'execution reverted' }, HASH), 'x')
  expect(root).toMatchObject({ error: 'execution reverted', reverted: true, gasUsed: -1, output: '0x' })
})

test('a trace without its parent', () => {
  const [root, , grandchild] = toParity({ ...leaf, calls: [{ ...leaf, calls: [leaf] }] }, HASH)
  expect(() => framesFromParity([root, grandchild], 'traces of 0xab')).toThrowErrorMatchingInlineSnapshot(`
    [chain.BrokenTrace: A Parity trace names a parent that is not in the trace.
      field: traces of 0xab
      traceAddress: [0,0]
      transaction: 0xabababababababababababababababababababababababababababababababab
    Fix: The trace is cut off: fetch the traces of the block again, or use another node.]
  `)
})

test('a second root means two transactions in one, but the same trace twice is one', () => {
  const [root] = toParity(leaf, HASH)
  const other = { ...root, action: { ...(root?.['action'] as object), value: '0x1' } }
  expect(() => framesFromParity([root, other], 'x')).toThrow(
    expect.objectContaining({ code: 'chain.BrokenTrace' }),
  )
  expect(framesFromParity([root, root], 'x')).toHaveLength(1)
})

test('traces in any order are the same frames', () => {
  const inner = { ...leaf, calls: [leaf, { ...leaf, calls: [leaf] }] }
  const wide = { ...leaf, calls: Array.from({ length: 12 }, (_, i) => (i % 5 === 0 ? inner : leaf)) }
  const traces = toParity(wide, HASH)
  const expected = framesFromParity(traces, 'x')
  for (const mixed of [
    traces.toReversed(),
    traces.toSorted((a, b) =>
      JSON.stringify(a['traceAddress']).localeCompare(JSON.stringify(b['traceAddress'])),
    ),
    [...traces.slice(3), ...traces.slice(0, 3)],
  ])
    expect(framesFromParity(mixed, 'x')).toEqual(expected)
})

test('a child whose parent was left out is not hung under its uncle', () => {
  const traces = toParity({ ...leaf, calls: [leaf, { ...leaf, calls: [leaf] }] }, HASH)
  expect(() => framesFromParity([traces[0], traces[1], traces[3]], 'x')).toThrow(
    expect.objectContaining({ code: 'chain.BrokenTrace' }),
  )
})

const dying = { address: A, refundAddress: B, balance: '0x5' }
test.each([
  ['typed as a call', { type: 'call', action: dying }],
  ['with the call’s own fields', { type: 'call', action: { ...dying, callType: 'call', from: A, to: B } }],
  ['by callType', { type: 'call', action: { callType: 'selfdestruct', from: A, to: B, value: '0x5' } }],
  ['in capitals', { type: 'SUICIDE', action: dying }],
  ['with a call’s action', { type: 'selfdestruct', action: { from: A, to: B, balance: '0x5' } }],
])('a suicide %s is one', (_name, trace) => {
  const [frame] = framesFromParity([{ ...trace, result: null, traceAddress: [] }], 'x')
  expect(frame).toMatchObject({ type: 'SELFDESTRUCT', from: A, to: B, context: A, value: 5n })
})

test('a suicide without a balance: what moved is not known', () => {
  const { balance: _balance, ...action } = dying
  const [frame] = framesFromParity([{ type: 'suicide', action, traceAddress: [] }], 'x')
  expect(frame).toMatchObject({ value: 0n, valueUnknown: true })
})

test.each([
  ['by its type', { type: 'reward', action: { author: A, value: '0x5' } }],
  ['by its action', { type: 'call', action: { author: A, rewardType: 'uncle', value: '0x5' } }],
  ['in capitals', { type: 'Reward', action: {} }],
])('a reward is left out %s, whatever transaction it names', (_name, reward) => {
  const traces = [...toParity(leaf, HASH), { ...reward, traceAddress: [], transactionHash: HASH }]
  expect(framesFromParity(traces, 'x')).toHaveLength(1)
})

test('a creation typed as a call, and types in any letter case', () => {
  const init = { from: A, gas: '0x1', init: '0x60', value: '0x0' }
  const result = { address: B, code: '0x00', gasUsed: '0x1' }
  expect(framesFromParity([{ type: 'call', action: init, result, traceAddress: [] }], 'x')[0]).toMatchObject({
    type: 'CREATE',
    to: B,
  })
  const [root] = toParity({ ...leaf, type: 'DELEGATECALL' }, HASH)
  const action = { ...(root?.['action'] as object), callType: 'delegateCall' }
  expect(framesFromParity([{ ...root, type: 'CALL', action }], 'x')[0]?.type).toBe('DELEGATECALL')
})

test.each([
  ['call', { callType: 'teleport' }, 'teleport'],
  ['rollup', {}, 'rollup'],
])('an unknown kind of %s keeps its value and its word', (type, more, foreignType) => {
  const action = { ...more, from: A, to: B, value: '0x5' }
  const [frame] = framesFromParity([{ type, action, traceAddress: [] }], 'x')
  expect(frame).toMatchObject({ type: 'CALL', foreignType, value: 5n })
})

test.each([
  ['no action', { type: 'call', traceAddress: [] }, 'x.action'],
  ['no place', { type: 'call', action: {} }, 'x.traceAddress'],
])('%s', (_name, trace, field) => {
  expect(() => framesFromParity([trace], 'x')).toThrow(
    expect.objectContaining({ code: 'chain.MalformedField', facts: expect.objectContaining({ field }) }),
  )
})
