import fc from 'fast-check'
import type { Address } from '../../src/model/hex.ts'
import type { CallTracerNode } from './parity.ts'

/** A few accounts, so that they meet each other. */
export const accounts = ['11', '22', '33', '44', '55', '66'].map((pair) => `0x${pair.repeat(20)}`) as [
  Address,
  Address,
  Address,
  Address,
  Address,
  Address,
]

const hex = (bytes: number): fc.Arbitrary<string> =>
  fc.uint8Array({ maxLength: bytes }).map((data) => `0x${Buffer.from(data).toString('hex')}`)
const quantity = fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }).map((value) => `0x${value.toString(16)}`)
const gas = fc.integer({ min: 0, max: 30_000_000 }).map((value) => `0x${value.toString(16)}`)

/** Random call trees of valid callTracer frames: failures, creations and self-destructions included, no logs. */
export const callTree: fc.Arbitrary<CallTracerNode> = fc.letrec<{
  node: CallTracerNode
  leaf: CallTracerNode
  inner: CallTracerNode
}>((tie) => ({
  leaf: frame(fc.constant([])),
  inner: fc.oneof({ maxDepth: 4, depthIdentifier: 'calls' }, tie('leaf'), tie('node')),
  node: frame(fc.array(tie('inner'), { maxLength: 4, depthIdentifier: 'calls' })),
})).node

function frame(calls: fc.Arbitrary<CallTracerNode[]>): fc.Arbitrary<CallTracerNode> {
  return fc
    .record({
      type: fc.constantFrom(
        'CALL',
        'CALL',
        'STATICCALL',
        'DELEGATECALL',
        'CALLCODE',
        'CREATE',
        'CREATE2',
        'SELFDESTRUCT',
      ),
      from: fc.constantFrom(...accounts),
      to: fc.constantFrom(...accounts),
      input: hex(40),
      output: hex(40),
      value: quantity,
      gas,
      gasUsed: gas,
      error: fc.option(fc.constantFrom('execution reverted', 'out of gas', 'something else'), {
        nil: undefined,
        freq: 6,
      }),
      calls,
    })
    .map(possible)
}

/** Takes out what no chain does: dying contracts that call, failed creations with an address. */
function possible(
  node: {
    [K in keyof Required<CallTracerNode>]: CallTracerNode[K] | undefined
  },
): CallTracerNode {
  const { type = 'CALL', from, to, input = '0x', output, value, gas, gasUsed, error, calls = [] } = node
  const base = { type, ...(from === undefined ? {} : { from }) }
  if (type === 'SELFDESTRUCT')
    return {
      ...base,
      ...(to === undefined ? {} : { to }),
      input: '0x',
      ...(value === undefined ? {} : { value }),
    }
  const isFailedCreation = type.startsWith('CREATE') && error !== undefined
  return {
    ...base,
    input,
    ...(to === undefined || isFailedCreation ? {} : { to }),
    ...(output === undefined || error !== undefined ? {} : { output }),
    ...(value === undefined || type === 'STATICCALL' ? {} : { value }),
    ...(gas === undefined ? {} : { gas }),
    ...(gasUsed === undefined ? {} : { gasUsed }),
    ...(error === undefined ? {} : { error }),
    ...(calls.length === 0 ? {} : { calls }),
  }
}
