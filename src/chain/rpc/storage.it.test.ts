import { afterEach, expect, test } from 'vitest'
import { startFaultProxy } from '../../../test/harness/faults/proxy.ts'
import type { Address, Hex } from '../../model/hex.ts'
import { startAnvil } from '../sandbox/anvil.ts'
import { createEndpoint } from './endpoint.ts'
import { createRpc, type Rpc } from './rpc.ts'
import { firstSlots, storageWords } from './storage.ts'

const KEPT: Address = '0x00000000000000000000000000000000000a11ce'
const word = (value: number): Hex => `0x${value.toString(16).padStart(64, '0')}`

const closers: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

function rpcOf(url: string): Rpc {
  const rpc = createRpc({ urls: [url] })
  closers.push(rpc.close)
  return rpc
}

/** A node at block 2 whose contract keeps 1, 2, 3 … in its first slots; it answers any call with one word. */
async function kept(): Promise<string> {
  const node = await startAnvil({ mining: { kind: 'manual' } })
  closers.push(node.stop)
  const endpoint = createEndpoint(node.url)
  closers.push(endpoint.close)
  await endpoint.request('anvil_setCode', [KEPT, '0x600160005260206000f3'])
  for (const [i, slot] of firstSlots(24).entries())
    await endpoint.request('anvil_setStorageAt', [KEPT, slot, word(i + 1)])
  for (let i = 0; i < 2; i++) await endpoint.request('evm_mine', [])
  return node.url
}

test('the words that a contract keeps are read in one question', async () => {
  const proxy = await startFaultProxy(await kept())
  closers.push(proxy.stop)
  const asked: string[] = []
  proxy.use(async (call, forward) => {
    asked.push(call.method)
    return forward(call)
  })
  const words = await storageWords(rpcOf(proxy.url), { address: KEPT, slots: firstSlots(24), block: '0x2' })
  expect(words).toEqual(Array.from({ length: 24 }, (_, i) => word(i + 1)))
  expect(asked).toEqual(['eth_call'])
})

test('a node that leaves overrides aside is asked for each word', async () => {
  const proxy = await startFaultProxy(await kept())
  closers.push(proxy.stop)
  proxy.use(async (call, forward) =>
    forward(call.method === 'eth_call' ? { ...call, params: call.params.slice(0, 2) } : call),
  )
  const words = await storageWords(rpcOf(proxy.url), { address: KEPT, slots: firstSlots(3), block: '0x2' })
  expect(words).toEqual([word(1), word(2), word(3)])
})
