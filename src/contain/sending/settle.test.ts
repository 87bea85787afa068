import { expect, test } from 'vitest'
import { aHash, anAddress } from '../../../test/harness/builders.ts'
import { type Rpc, singleRpc } from '../../chain/rpc/rpc.ts'
import { isTaken } from './settle.ts'

const from = anAddress(9)
const [ours, theirs] = [aHash(1), aHash(2)]

/** A chain of ten blocks in which the nonce 5 was used by `hash` in block 7, or by nobody that the node shows. */
function nodeWith(hash: string | null, oldCount = 5): Rpc {
  const request = async (method: string, params: readonly unknown[]): Promise<unknown> => {
    if (method === 'eth_blockNumber') return '0xa'
    if (method === 'eth_getTransactionCount') return `0x${oldCount.toString(16)}`
    const used = Number(params[0]) === 7 && hash !== null
    return {
      transactions: used ? [{ from: from.toUpperCase().replace('0X', '0x'), nonce: '0x5', hash }] : [],
    }
  }
  return singleRpc('node', request)
}

const asked = { from, nonce: 5, ours: new Set([ours]) }

test('a nonce is taken where a block shows who used it, and it was not us', async () => {
  expect(await isTaken(nodeWith(theirs), asked)).toBe(true)
})

test('our own transaction in a block is no theft, though its receipt is missing', async () => {
  expect(await isTaken(nodeWith(ours), asked)).toBe(false)
})

test('a count alone proves nothing: it may come from another node than the receipt', async () => {
  expect(await isTaken(nodeWith(null), asked)).toBe(false)
})

test('used deeper than any reorg is taken, though the blocks are no longer looked at', async () => {
  expect(await isTaken(nodeWith(null, 6), asked)).toBe(true)
})

test('another account’s use of the number, or this account’s of another number, takes nothing', async () => {
  const asked = { from, nonce: 5, ours: new Set<string>() }
  const used = (sender: string, nonce: string) => chain({ 7: [{ from: sender, nonce, hash: theirs }] })
  expect(await isTaken(used(anAddress(8), '0x5'), asked)).toBe(false)
  expect(await isTaken(used(from, '0x4'), asked)).toBe(false)
  expect(await isTaken(used(from, '0x5'), asked)).toBe(true)
})

test('a block that the node does not show is passed over, and blocks before the first are not asked for', async () => {
  const asked: number[] = []
  const rpc = chain({ 3: [{ from, nonce: '0x5', hash: theirs }] }, asked)
  expect(await isTaken(rpc, { from, nonce: 5, ours: new Set() })).toBe(true)
  expect(asked).toEqual([10, 9, 8, 7, 6, 5, 4, 3])
  asked.length = 0
  expect(await isTaken(rpc, { from, nonce: 6, ours: new Set() })).toBe(false)
  expect(asked).toEqual([10, 9, 8, 7, 6, 5, 4, 3, 2, 1])
})

/** A chain of ten blocks with these transactions; blocks without any are not shown. */
function chain(blocks: Readonly<Record<number, unknown[]>>, asked: number[] = []): Rpc {
  return singleRpc('node', async (method, params) => {
    if (method === 'eth_blockNumber') return '0xa'
    if (method === 'eth_getTransactionCount') {
      expect(params[1]).toBe('0x0')
      return '0x5'
    }
    asked.push(Number(params[0]))
    const transactions = blocks[Number(params[0])]
    return transactions === undefined ? null : { transactions }
  })
}
