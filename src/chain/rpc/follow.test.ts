import { describe, expect, test } from 'vitest'
import {
  directRpc,
  driveFollower,
  kinds,
  notices,
  reconstruct,
} from '../../../test/harness/drive-follower.ts'
import { createFakeChain } from '../../../test/harness/fake-chain.ts'
import { createFakeNode, type FakeNode } from '../../../test/harness/fake-rpc.ts'

const nodeOf = (count: number): FakeNode => createFakeNode(createFakeChain(count))
const refs = ({ chain }: FakeNode, from: number) =>
  chain.blocks.slice(from).map(({ number, hash }) => ({ number, hash }))

describe('the head', () => {
  test('from the latest block on, one by one', async () => {
    const node = nodeOf(5)
    const it = await driveFollower(directRpc(node))
    expect(kinds(it.updates)).toEqual(['block 5'])
    node.chain.extend(1)
    await it.poll()
    await it.poll()
    expect(kinds(it.updates)).toEqual(['block 5', 'block 6'])
    await it.stop()
  })

  test('from a given block: the gap is filled and told of', async () => {
    const node = nodeOf(9)
    const it = await driveFollower(directRpc(node), { fromBlock: 2 })
    expect(kinds(it.updates)).toEqual(['gap-filled', ...[2, 3, 4, 5, 6, 7, 8, 9].map((n) => `block ${n}`)])
    await it.stop()
  })

  test('from a block that is not there yet: it waits', async () => {
    const node = nodeOf(3)
    const it = await driveFollower(directRpc(node), { fromBlock: 5 })
    expect(it.updates).toEqual([])
    node.chain.extend(3)
    await it.poll()
    expect(kinds(it.updates)).toEqual(['block 5', 'block 6'])
    await it.stop()
  })

  test('without traces blocks come all the same, and say that they have none', async () => {
    const node = nodeOf(2)
    node.without.add('debug_traceBlockByHash').add('debug_traceBlockByNumber')
    const it = await driveFollower(directRpc(node))
    const [update] = it.updates
    expect(update).toMatchObject({
      kind: 'block',
      bundle: { coverage: { traces: 'none', logs: 'receipts' } },
    })
    await it.stop()
  })
})

describe('reorganisations', () => {
  test.each([1, 3, 10])('%i blocks deep', async (depth) => {
    const node = nodeOf(20)
    const it = await driveFollower(directRpc(node), { fromBlock: 5 })
    it.updates.length = 0
    const before = refs(node, 21 - depth)
    node.chain.reorg(depth, depth + 1)
    await it.poll()
    expect(kinds(it.updates)[0]).toBe(`reorg to ${20 - depth}, ${depth} removed`)
    expect(it.updates[0]).toMatchObject({ removed: before.reverse() })
    expect(it.updates.slice(1).map((u) => u.kind === 'block' && u.bundle.hash)).toEqual(
      refs(node, 21 - depth).map(({ hash }) => hash),
    )
    await it.stop()
  })

  test('to a chain of the same length, and to a shorter one', async () => {
    const node = nodeOf(10)
    const it = await driveFollower(directRpc(node), { fromBlock: 1 })
    node.chain.reorg(3, 3)
    await it.poll()
    expect(reconstruct(it.updates)).toEqual(refs(node, 1))
    node.chain.reorg(5, 2)
    await it.poll()
    expect(reconstruct(it.updates)).toEqual(refs(node, 1))
    await it.stop()
  })

  test('a chain that was cut back, with nothing new on it, looks like a node that lags: nothing is removed yet', async () => {
    const node = nodeOf(10)
    const it = await driveFollower(directRpc(node), { fromBlock: 1 })
    it.updates.length = 0
    node.chain.reorg(4, 0)
    await it.poll()
    expect(it.updates).toEqual([])
    node.chain.extend(1)
    await it.poll()
    expect(kinds(it.updates)).toEqual(['reorg to 6, 4 removed', 'block 7'])
    await it.stop()
  })

  test('deeper than the window: all that is remembered goes, and that is said', async () => {
    const node = nodeOf(20)
    const it = await driveFollower(directRpc(node), { fromBlock: 1, window: 4 })
    it.updates.length = 0
    node.chain.reorg(8, 10)
    await it.poll(2)
    expect(kinds(it.updates).slice(0, 3)).toEqual([
      'reorg-beyond-window',
      'reorg to 16, 4 removed',
      'block 17',
    ])
    expect(kinds(it.updates)).toContain('block 22')
    await it.stop()
  })

  test('a node far behind is no reorganisation', async () => {
    const node = nodeOf(20)
    const it = await driveFollower(directRpc(node))
    it.updates.length = 0
    node.instead = (method, [tag]) =>
      method === 'eth_getBlockByNumber' && (tag === 'latest' || Number(tag) > 9)
        ? { kind: 'result', value: tag === 'latest' ? node.chain.blocks[9]?.raw.block : null }
        : undefined
    await it.poll(3)
    expect(it.updates).toEqual([])
    node.instead = () => undefined
    node.chain.extend(1)
    await it.poll()
    expect(kinds(it.updates)).toEqual(['block 21'])
    await it.stop()
  })
})

