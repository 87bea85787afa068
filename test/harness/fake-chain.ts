import type { Address, Hash } from '../../src/model/hex.ts'
import { address, call, hashOf, pay, rawBlock, transferLog } from './build.ts'

/** A tiny chain that can be extended, shortened and reorganised. Blocks are bundle lines. */
export type FakeChain = {
  blocks: FakeBlock[]
  /** Adds blocks, each of one token payment. */
  extend(count: number): void
  /** Drops the newest `depth` blocks and adds `count` others. */
  reorg(depth: number, count: number): void
}

export type FakeBlock = { number: number; hash: Hash; parentHash: Hash; raw: RawLine }
type RawLine = {
  block: Record<string, unknown> & { transactions: Record<string, unknown>[] }
  receipts: Record<string, unknown>[]
  traces: { txHash: Hash; result: unknown }[]
}

const [alice, bob, token] = ['alice', 'bob', 'token'].map(address) as [Address, Address, Address]

/** A chain with a genesis block and `count` more. */
export function createFakeChain(count = 0): FakeChain {
  let made = 0
  const blocks: FakeBlock[] = []
  const extend = (more: number): void => {
    for (let i = 0; i < more; i++) blocks.push(fakeBlock(blocks.length, blocks.at(-1), `#${made++}`))
  }
  extend(count + 1)
  return {
    blocks,
    extend,
    reorg(depth, more) {
      blocks.length = Math.max(1, blocks.length - depth)
      extend(more)
    },
  }
}

function fakeBlock(number: number, parent: FakeBlock | undefined, fork: string): FakeBlock {
  const move = { from: alice, to: bob, amount: BigInt(number + 1) }
  const parentHash = parent?.hash ?? hashOf('nothing')
  const line = rawBlock({
    number,
    fork,
    parentHash,
    transactions: [{ from: alice, root: call(token, {}, pay(token, move)), name: `${number}${fork}` }],
  }) as unknown as RawLine
  const { log } = transferLog(token, move)
  const hash = line.block['hash'] as Hash
  for (const receipt of line.receipts) Object.assign(receipt, { blockHash: hash, logs: [log] })
  return { number, hash, parentHash, raw: line }
}
