import { afterEach, expect, test } from 'vitest'
import { type FaultProxy, startFaultProxy } from '../../test/harness/faults/proxy.ts'
import { systemClock } from '../kit/clock.ts'
import { configSchema } from '../model/config.ts'
import { openChains } from './chains.ts'
import type { ChainHandle } from './context.ts'

let node: FaultProxy | undefined
let opened: ReadonlyMap<number, ChainHandle> = new Map()
afterEach(async () => {
  for (const chain of opened.values()) await chain.rpc.close()
  await node?.stop()
})

test.each([
  ['refuses to read its newest block', { kind: 'refused', code: -32000, message: 'header not found' }],
  ['answers something that is no block', { kind: 'result', value: 'syncing' }],
] as const)('a node that %s at the start is waited for, as one that is down', async (_, reply) => {
  node = await startFaultProxy('http://127.0.0.1:9')
  node.use(async ({ method }) => (method === 'eth_chainId' ? { kind: 'result', value: '0x7a69' } : reply))
  const config = configSchema.parse({ chains: [{ chainId: 31337, rpcUrls: [node.url] }] })
  await expect(openChains(config, systemClock)).rejects.toThrow(/refused|block/)

  const notices: string[] = []
  const waiting = {
    notify: (text: string) => void notices.push(text),
    signal: new AbortController().signal,
  }
  opened = await openChains(config, systemClock, waiting)
  expect(notices).toEqual([expect.stringContaining('Waiting for a node')])
  const uncertain = Object.keys(opened.get(31337)?.capabilities.uncertain ?? {})
  expect(uncertain).toContain('debug_traceBlockByHash')
})
