import { decodeFunctionData, encodeFunctionResult, parseAbi } from 'viem'
import { describe, expect, test } from 'vitest'
import { address, word } from '../../../test/harness/build.ts'
import { CordonError } from '../../kit/error.ts'
import type { Hex } from '../../model/hex.ts'
import type { StateCall } from '../../model/state-read.ts'
import { type Rpc, singleRpc } from './rpc.ts'
import { readState } from './state-reads.ts'

const abi = parseAbi([
  'struct Call { address target; bool allowFailure; bytes callData; }',
  'struct Result { bool success; bytes returnData; }',
  'function aggregate3(Call[] calls) view returns (Result[])',
])
const MULTICALL = '0xca11bde05977b3631167028862be2a173976ca11'
const call = (name: string): StateCall => ({ to: address(name), data: '0x18160ddd' })
/** A view that answers with what it stands for; `bad` reverts. */
const truth = (to: string): Hex | null => (to === address('bad') ? null : `0x${word(BigInt(to) % 1_000n)}`)

function refused(code: number, message: string): CordonError {
  return new CordonError({ code: 'chain.RpcRefused', message, facts: { code }, fix: 'none' })
}

type Node = Rpc & { asked: string[] }

function node(options: { multicall: boolean; batchFails?: boolean }): Node {
  const asked: string[] = []
  return {
    asked,
    ...singleRpc('node', async (method, params) => {
      asked.push(method)
      if (method === 'eth_getCode') return options.multicall ? '0x6001' : '0x'
      const [{ to, data }, tag] = params as [{ to: string; data: Hex }, string]
      expect(tag).toBe('0x10')
      if (to !== MULTICALL) {
        const answer = truth(to)
        if (answer === null) throw refused(3, 'execution reverted')
        return answer
      }
      if (options.batchFails === true) throw refused(-32000, 'out of gas')
      const { args } = decodeFunctionData({ abi, data })
      const result = args[0].map(({ target }) => {
        const answer = truth(target.toLowerCase())
        return { success: answer !== null, returnData: answer ?? ('0x' as const) }
      })
      return encodeFunctionResult({ abi, functionName: 'aggregate3', result })
    }),
  }
}

const calls = ['a', 'bad', 'b'].map(call)
const expected = calls.map((it) => ({ ...it, answer: truth(it.to) }))

describe('state reads', () => {
  test('are one request through Multicall3, a reverting call answers null', async () => {
    const rpc = node({ multicall: true })
    expect(await readState(rpc, calls, 16)).toEqual(expected)
    expect(await readState(rpc, calls, 16)).toEqual(expected)
    expect(rpc.asked).toEqual(['eth_getCode', 'eth_call', 'eth_call'])
  })
  test('are single calls where Multicall3 has no code, or fails as a whole', async () => {
    expect(await readState(node({ multicall: false }), calls, 16)).toEqual(expected)
    expect(await readState(node({ multicall: true, batchFails: true }), calls, 16)).toEqual(expected)
  })
  test('more than a hundred are several requests, in the order asked', async () => {
    const many = Array.from({ length: 250 }, (_, i) => call(`contract ${i}`))
    const rpc = node({ multicall: true })
    expect((await readState(rpc, many, 16)).map(({ to }) => to)).toEqual(many.map(({ to }) => to))
    expect(rpc.asked.filter((method) => method === 'eth_call')).toHaveLength(3)
  })
  test('a node that cannot answer is an error, not a null', async () => {
    const rpc = {
      ...node({ multicall: false }),
      request: async () => Promise.reject(refused(-32601, 'no such method')),
    }
    await expect(readState(rpc, calls, 16)).rejects.toMatchObject({ code: 'chain.RpcRefused' })
  })
})
