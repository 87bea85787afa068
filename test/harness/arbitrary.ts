import fc from 'fast-check'
import { CALL_PLANS } from '../../src/facts/actions/families.ts'
import { SELECTORS, TOPICS, VALUATIONS } from '../../src/facts/signatures.ts'
import type { FrameType } from '../../src/model/block.ts'
import type { Address, Hex } from '../../src/model/hex.ts'
import {
  type CallNode,
  call,
  create,
  data,
  type LogNode,
  log,
  pay,
  pull,
  type TransactionParts,
  topicOf,
  transferLog,
  view,
  word,
  ZERO,
} from './build.ts'
import type { CallTracerNode } from './parity.ts'

/** A few accounts, so that they interact with each other. */
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

/** Removes what no chain does: dying contracts that call, failed creations with an address. */
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

const ECRECOVER: Address = `0x${'0'.repeat(39)}1`
const anyone = fc.constantFrom<Address>(...accounts, ZERO)
/** Amounts that break sums: zero, small ones, and the maximum of 256 bits. */
const units = fc.oneof(
  fc.bigInt({ min: 0n, max: 100n }),
  fc.constant(10n ** 18n),
  fc.constant(2n ** 256n - 1n),
)
const move = fc.record({ from: anyone, to: anyone, amount: units })
const words = fc.array(fc.oneof(units, anyone), { maxLength: 8 })

/** Selectors that some detector or decoder knows, sent to any contract, with or without the function. */
const knownSelectors: readonly Hex[] = [
  ...CALL_PLANS.keys(),
  ...Object.values(SELECTORS),
  ...Object.values(VALUATIONS),
  '0x6a761202',
  '0x56781388',
  '0xfe0d94c1',
  '0x40c10f19',
  '0x9dc29fac',
  '0x89afcb44',
]
const selector = fc.constantFrom<Hex>(...knownSelectors, '0x12345678')

/** A claim in a log that need not be true, with arbitrary topics and words. */
const claim = fc
  .record({
    at: anyone,
    topic: fc.constantFrom<Hex>(...Object.values(TOPICS)),
    topics: fc.array(anyone),
    words,
  })
  .map(({ at, topic, topics, words }) =>
    log(at, [topic, ...topics.slice(0, 3).map(topicOf)], `0x${words.map(word).join('')}`),
  )
/** A token that keeps a fee of the amount it reports as moved, and one whose balances change on their own. */
const odd = fc
  .tuple(anyone, move, units)
  .map(([token, { from, to, amount }, other]) =>
    call(
      token,
      { input: data(SELECTORS['transferFrom(address,address,uint256)'], from, to, amount) },
      transferLog(token, { from, to, amount: amount / 2n }),
      transferLog(token, { from, to: token, amount: amount - amount / 2n }),
      view(token, data('0x70a08231', to), `0x${word(other)}`),
      view(token, '0x18160ddd', `0x${word(other)}`),
    ),
  )
const leaf: fc.Arbitrary<CallNode | LogNode> = fc.oneof(
  claim,
  odd,
  fc.tuple(anyone, move).map(([token, it]) => pay(token, it)),
  fc.tuple(anyone, move).map(([token, it]) => pull(token, it)),
  fc.tuple(anyone, move).map(([token, it]) => transferLog(token, it)),
  fc.tuple(anyone, units).map(([to, value]) => call(to, { value })),
  fc
    .tuple(anyone, selector, words, units)
    .map(([to, input, args, answer]) => view(to, data(input, ...args), `0x${word(answer)}`)),
  fc
    .tuple(fc.bigInt({ min: 1n, max: 3n }), fc.boolean())
    .map(([n, isGood]) =>
      view(ECRECOVER, `0x${word(n)}${word(27n)}${word(n)}${word(n)}`, isGood ? `0x${word(7n)}` : '0x'),
    ),
  fc.tuple(anyone, anyone).map(([to, named]) => create(to, { output: `0x6080${named.slice(2)}5af4` })),
)
const node: fc.Arbitrary<CallNode> = fc.letrec<{ node: CallNode; item: CallNode | LogNode }>((tie) => ({
  item: fc.oneof({ maxDepth: 3, depthIdentifier: 'hostile' }, leaf, tie('node')),
  node: fc
    .record({
      to: anyone,
      type: fc.constantFrom<FrameType>('CALL', 'CALL', 'CALL', 'DELEGATECALL'),
      selector,
      words,
      fails: fc.boolean(),
      inner: fc.array(tie('item'), { maxLength: 5, depthIdentifier: 'hostile' }),
    })
    .map(({ to, type, selector, words, fails, inner }) =>
      call(
        to,
        { type, input: data(selector, ...words), ...(fails && words.length > 6 ? { error: 'x' } : {}) },
        ...inner,
      ),
    ),
})).node

/** Transactions in which any contract may claim anything, and so some attacks, and their twins. */
export const hostileTransactions: fc.Arbitrary<TransactionParts[]> = fc.array(
  fc.record({
    from: fc.constantFrom(...accounts),
    nonce: fc.nat(5),
    root: node.map((root) => ({ ...root, type: 'CALL' as const })),
  }),
  { maxLength: 3 },
)
