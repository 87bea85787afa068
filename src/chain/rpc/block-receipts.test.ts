import { expect, test } from 'vitest'
import { createFakeChain } from '../../../test/harness/fake-chain.ts'
import { createFakeNode, type FakeServer, serveFakeNode } from '../../../test/harness/fake-rpc.ts'
import { systemClock } from '../../kit/clock.ts'
import type { Raw } from '../trace/fields.ts'
import { type Asking, headOfBlock } from './block-parts.ts'
import { receiptsOf } from './block-receipts.ts'
import { createRpc } from './rpc.ts'

/** A block of four transactions, as two nodes know it. */
async function twoNodes(): Promise<{ first: FakeServer; second: FakeServer; raws: Raw[]; block: Raw }> {
  const chain = createFakeChain(4)
  const raws = chain.blocks
    .slice(1)
    .flatMap(({ raw }) => raw.receipts.map(({ blockHash: _, ...kept }) => kept))
  const transactions = raws.map((receipt) => ({ hash: receipt['transactionHash'] }))
  const block = { number: '0x1', hash: `0x${'ab'.repeat(32)}`, transactions }
  const serve = async () => serveFakeNode(createFakeNode(chain))
  return { first: await serve(), second: await serve(), raws, block }
}

test('forged receipts of one node and true ones of another: the honest node is believed, not blamed', async () => {
  const { first, second, raws, block } = await twoNodes()
  const rpc = createRpc({ urls: [first.url, second.url] })
  const forged = raws.map((receipt, i) => (i < 2 ? { ...receipt, logs: [] } : null))
  const answersOf =
    (receipts: readonly (Raw | null)[]) =>
    (method: string, [key]: readonly unknown[]) =>
      method === 'eth_getBlockReceipts'
        ? ({ kind: 'result', value: receipts } as const)
        : ({ kind: 'result', value: receipts.find((it) => it?.['transactionHash'] === key) ?? null } as const)
  first.node.instead = answersOf(forged)
  second.node.instead = answersOf(raws)
  const asking: Asking = {
    ...{ rpc, clock: systemClock, deadline: performance.now() + 5_000, reexec: 1 },
    ...{ areTracesExpected: false, wanted: undefined, signal: undefined, isCurrent: async () => true },
  }
  const check = (_: unknown, receipts: readonly Raw[]) =>
    receipts.every(({ logs }) => (logs as []).length > 0)
  const { receipts, missing } = await receiptsOf(headOfBlock(block), asking, check)
  expect([receipts, missing.size]).toEqual([raws, 0])
  expect(rpc.takeNotices().filter(({ code }) => code === 'endpoint-lied')).toEqual([])
  await Promise.all([first.close(), second.close(), rpc.close()])
})
