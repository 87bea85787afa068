import { expect, test } from 'vitest'
import { aHash, anAddress } from '../../../test/harness/builders.ts'
import { type Rpc, singleRpc } from '../../chain/rpc/rpc.ts'
import { type BlockContext, type SimulatedCall, simulateV1Sequencer } from './sequence.ts'

const [attacker, guardian, vault, token] = [anAddress(1), anAddress(2), anAddress(3), anAddress(4)]
const PLENTY = 10n ** 24n
const TRANSFER = '0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef'
const word = (value: string | bigint): `0x${string}` =>
  `0x${(typeof value === 'bigint' ? value.toString(16) : value.slice(2)).padStart(64, '0')}`

type Asked = { blockStateCalls: Record<string, unknown>[]; validation: boolean; traceTransfers: boolean }

/** A node that simulates: it keeps the last request and gives the same answer to every call. */
function node(answer: Record<string, unknown> = { status: '0x1', gasUsed: '0x5208', returnData: '0xab' }): {
  rpc: Rpc
  asked: () => { request: Asked; tag: unknown }
  methods: string[]
} {
  const methods: string[] = []
  let last: { request: Asked; tag: unknown } | undefined
  const rpc = singleRpc('node', async (method, params) => {
    methods.push(method)
    if (method === 'eth_getBlockByNumber') return { timestamp: '0x64', transactions: [] }
    last = { request: params[0] as Asked, tag: params[1] }
    return last.request.blockStateCalls.map(({ calls }) => ({
      calls: (calls as unknown[]).map(() => answer),
    }))
  })
  return {
    rpc,
    methods,
    asked: () => {
      if (last === undefined) throw new Error('nothing was simulated')
      return last
    },
  }
}

const pause: SimulatedCall = { from: guardian, to: vault, data: '0x8456cb59', value: 0n }
const attack: SimulatedCall = { from: attacker, to: vault, data: '0x01', value: 5n, gas: 21_000 }

test('each call has a block of its own after the given one, and every sender can pay', async () => {
  const { rpc, asked, methods } = node()
  await simulateV1Sequencer(rpc).run(9, [pause, attack])
  const { request, tag } = asked()
  const rich = { balance: `0x${(PLENTY + 5n).toString(16)}` }
  expect(tag).toBe('0x9')
  expect(request).toEqual({
    validation: false,
    traceTransfers: true,
    blockStateCalls: [
      {
        stateOverrides: { [guardian]: rich, [attacker]: rich },
        calls: [{ from: guardian, to: vault, input: '0x8456cb59', value: '0x0' }],
      },
      { calls: [{ from: attacker, to: vault, input: '0x01', value: '0x5', gas: '0x5208' }] },
    ],
  })
  expect(methods).toEqual(['eth_simulateV1'])
})

test('where a call waits, every block has a time, twelve seconds after the one before', async () => {
  const { rpc, asked } = node()
  await simulateV1Sequencer(rpc).run(9, [pause, { ...attack, laterBy: 3_600 }, attack])
  expect(asked().request.blockStateCalls.map(({ blockOverrides }) => blockOverrides)).toEqual([
    { time: '0x70' },
    { time: `0x${(0x64 + 24 + 3_600).toString(16)}` },
    { time: `0x${(0x64 + 36 + 3_600).toString(16)}` },
  ])
})

test('calls of one block are in one block, with the parts of a past block that are known', async () => {
  const within: BlockContext = {
    number: 7,
    timestamp: 100,
    baseFee: 3n,
    gasLimit: 30,
    coinbase: anAddress(8),
    prevRandao: aHash(9),
  }
  const { rpc, asked } = node()
  await simulateV1Sequencer(rpc).run(6, [pause, attack], { within })
  const [block, ...others] = asked().request.blockStateCalls
  expect(others).toEqual([])
  expect(block?.['calls']).toHaveLength(2)
  expect(block?.['blockOverrides']).toEqual({
    number: '0x7',
    time: '0x64',
    gasLimit: '0x1e',
    feeRecipient: anAddress(8),
    baseFeePerGas: '0x3',
    prevRandao: aHash(9),
  })
  await simulateV1Sequencer(rpc).run(6, [pause], { within: { ...within, baseFee: null, prevRandao: null } })
  expect(asked().request.blockStateCalls[0]?.['blockOverrides']).toEqual({
    number: '0x7',
    time: '0x64',
    gasLimit: '0x1e',
    feeRecipient: anAddress(8),
  })
  await simulateV1Sequencer(rpc).run(6, [pause], { within: null })
  expect(asked().request.blockStateCalls[0]?.['blockOverrides']).toEqual({})
})

test('strictly, a call without a fee of its own pays the base fee; otherwise none is added', async () => {
  const within = { number: 7, timestamp: 1, baseFee: 3n, gasLimit: 9, coinbase: vault, prevRandao: null }
  const fees = { maxFeePerGas: 8n, maxPriorityFeePerGas: 2n }
  const list = [{ address: token, storageKeys: [aHash(1)] }]
  const calls = [pause, { ...attack, fees, accessList: list }]
  const feesOf = async (isStrict: boolean, baseFee: bigint | null): Promise<unknown[]> => {
    const { rpc, asked } = node()
    await simulateV1Sequencer(rpc).run(6, calls, { within: { ...within, baseFee }, isStrict })
    const { validation, blockStateCalls } = asked().request
    const sent = blockStateCalls[0]?.['calls'] as Record<string, unknown>[]
    expect(validation).toBe(isStrict)
    expect(sent[1]).toMatchObject({ maxFeePerGas: '0x8', maxPriorityFeePerGas: '0x2', accessList: list })
    return [sent[0]?.['maxFeePerGas'], sent[0]?.['maxPriorityFeePerGas']]
  }
  expect(await feesOf(true, 3n)).toEqual(['0x3', '0x0'])
  expect(await feesOf(true, null)).toEqual([undefined, undefined])
  expect(await feesOf(false, 3n)).toEqual([undefined, undefined])
})

test('a contract that is created has no receiver', async () => {
  const { rpc, asked } = node()
  await simulateV1Sequencer(rpc).run(9, [{ ...attack, to: null }])
  expect(asked().request.blockStateCalls[0]?.['calls']).toEqual([
    { from: attacker, input: '0x01', value: '0x5', gas: '0x5208' },
  ])
})

test('a result tells what moved, unless the call was reverted', async () => {
  const logs = [{ address: token, topics: [TRANSFER, word(vault), word(attacker)], data: word(7n) }]
  const answer = { status: '0x1', gasUsed: '0x10', returnData: '0xab', logs }
  const [result] = await simulateV1Sequencer(node(answer).rpc).run(9, [attack])
  expect(result).toEqual({
    succeeded: true,
    gasUsed: 16,
    output: '0xab',
    movements: [{ asset: token, from: vault, to: attacker, amount: 7n }],
  })
  const [reverted] = await simulateV1Sequencer(node({ status: '0x0', logs }).rpc).run(9, [attack])
  expect(reverted).toEqual({ succeeded: false, gasUsed: 0, output: '0x', movements: [] })
})
