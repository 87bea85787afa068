import { afterEach, expect, test } from 'vitest'
import { type Fault, startFaultProxy } from '../../../test/harness/faults/proxy.ts'
import { receiptOf } from '../../../test/harness/receipt.ts'
import { attack, closeStages, head, type Stage, said, sawBlock, stage } from '../../../test/harness/stage.ts'
import { array, object } from '../../chain/trace/fields.ts'
import { addressOf } from '../../drills/accounts.ts'
import type { ChainConfig } from '../../model/config.ts'
import { PATIENCE } from '../../model/patience.ts'
import type { LiveEvent } from '../../notify/hub.ts'
import { listIncidents } from '../../store/incidents.ts'
import { listRuns } from '../../store/runs.ts'

const closers: (() => Promise<void>)[] = []
afterEach(async () => {
  await closeStages()
  for (const close of closers.splice(0)) await close()
})

/** Cordon sees the chain through a node that answers as the fault says. */
async function behindProxy(fault: Fault): Promise<Stage> {
  return stage(async (config) => {
    const [chain] = config.chains
    if (chain === undefined) return config
    const proxy = await startFaultProxy(String(chain.rpcUrls[0]))
    closers.push(proxy.stop)
    proxy.use(fault)
    return { ...config, chains: [{ ...chain, patience: PATIENCE, rpcUrls: [proxy.url] }] }
  })
}

const notice =
  (code: string) =>
  (event: LiveEvent): boolean =>
    event.type === 'notice' && event.code === code

/** Calls an account without code again and again, each time with `size` bytes: cheap to run, enormous to trace. */
function traceBomb(size: number, calls: number): string {
  const word = (value: number, bytes: number): string => value.toString(16).padStart(2 * bytes, '0')
  const loop = `61${word(calls, 2)}5b6000600062${word(size, 3)}6000600073${'12'.repeat(20)}6064f1506001900380600357 00`
  const runtime = loop.replaceAll(' ', '')
  return `0x60${word(runtime.length / 2, 1)}80600b6000396000f3${runtime}`
}

test('a transaction whose trace is enormous hides no attack: its block is judged in part, the next one is contained', async () => {
  const hurried = (chain: ChainConfig): ChainConfig => ({ ...chain, patience: PATIENCE })
  const it = await stage((config) => ({ ...config, chains: config.chains.map(hurried) }))
  await it.until(sawBlock(await head(it.node)))
  const from = addressOf('reentrancyAttacker')
  const mine = async (transaction: object) => {
    const hash = await it.node.request('eth_sendTransaction', [{ from, gas: '0x1e8480', ...transaction }])
    await it.node.request('evm_mine', [])
    return receiptOf(it.node, hash)
  }
  const { contractAddress } = await mine({ data: traceBomb(131_072, 1_100) })
  const bomb = await mine({ to: contractAddress, data: '0x' })
  expect(Number(bomb['gasUsed'])).toBeLessThan(300_000)
  await attack(it)
  await it.until(said('broadcast', /^Sent/))
  await it.node.request('evm_mine', [])
  await it.until(said('state', /contained/))
})

test('an attack whose trace fails is told, paged where it touches what is protected, and contained when it is seen', async () => {
  let isHidden = false
  const it = await behindProxy(async (call, forward) => {
    const isTrace = /^(debug_trace(Block|Transaction)|trace_)/.test(call.method)
    if (!isHidden || !isTrace) return forward(call)
    return { kind: 'refused', code: -32000, message: 'execution timeout' }
  })
  await it.until(sawBlock(await head(it.node)))
  isHidden = true
  await attack(it)
  await it.until(notice('block-partial'))
  await expect.poll(() => it.written.join('\n')).toMatch(/could not see a transaction/)
  isHidden = false
  await it.until(notice('block-healed'))
  await it.until(said('broadcast', /^Sent/))
  await it.node.request('evm_mine', [])
  await it.until(said('state', /contained/))
})

test('a node that takes calls out of its traces hides nothing: their receipts have logs that no call made', async () => {
  let isLying = false
  const strip = (value: unknown): unknown => {
    const { calls: _calls, logs: _logs, ...root } = object(value, 'result')
    return root
  }
  const it = await behindProxy(async (call, forward) => {
    const answer = await forward(call)
    if (!isLying || answer.kind !== 'result' || !/^debug_trace(Block|Transaction)/.test(call.method))
      return answer
    const { value } = answer
    if (!Array.isArray(value)) return { kind: 'result', value: strip(value) }
    const traces = value.map((item) => ({
      ...object(item, 'trace'),
      result: strip(object(item, 'trace')['result']),
    }))
    return { kind: 'result', value: traces }
  })
  await it.until(sawBlock(await head(it.node)))
  isLying = true
  await attack(it)
  await it.until(notice('endpoint-lied'))
  await it.until(notice('block-partial'))
  isLying = false
  await it.until(said('broadcast', /^Sent/))
  await it.node.request('evm_mine', [])
  await it.until(said('state', /contained/))
})

test('an attack that a reorg takes away and that is mined again is answered again, and paused once', async () => {
  let isHeld = false
  let release = (): void => {}
  const released = new Promise<void>((resolve) => {
    release = resolve
  })
  const it = await behindProxy((call, forward) =>
    isHeld && call.method === 'eth_simulateV1' ? released.then(() => forward(call)) : forward(call),
  )
  await it.until(sawBlock(await head(it.node)))
  isHeld = true
  await attack(it)
  const block = object(await it.node.request('eth_getBlockByNumber', ['latest', false]), 'block')
  const raw = await it.node.request('eth_getRawTransactionByHash', [array(block['transactions'], 'block')[0]])
  await it.until((event) => event.type === 'incident')
  await it.node.request('anvil_reorg', [1, []])
  await it.until(said('state', /open → withdrawn/))
  release()
  await it.until(said('plan', /^Nothing was sent because/))
  await it.node.request('eth_sendRawTransaction', [raw])
  await it.node.request('evm_mine', [])
  await it.until(said('broadcast', /^Sent/))
  await it.node.request('evm_mine', [])
  await it.until(said('state', /contained/))
  const incidents = await listIncidents(it.running.app.store)
  const incident = incidents.find(({ state }) => state === 'contained')
  const runs = await listRuns(it.running.app.store, incident?.id ?? '')
  expect(runs.map(({ attempt }) => attempt)).toEqual([1, 2])
  expect(Number(await it.node.request('eth_getTransactionCount', [addressOf('guardian'), 'latest']))).toBe(1)
})
