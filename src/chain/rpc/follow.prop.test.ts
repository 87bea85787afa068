import fc from 'fast-check'
import { expect, test } from 'vitest'
import { directRpc, driveFollower, reconstruct } from '../../../test/harness/drive-follower.ts'
import { createFakeChain } from '../../../test/harness/fake-chain.ts'
import { createFakeNode, type FakeNode } from '../../../test/harness/fake-rpc.ts'

/** The events that can affect a chain and its node between two polls. */
type Happening =
  | { kind: 'extend'; count: number }
  | { kind: 'reorg'; depth: number; count: number }
  /** The next requests are answered from an older state. */
  | { kind: 'stale'; behind: number; questions: number }
  | { kind: 'fail'; questions: number }
  /** The next receipts or traces belong to another block. */
  | { kind: 'lie'; method: string; questions: number }
  /** The chain changes after this many requests, in the middle of a poll. */
  | { kind: 'during'; questions: number; depth: number; count: number }
  | { kind: 'poll' }

const small = fc.integer({ min: 1, max: 6 })
const happening: fc.Arbitrary<Happening> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('extend' as const), count: small }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('reorg' as const), depth: small, count: fc.nat(8) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('stale' as const), behind: fc.nat(12), questions: small }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('fail' as const), questions: small }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('lie' as const),
      method: fc.constantFrom('eth_getBlockReceipts', 'debug_traceBlockByHash'),
      questions: fc.integer({ min: 1, max: 3 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('during' as const),
      questions: fc.nat(12),
      depth: small,
      count: fc.nat(8),
    }),
  },
  { weight: 5, arbitrary: fc.constant({ kind: 'poll' as const }) },
)

function happen(node: FakeNode, what: Exclude<Happening, { kind: 'poll' }>): void {
  const { chain } = node
  let left = 'questions' in what ? what.questions : 0
  switch (what.kind) {
    case 'extend':
      chain.extend(what.count)
      return
    case 'reorg':
      chain.reorg(what.depth, what.count)
      return
    case 'fail':
      node.instead = () => (left-- > 0 ? { kind: 'hang' } : undefined)
      return
    case 'stale':
      node.instead = (method, [tag]) => {
        if (method !== 'eth_getBlockByNumber' || left-- <= 0) return undefined
        const old = chain.blocks.slice(0, Math.max(1, chain.blocks.length - what.behind))
        const block = tag === 'latest' ? old.at(-1) : old[Number(tag)]
        return { kind: 'result', value: block?.raw.block ?? null }
      }
      return
    case 'lie':
      node.instead = (method) => {
        if (method !== what.method || left-- <= 0) return undefined
        const raw = chain.blocks[0]?.raw
        return { kind: 'result', value: method === 'eth_getBlockReceipts' ? raw?.receipts : raw?.traces }
      }
      return
    case 'during':
      node.instead = () => {
        if (left-- === 0) chain.reorg(what.depth, what.count)
        return undefined
      }
  }
}

test('whatever happens, the stream tells the canonical chain: each block on its parent, none twice, none missing', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(happening, { maxLength: 20 }),
      fc.integer({ min: 0, max: 8 }),
      async (history, from) => {
        const node = createFakeNode(createFakeChain(8))
        const follower = await driveFollower(directRpc(node), { fromBlock: from })
        for (const what of history) {
          if (what.kind === 'poll') await follower.poll()
          else happen(node, what)
        }
        node.instead = () => undefined
        // A chain that was cut back shows this only by growing past its old head.
        node.chain.extend(Math.max(1, 200 - node.chain.blocks.length))
        await follower.poll(40)
        await follower.stop()
        const told = reconstruct(follower.updates)
        expect(told.map(({ hash }) => hash)).toEqual(
          node.chain.blocks.slice(told[0]?.number ?? from).map(({ hash }) => hash),
        )
        // No block below the first one requested is ever reported, unless a reorganisation reached it.
        expect(told[0]?.number).toBe(from)
      },
    ),
    { seed: 31, numRuns: 150 },
  )
})