describe('finality', () => {
  test('as the node says, once a block', async () => {
    const node = nodeOf(10)
    node.finalized = 6
    const it = await driveFollower(directRpc(node), { fromBlock: 1 })
    expect(kinds(it.updates).at(-1)).toBe('finalized 6')
    node.chain.extend(1)
    await it.poll()
    expect(kinds(it.updates).at(-1)).toBe('block 11')
    node.finalized = 8
    node.chain.extend(1)
    await it.poll()
    expect(kinds(it.updates).at(-1)).toBe('finalized 8')
    await it.stop()
  })

  test('by depth where the node has no such tag', async () => {
    const it = await driveFollower(directRpc(nodeOf(10)), { fromBlock: 1, finalityDepth: 4 })
    expect(kinds(it.updates).at(-1)).toBe('finalized 6')
    await it.stop()
  })

  test('while finality stalls, depth does not stand in for it', async () => {
    const node = nodeOf(10)
    node.finalized = 2
    const it = await driveFollower(directRpc(node), { fromBlock: 1, finalityDepth: 4 })
    expect(kinds(it.updates).at(-1)).toBe('finalized 2')
    await it.stop()
  })

  test('a finalised block beyond the head is a lie: depth does not stand in for it', async () => {
    const node = nodeOf(10)
    const lie = {
      number: '0x3e8',
      hash: `0x${'f'.repeat(64)}`,
      parentHash: `0x${'e'.repeat(64)}`,
      timestamp: '0x1',
    }
    node.instead = (_method, [tag]) => (tag === 'finalized' ? { kind: 'result', value: lie } : undefined)
    const it = await driveFollower(directRpc(node), { fromBlock: 1, finalityDepth: 4 })
    expect(kinds(it.updates).filter((kind) => kind.startsWith('finalized'))).toEqual([])
    await it.stop()
  })

  test('is told while blocks are caught up with: as deep as a reorganisation may go below what was read', async () => {
    const node = nodeOf(100)
    node.finalized = 98
    const it = await driveFollower(directRpc(node), { fromBlock: 1, finalityDepth: 10 })
    const told = kinds(it.updates)
    expect(told.filter((kind) => kind.startsWith('finalized'))).toEqual([
      ...['finalized 22', 'finalized 54', 'finalized 86', 'finalized 98'],
    ])
    expect(told.indexOf('finalized 22')).toBe(told.indexOf('block 32') + 1)
    await it.stop()
  })

  test('what has left the window cannot be rolled back: it counts as final', async () => {
    const node = nodeOf(10)
    node.finalized = 2
    const it = await driveFollower(directRpc(node), { fromBlock: 1, window: 5 })
    expect(kinds(it.updates).at(-1)).toBe('finalized 6')
    await it.stop()
  })

  test('a failed question about it is no answer', async () => {
    const node = nodeOf(10)
    node.instead = (_method, [tag]) => (tag === 'finalized' ? { kind: 'hang' } : undefined)
    const it = await driveFollower(directRpc(node), { fromBlock: 1, finalityDepth: 4 })
    expect(kinds(it.updates).filter((it) => it.startsWith('finalized'))).toEqual([])
    await it.stop()
  })

  test('a finalized block that is not ours is not ours', async () => {
    const node = nodeOf(10)
    const other = createFakeChain(3)
    other.reorg(3, 3)
    node.instead = (_method, [tag]) =>
      tag === 'finalized' ? { kind: 'result', value: other.blocks[3]?.raw.block } : undefined
    const it = await driveFollower(directRpc(node), { fromBlock: 1 })
    expect(kinds(it.updates).filter((it) => it.startsWith('finalized'))).toEqual([])
    await it.stop()
  })
})

