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
    [chain.BrokenTrace: A Parity trace names a parent that is not there.
      field: traces of 0xab
      traceAddress: [0,0]
      transaction: 0xabababababababababababababababababababababababababababababababab
    Fix: The trace is cut or out of order: fetch the block’s traces again, or use another node.]
  `)
})

test('a second root means two transactions in one', () => {
  const [root] = toParity(leaf, HASH)
  expect(() => framesFromParity([root, root], 'x')).toThrow(
    expect.objectContaining({ code: 'chain.BrokenTrace' }),
  )
})

test.each([
  [
    'an unknown kind of call',
    { type: 'call', action: { callType: 'teleport' }, traceAddress: [] },
    'x.action.callType',
  ],
  ['an unknown kind of trace', { type: 'rollup', action: {}, traceAddress: [] }, 'x.type'],
  ['no action', { type: 'call', traceAddress: [] }, 'x.action'],
  ['no place', { type: 'call', action: {} }, 'x.traceAddress'],
])('%s', (_name, trace, field) => {
  expect(() => framesFromParity([trace], 'x')).toThrow(
    expect.objectContaining({ code: 'chain.MalformedField', facts: expect.objectContaining({ field }) }),
  )
})
