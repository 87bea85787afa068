import { expect, test } from 'vitest'
import { buyShares, deposit, vault, withdraw } from '../../../test/harness/acts.ts'
import { address, block } from '../../../test/harness/build.ts'
import { CordonError } from '../../kit/error.ts'
import type { BlockBundle } from '../../model/block.ts'
import { ordinaryOperations } from './ordinary-operations.ts'

const failure = (code: string): CordonError => new CordonError({ code, message: 'No.', fix: 'Do.' })
const alice = address('alice')
const acts = [deposit(alice, 5n), withdraw(alice, 5n), buyShares(alice, 5n, 5n), withdraw(alice, 1n)]
const used = (number: number): BlockBundle =>
  block({
    number,
    transactions: acts.slice(number - 1, number).map((act) => ({ name: `tx ${number}`, ...act })),
  })
const looking = { from: 1, to: 4, signal: new AbortController().signal, progress: () => {} }

test('blocks that no node has are left out and named, and the others are looked at', async () => {
  const fetch = async (block: number): Promise<BlockBundle> => {
    if (block === 1) throw failure('chain.BlockMissing')
    if (block === 3) throw failure('chain.RpcRefused')
    return used(block)
  }
  const { operations, missing } = await ordinaryOperations(vault, { ...looking, fetch })
  expect(missing).toEqual([1, 3])
  expect(operations).toHaveLength(1)
})

test('a failure that is not about the block ends the search', async () => {
  const fetch = async (): Promise<BlockBundle> => Promise.reject(failure('chain.Aborted'))
  await expect(ordinaryOperations(vault, { ...looking, fetch })).rejects.toMatchObject({
    code: 'chain.Aborted',
  })
})
