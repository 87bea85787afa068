import { afterEach, expect, test } from 'vitest'
import { attack, closeStages, head, type Stage, said, sawBlock, stage } from '../../../test/harness/stage.ts'
import { startApp } from '../../app/start.ts'
import { fetchBundle } from '../../chain/rpc/fetch-bundle.ts'
import { addressOf } from '../../drills/accounts.ts'
import { blockFacts } from '../../facts/facts.ts'
import { silentLogger } from '../../kit/logger.ts'
import type { Config } from '../../model/config.ts'
import { findFundFlow } from '../../store/fund-flows.ts'
import { listIncidents } from '../../store/incidents.ts'
import { listQueuedNotifications } from '../../store/notifications.ts'
import type { Store } from '../../store/store.ts'
import { listTimeline } from '../../store/timeline.ts'
import { watchTaint } from './taint.ts'

afterEach(closeStages)

const thief = addressOf('reentrancyAttacker')
const hideout = `0x${'5a'.repeat(20)}` as const
const further = `0x${'6b'.repeat(20)}`
const ETHER = 10n ** 18n

const watchOnly = (config: Config): Config => ({
  ...config,
  respond: { ...config.respond, enabled: false },
})

async function pay({ node }: Pick<Stage, 'node'>, from: string, to: string, value: bigint): Promise<void> {
  await node.request('anvil_impersonateAccount', [from])
  await node.request('eth_sendTransaction', [{ from, to, value: `0x${value.toString(16)}`, gas: '0x5208' }])
  await node.request('evm_mine', [])
}

async function robbed(): Promise<{ it: Stage; config: Config }> {
  let config: Config | undefined
  const it = await stage((made) => {
    config = watchOnly(made)
    return config
  })
  if (config === undefined) throw new Error('no configuration')
  await it.until(sawBlock(await head(it.node)))
  await attack(it)
  await it.until((event) => event.type === 'incident')
  return { it, config }
}

const movesIn = async (store: Store): Promise<string[]> => {
  const [incident] = await listIncidents(store)
  const timeline = await listTimeline(store, incident?.id ?? '')
  return timeline.filter(({ message }) => /^Stolen funds moved/.test(message)).map(({ message }) => message)
}

test('when the thief pays, the timeline and operations are told what went where, by both methods', async () => {
  const { it } = await robbed()
  await pay(it, thief, hideout, ETHER / 2n)
  const told = await it.until(said('fund-movement', /^Stolen funds moved in block/))
  expect(told).toMatchObject({
    message: expect.stringContaining(`paid 500000000000000000 of native to ${hideout}`),
  })
  expect(told).toMatchObject({
    message: expect.stringMatching(/stolen of it: \d{17,} of native \(\d{17,} of native by FIFO\)/),
  })
  await expect.poll(() => it.written.join('\n')).toContain('Stolen funds moved in block')
  await expect.poll(() => listQueuedNotifications(it.running.app.store)).toEqual([])
})

test('funds are followed on after a restart, also those that moved while nobody watched', async () => {
  const { it, config } = await robbed()
  await pay(it, thief, hideout, ETHER / 2n)
  await it.until(said('fund-movement', /^Stolen funds moved in block/))
  await it.running.stop()
  await pay(it, hideout, further, ETHER / 4n)
  const env = { DATABASE_URL: it.database.url }
  const again = await startApp({ config, env, logger: silentLogger, kind: 'drill', write: () => undefined })
  try {
    await expect.poll(() => movesIn(again.app.store)).toHaveLength(2)
    expect((await movesIn(again.app.store))[1]).toContain(`to ${further}`)
  } finally {
    await again.stop()
  }
})

test('a reorg takes back where funds were, and the same payment in another block is told again', async () => {
  const { it } = await robbed()
  const { store } = it.running.app
  await pay(it, thief, hideout, ETHER / 2n)
  await it.until(said('fund-movement', /^Stolen funds moved in block/))
  const [incident] = await listIncidents(store)
  const before = await findFundFlow(store, incident?.id ?? '', it.at.chainId)
  await it.node.request('anvil_reorg', [1, []])
  await it.until((event) => event.type === 'reorg')
  await it.until(sawBlock((before?.blockNumber ?? 0) - 1))
  const held = async () => (await findFundFlow(store, incident?.id ?? '', it.at.chainId))?.blockNumber
  await expect.poll(held).toBe((before?.blockNumber ?? 0) - 1)
  await pay(it, thief, hideout, ETHER / 2n)
  await expect.poll(() => movesIn(store)).toHaveLength(2)
})

test('a block that is looked at twice is told once', async () => {
  const { it } = await robbed()
  const { app } = it.running
  const [chain] = [...app.chains.values()]
  if (chain === undefined) throw new Error('no chain')
  await pay(it, thief, hideout, ETHER / 2n)
  await it.until(said('fund-movement', /^Stolen funds moved in block/))
  const { rpc, capabilities } = chain
  const facts = blockFacts(await fetchBundle(await head(it.node), { rpc, capabilities }))
  await watchTaint(app, chain, { facts, findings: [] })
  expect(await movesIn(app.store)).toHaveLength(1)
})

test('loot that is put into another protected contract is told, with how it can be held there; that one is no victim', async () => {
  const it = await stage((made) => {
    const protect = [...made.protect, { address: hideout, name: 'Hideout' }]
    return watchOnly({ ...made, protect })
  })
  await it.until(sawBlock(await head(it.node)))
  await attack(it)
  await it.until((event) => event.type === 'incident')
  await pay(it, thief, hideout, ETHER / 2n)
  const told = await it.until(said('fund-movement', /^Stolen funds were paid into Hideout: \d+ of native/))
  expect(told).toMatchObject({ message: expect.stringContaining('It lost nothing and is not paused.') })
  await it.until(said('fund-movement', /^How to hold the stolen funds in Hideout: Cordon knows no way/))
  await expect.poll(() => it.written.join('\n')).toContain('Stolen funds are in Hideout')
  const [incident] = await listIncidents(it.running.app.store)
  expect(incident?.victims).not.toContain(hideout)
})
