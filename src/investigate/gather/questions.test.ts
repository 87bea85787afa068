import { expect, test } from 'vitest'
import { address } from '../../../test/harness/build.ts'
import { singleRpc } from '../../chain/rpc/rpc.ts'
import { asked, balanceAt, firstBlock, type Questions } from './questions.ts'

function questionsTo(answer: (method: string) => unknown, left = 10): Questions {
  return {
    rpc: singleRpc('a node', async (method) => answer(method)),
    capabilities: {
      chainId: 1,
      clientVersion: 'a node',
      receipts: 'eth_getBlockReceipts',
      traces: 'none',
      traceLogs: false,
      simulate: false,
      traceCall: false,
      missing: {},
      uncertain: {},
    },
    left,
    unknown: new Set(),
  }
}

test('the block at which something began is found in few questions', async () => {
  let count = 0
  const from = (block: number) => async (at: number) => {
    count++
    return at >= block
  }
  expect(await firstBlock(20_000_000, from(12_345_678))).toBe(12_345_678)
  expect(count).toBeLessThanOrEqual(25)
  expect(await firstBlock(5, from(0))).toBe(0)
  expect(await firstBlock(5, from(5))).toBe(5)
})

test('a node without an archive leaves the beginning unknown, and it is said', async () => {
  const questions = questionsTo(() => {
    throw new Error('missing trie node')
  })
  const holds = async (block: number): Promise<boolean | undefined> => {
    const found = await balanceAt(questions, address('eve'), block)
    return found === undefined ? undefined : found > 0n
  }
  expect(await firstBlock(1_000, holds)).toBeUndefined()
  expect([...questions.unknown].join()).toMatch(/the node does not tell: missing trie node/)
})

test('no more is asked than the budget allows, and what was left out is said once', async () => {
  let count = 0
  const questions = questionsTo(() => ++count, 3)
  for (let i = 0; i < 10; i++) await asked(questions, 'code', (rpc) => rpc.request('eth_getCode', []))
  expect(count).toBe(3)
  expect(questions.unknown.size).toBe(1)
})

test('an answer of another shape is no answer', async () => {
  for (const odd of [null, 7, '0xzz', {}, []])
    expect(
      await balanceAt(
        questionsTo(() => odd),
        address('eve'),
        1,
      ),
    ).toBeUndefined()
})
