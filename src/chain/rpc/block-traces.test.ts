import { expect, test } from 'vitest'
import { createFakeChain } from '../../../test/harness/fake-chain.ts'
import { createFakeNode, serveFakeNode } from '../../../test/harness/fake-rpc.ts'
import { systemClock } from '../../kit/clock.ts'
import type { Hash } from '../../model/hex.ts'
import { type Asking, headOfBlock } from './block-parts.ts'
import { tracesOf } from './block-traces.ts'
import { createRpc } from './rpc.ts'

test('what is wanted of a block again is asked for one by one in the order given, and the heavy block is not', async () => {
  const server = await serveFakeNode(createFakeNode(createFakeChain(1)))
  const rpc = createRpc({ urls: [server.url] })
  const hashes = Array.from({ length: 5 }, (_, i): Hash => `0x${String(i).repeat(64)}`)
  const block = {
    number: '0x1',
    hash: `0x${'ab'.repeat(32)}`,
    transactions: hashes.map((hash) => ({ hash })),
  }
  const asked: unknown[] = []
  server.node.instead = (method, [first]) => {
    asked.push(`${method} ${String(first).slice(0, 3)}`)
    return { kind: 'result', value: { type: 'CALL', from: '0x01', input: '0x' } }
  }
  const wanted = new Set([3, 1, 4].map((i) => hashes[i] ?? '0x'))
  const asking: Asking = {
    ...{ rpc, clock: systemClock, deadline: performance.now() + 5_000, reexec: 1, wanted },
    ...{ areTracesExpected: true, signal: undefined, isCurrent: async () => true },
  }
  const { traces, missing } = await tracesOf(headOfBlock(block), asking)
  expect(asked).toEqual([3, 1, 4].map((i) => `debug_traceTransaction 0x${i}`))
  expect([traces.length, missing.size]).toEqual([3, 2])
  await Promise.all([server.close(), rpc.close()])
})