describe('a node in trouble', () => {
  test('is told of once, however long it lasts, and following goes on after it', async () => {
    const node = nodeOf(3)
    const it = await driveFollower(directRpc(node))
    node.instead = () => ({ kind: 'hang' })
    await it.poll(5)
    node.instead = () => undefined
    node.chain.extend(2)
    await it.poll(2)
    expect(kinds(it.updates)).toEqual(['block 3', 'source-trouble', 'block 4', 'block 5'])
    await it.stop()
  })

  test('garbage for a header is told with the field', async () => {
    const node = nodeOf(3)
    node.instead = (method) =>
      method === 'eth_getBlockByNumber'
        ? { kind: 'result', value: { number: '0x3', hash: '0xbad' } }
        : undefined
    const it = await driveFollower(directRpc(node))
    expect(it.updates).toMatchObject([{ notice: { code: 'source-trouble', facts: { field: 'block.hash' } } }])
    await it.stop()
  })

  test.each([
    ['receipts of another block', 'eth_getBlockReceipts'],
    ['traces of another block', 'debug_traceBlockByHash'],
  ])('%s: asked again until they fit', async (_name, lie) => {
    const node = nodeOf(5)
    let lies = 2
    node.instead = (method) =>
      method === lie && lies-- > 0
        ? {
            kind: 'result',
            value: node.chain.blocks[2]?.raw[lie === 'eth_getBlockReceipts' ? 'receipts' : 'traces'],
          }
        : undefined
    const it = await driveFollower(directRpc(node))
    await it.poll(5)
    expect(kinds(it.updates)).toEqual(['block 5'])
    await it.stop()
  })

  test.each(['eth_getBlockReceipts', 'debug_traceBlockByHash'])(
    '%s that are not there yet: asked again',
    async (late) => {
      const node = nodeOf(5)
      let lies = 2
      node.instead = (method) => (method === late && lies-- > 0 ? { kind: 'result', value: null } : undefined)
      const it = await driveFollower(directRpc(node))
      await it.poll(5)
      expect(kinds(it.updates)).toEqual(['block 5'])
      await it.stop()
    },
  )

  test('receipts that a block lacks are asked for one by one', async () => {
    const node = nodeOf(5)
    node.instead = (method) => (method === 'eth_getBlockReceipts' ? { kind: 'result', value: [] } : undefined)
    const it = await driveFollower(directRpc(node))
    expect(it.updates).toMatchObject([{ kind: 'block', bundle: { number: 5, gaps: [] } }])
    await it.stop()
  })

  test('a head that stands still is told of once, until it moves', async () => {
    const node = nodeOf(3)
    const it = await driveFollower(directRpc(node), { staleAfterMs: 60_000 })
    await it.poll()
    it.clock.advance(61_000)
    await it.poll(3)
    expect(notices(it.updates)).toEqual(['stale-head'])
    node.chain.extend(1)
    await it.poll()
    it.clock.advance(61_000)
    await it.poll(2)
    expect(notices(it.updates)).toEqual(['stale-head', 'stale-head'])
    await it.stop()
  })
})
