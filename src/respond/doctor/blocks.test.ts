import { expect, test } from 'vitest'
import { aHash } from '../../../test/harness/builders.ts'
import type { Asker } from '../../chain/methods/asker.ts'
import { blockAt, blockSecondsOf, blocksWithTransactions } from './blocks.ts'

/** A node whose block `n` was mined at 12·n seconds and has as many transactions as `counts` says. */
function node(counts: Readonly<Record<number, number>>): Asker {
  const request = async (_method: string, params: readonly unknown[]): Promise<unknown> => {
    const number = Number(params[0])
    const count = counts[number]
    if (count === undefined) return null
    return {
      number: `0x${number.toString(16)}`,
      hash: aHash(number),
      timestamp: `0x${(number * 12).toString(16)}`,
      transactions: Array.from({ length: count }, (_, index) => aHash(1_000 + index)),
    }
  }
  return { request } as Asker
}

test('a block that a node does not have is an error with a fix, which may pass later', async () => {
  await expect(blockAt(node({}), 7)).rejects.toMatchObject({
    code: 'chain.BlockMissing',
    facts: { block: 7 },
    fix: expect.stringMatching(/in step with its chain/),
    retryable: true,
  })
})

test('recent blocks that are neither empty nor huge are tried, at most three, newest first', async () => {
  const asker = node({ 9: 2, 8: 0, 7: 400, 6: 401, 5: 1, 4: 1, 3: 1, 2: 1, 1: 1 })
  const picked = await blocksWithTransactions(asker, await blockAt(asker, 9))
  expect(picked.map(({ number }) => number)).toEqual([9, 7, 5])
})

test('block time is the average over the last blocks, and null on a chain that has just begun', async () => {
  const asker = node(Object.fromEntries(Array.from({ length: 40 }, (_, index) => [index, 0])))
  expect(await blockSecondsOf(asker, await blockAt(asker, 39))).toBe(12)
  expect(await blockSecondsOf(asker, await blockAt(asker, 2))).toBeNull()
})
