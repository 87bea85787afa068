import { afterEach, expect, test } from 'vitest'
import {
  type Call,
  type Fault,
  type FaultProxy,
  startFaultProxy,
} from '../../../test/harness/faults/proxy.ts'
import { attack, closeStages, head, type Stage, said, sawBlock, stage } from '../../../test/harness/stage.ts'
import { createEndpoint } from '../../chain/rpc/endpoint.ts'
import { type Anvil, startAnvil } from '../../chain/sandbox/anvil.ts'
import { authorisationHash } from '../../contain/approval/authorise.ts'
import { addressOf } from '../../drills/accounts.ts'
import { sendAttackOnce } from '../../drills/attacks.ts'
import { listAuthorisations, revokeAuthorisation } from '../../store/authorisations.ts'
import { listBroadcasts } from '../../store/broadcasts.ts'
import { listIncidents } from '../../store/incidents.ts'
import { transaction } from '../../store/store.ts'

const closers: (() => Promise<unknown>)[] = []
afterEach(async () => {
  await closeStages()
  for (const close of closers.splice(0).reverse()) await close()
})

type Behind = { it: Stage; proxy: FaultProxy }

/** A Cordon behind a node that does not always tell the truth, alone or before an honest one. */
async function behind(honest: 'alone' | 'beside'): Promise<Behind> {
  let proxy: FaultProxy | undefined
  const it = await stage(async (config) => {
    const [chain] = config.chains
    const url = chain?.rpcUrls[0] ?? ''
    proxy = await startFaultProxy(url)
    closers.push(proxy.stop)
    const rpcUrls = honest === 'alone' ? [proxy.url] : [proxy.url, url]
    return { ...config, chains: config.chains.map((one) => ({ ...one, rpcUrls })) }
  })
  if (proxy === undefined) throw new Error('the stage was configured')
  await it.until(sawBlock(await head(it.node)))
  return { it, proxy }
}

const asksCount = ({ method, params }: Call): boolean =>
  method === 'eth_getTransactionCount' && String(params[0]).toLowerCase() === addressOf('guardian')

/** Returns a false count, for `times` requests; without limit by default. */
function lyingCount(count: number, times = Number.POSITIVE_INFINITY): Fault {
  let left = times
  return async (call, forward) => {
    if (!asksCount(call) || left-- <= 0) return forward(call)
    return { kind: 'result', value: `0x${count.toString(16)}` }
  }
}

async function isPaused({ node, at }: Stage): Promise<boolean> {
  await node.request('evm_mine', [])
  return (
    BigInt(String(await node.request('eth_call', [{ to: at.ethReserve, data: '0x5c975abb' }, 'latest']))) ===
    1n
  )
}

const noncesOf = async ({ running }: Stage): Promise<number[]> => {
  const [incident] = await listIncidents(running.app.store)
  return (await listBroadcasts(running.app.store, incident?.id ?? '')).map(({ nonce }) => nonce)
}

test('one answer that is not true about the guardian’s nonce costs nothing', async () => {
  const { it, proxy } = await behind('alone')
  proxy.use(lyingCount(0xffff, 1))
  await attack(it)
  await it.until(said('broadcast', /^Sent pause\(\).*nonce 0\b/))
  await expect.poll(() => isPaused(it), { timeout: 20_000, interval: 300 }).toBe(true)
})

test('a node that lies about the nonce beside an honest one is not believed', async () => {
  const { it, proxy } = await behind('beside')
  proxy.use(lyingCount(0xffff))
  await attack(it)
  await it.until(said('broadcast', /^Sent pause\(\).*nonce 0\b/))
  await expect.poll(() => isPaused(it), { timeout: 20_000, interval: 300 }).toBe(true)
})

test('a pause that was signed on a lie, with a nonce out of reach, is signed anew once the truth is known', async () => {
  const { it, proxy } = await behind('alone')
  proxy.use(lyingCount(0xffff))
  await attack(it)
  await it.until(said('broadcast', /nonce 65535\b/))
  proxy.use(null)
  await it.until(said('broadcast', /out of reach.*now nonce 0/))
  await expect.poll(() => isPaused(it), { timeout: 20_000, interval: 300 }).toBe(true)
  await expect.poll(() => noncesOf(it)).toEqual([0])
})

test('an attack that one of two endpoints alone shows, on a fork of its own, gets no signature', async () => {
  let fork: Anvil | undefined
  const it = await stage(async (config) => {
    const url = config.chains[0]?.rpcUrls[0] ?? ''
    fork = await startAnvil({
      mining: { kind: 'manual' },
      forkUrl: url,
      forkBlock: Number(await headAt(url)),
    })
    closers.push(fork.stop)
    const rpcUrls = [fork.url, url]
    return { ...config, chains: config.chains.map((one) => ({ ...one, rpcUrls })) }
  })
  if (fork === undefined) throw new Error('the stage was configured')
  await it.until(sawBlock(await head(it.node)))
  await sendAttackOnce(it.at, fork.url, { kind: 'reentrancy' })
  const endpoint = createEndpoint(fork.url)
  await endpoint.request('evm_mine', [])
  const proposed = await it.until(said('plan', /^Nothing was sent because/))
  expect(proposed).toMatchObject({
    message: expect.stringMatching(/the endpoints disagree: .*the attack unknown/),
  })
  await it.until(said('notification', /^Notified guardian, incident-leader, operations: [1-9]/))
  await it.until(said('step', /^Step report succeeded$/))
  const pending = await endpoint.request('eth_getTransactionCount', [addressOf('guardian'), 'pending'])
  expect(Number(pending)).toBe(0)
  expect(await noncesOf(it)).toEqual([])
  await endpoint.close()
})

async function headAt(url: string): Promise<number> {
  const endpoint = createEndpoint(url)
  try {
    return await head(endpoint)
  } finally {
    await endpoint.close()
  }
}

test('two endpoints that show the same are acted on, and so is one whose neighbour is away', async () => {
  const { it, proxy } = await behind('beside')
  proxy.goAway()
  await attack(it)
  await it.until(said('decision', /^Signed without a second endpoint.*no second endpoint answers/))
  await expect.poll(() => isPaused(it), { timeout: 20_000, interval: 300 }).toBe(true)
})

test('an authorisation revoked between the decision and the signature: nothing is signed, people are paged', async () => {
  const { it, proxy } = await behind('alone')
  const { store, config } = it.running.app
  const [authorisation] = [...config.authorisations, ...(await listAuthorisations(store))]
  if (authorisation === undefined) throw new Error('the drill has one')
  const hash = authorisationHash(authorisation)
  // The nonce is requested after everything is decided, right before the signature.
  proxy.use(async (call, forward) => {
    if (asksCount(call))
      await transaction(store, (tx) =>
        revokeAuthorisation(tx, { hash, author: 'Ilse', revokedAt: Date.now() }),
      )
    return forward(call)
  })
  await attack(it)
  await it.until(said('decision', /^Enough is known to act without people/))
  await it.until(said('plan', /^Nothing was sent because .*it was revoked by Ilse/))
  await it.until(said('notification', /^Notified guardian, incident-leader, operations: [1-9]/))
  expect(it.written.join('\n')).toMatch(/By hand: pause\(\) on/)
  await it.until(said('step', /^Step report succeeded$/))
  expect(await noncesOf(it)).toEqual([])
})
