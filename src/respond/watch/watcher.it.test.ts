import { toFunctionSelector } from 'viem'
import { afterEach, expect, test } from 'vitest'
import { anAlert, anAssessment } from '../../../test/harness/builders.ts'
import { killSessions } from '../../../test/harness/postgres.ts'
import { attack, closeStages, head, said, sawBlock, stage } from '../../../test/harness/stage.ts'
import { detectors } from '../../detect/registry.ts'
import { addressOf } from '../../drills/accounts.ts'
import { sendAttackOnce } from '../../drills/attacks.ts'
import { recordAlert } from '../../incidents/record-alert.ts'
import { giveVerdict } from '../../incidents/verdict.ts'
import type { Config } from '../../model/config.ts'
import { listBroadcasts } from '../../store/broadcasts.ts'
import { listIncidents } from '../../store/incidents.ts'
import { listRemarks } from '../../store/remarks.ts'
import { listTimeline } from '../../store/timeline.ts'
import { findTraffic } from '../../store/traffic.ts'

afterEach(closeStages)

test('a reorg withdraws the incident that stood on it alone, and the timeline says so', async () => {
  const watch = (config: Config): Config => ({ ...config, respond: { ...config.respond, enabled: false } })
  const it = await stage(watch)
  await it.until(sawBlock(await head(it.node)))
  await attack(it)
  await it.until((event) => event.type === 'incident')
  await it.node.request('anvil_reorg', [1, []])
  await it.until(said('state', /withdrawn/))
  const [incident] = await listIncidents(it.running.app.store)
  expect(incident?.state).toBe('withdrawn')
  const timeline = await listTimeline(it.running.app.store, incident?.id ?? '')
  expect(timeline.map(({ kind }) => kind)).toEqual(['alert', 'withdrawn', 'state'])
})

test('a reorg that takes the pause out of the chain puts the same bytes back', async () => {
  const it = await stage()
  await it.until(sawBlock(await head(it.node)))
  await attack(it)
  await it.until(said('broadcast', /^Sent/))
  await it.node.request('evm_mine', [])
  await it.until(said('state', /contained/))
  const mined = await head(it.node)
  await it.until(sawBlock(mined))
  await it.node.request('anvil_reorg', [1, []])
  await it.until(said('broadcast', /sent the same bytes again/))
  await it.node.request('evm_mine', [])
  await it.until(sawBlock(mined + 1))
  const [incident] = await listIncidents(it.running.app.store)
  const standing = () => listBroadcasts(it.running.app.store, incident?.id ?? '')
  // upkeep looks at the block after it was judged
  await expect.poll(standing).toMatchObject([{ state: 'mined', blockNumber: mined + 1 }])
  const [broadcast] = await standing()
  const receipt = await it.node.request('eth_getTransactionReceipt', [broadcast?.transactionHash])
  expect(receipt).toMatchObject({ status: '0x1' })
  expect(Number(await it.node.request('eth_getTransactionCount', [addressOf('guardian'), 'latest']))).toBe(1)
})

test('without a standing authorisation nothing is sent: people are told the exact call', async () => {
  const it = await stage((config) => ({ ...config, authorisations: [] }))
  await it.until(sawBlock(await head(it.node)))
  await attack(it)
  const proposed = await it.until(said('plan', /^Nothing was sent because/))
  expect(proposed).toMatchObject({
    message: expect.stringContaining(`call ${it.at.ethReserve} with 0x8456cb59`),
  })
  await it.until(said('step', /^Step report succeeded$/))
  const [incident] = await listIncidents(it.running.app.store)
  expect(incident?.state).toBe('open')
  expect(await listBroadcasts(it.running.app.store, incident?.id ?? '')).toEqual([])
  expect(it.written.some((line) => line.includes('0x8456cb59'))).toBe(true)
})

test('a database that goes away while an attack is mined loses nothing', async () => {
  const it = await stage()
  await it.until(sawBlock(await head(it.node)))
  const dying = killSessions(it.database)
  await attack(it)
  await dying
  await it.until(said('broadcast', /^Sent/))
  await it.node.request('evm_mine', [])
  await it.until(said('state', /contained/))
  expect(await listIncidents(it.running.app.store)).toHaveLength(1)
})

test('honest traffic opens no incident', async () => {
  const it = await stage()
  const { runTraffic } = await import('../../drills/traffic.ts')
  await runTraffic(it.at, it.anvil.url, { rounds: 2, seed: 11 })
  await it.until(sawBlock(await head(it.node)))
  await it.recorded()
  expect(await listIncidents(it.running.app.store)).toEqual([])
})

test('a loss that was seen is acted on with the shipped numbers; what cannot be promised is told with it', async () => {
  const numbers = { actDays: 1_826, attacksPerYear: 0.2 }
  const it = await stage((config) => ({ ...config, decision: { ...config.decision, ...numbers } }))
  await it.until(sawBlock(await head(it.node)))
  await attack(it)
  await it.until(
    said(
      'decision',
      /^Enough is known to act without people.* saw a loss.* not certifiable.* clean transactions are needed/,
    ),
  )
  await it.until(said('broadcast', /^Sent pause\(\)/))
})

test('a pause that costs more than waiting is a proposal', async () => {
  const it = await stage((config) => ({ ...config, decision: { ...config.decision, pauseCostBps: 9_000 } }))
  await it.until(sawBlock(await head(it.node)))
  await attack(it)
  await it.until(said('decision', /^For people to decide, because waiting costs less than the pause/))
})

test('detectors in shadow are on record and call nobody', async () => {
  const everything = detectors.map(({ id }) => id)
  const it = await stage((config) => ({ ...config, shadow: everything }))
  await it.until(sawBlock(await head(it.node)))
  await attack(it)
  await it.recorded()
  expect(await listIncidents(it.running.app.store)).toEqual([])
  const remarks = await listRemarks(it.running.app.store, 100)
  expect(remarks.map(({ finding }) => finding.detector)).toContain('reentrancy')
  expect(remarks.every(({ finding }) => finding.shadow)).toBe(true)
})

test('a verdict of a person counts at once, and clean traffic is remembered over a restart', async () => {
  const it = await stage()
  const { runTraffic } = await import('../../drills/traffic.ts')
  await runTraffic(it.at, it.anvil.url, { rounds: 2, seed: 11 })
  await it.until(sawBlock(await head(it.node)))
  const { store, clock, chains } = it.running.app
  const [chain] = [...chains.values()]
  expect(chain?.assessor.traffic.transactions).toBeGreaterThan(10)
  const isKept = async (): Promise<boolean> =>
    (await findTraffic(store, it.at.chainId))?.transactions === chain?.assessor.traffic.transactions
  await expect.poll(isKept).toBe(true)
  const alert = anAlert({ chainId: it.at.chainId, assessment: anAssessment({ score: 3 }) })
  const { incident } = await recordAlert({ store, clock }, alert, { new: { kind: 'normal', title: 'x' } })
  await giveVerdict(
    { store, clock },
    { incidentId: incident.id, verdict: 'false-alarm', author: 'Ada', reason: 'a rebalance' },
  )
  await it.until(said('verdict', /^Found to be a false alarm: a rebalance/))
  await expect.poll(() => chain?.assessor.traffic.falseAlarms).toEqual([3])
})

test('our own pause is no attack: it is a remark, and the incident stays contained', async () => {
  const it = await stage()
  await it.until(sawBlock(await head(it.node)))
  await attack(it)
  await it.until(said('broadcast', /^Sent/))
  await it.node.request('evm_mine', [])
  await it.until(said('state', /contained/))
  await it.until(said('step', /^Step report succeeded$/))
  const { store } = it.running.app
  await it.recorded()
  const [incident] = await listIncidents(store)
  const timeline = await listTimeline(store, incident?.id ?? '')
  expect(timeline.filter(({ kind }) => kind === 'alert')).toHaveLength(1)
  const [broadcast] = await listBroadcasts(store, incident?.id ?? '')
  const remarks = (await listRemarks(store, 100)).map(({ finding }) => finding)
  expect(remarks.map(({ transactionHash }) => transactionHash)).toContain(broadcast?.transactionHash)
})

test('a declared invariant is asked of the node after each block, and its break is told with the value', async () => {
  const it = await stage((config, at) => ({
    ...config,
    detectors: {
      invariants: {
        declared: [
          {
            name: 'the vault keeps its collateral',
            call: {
              to: at.usdc,
              signature: 'balanceOf(address) view returns (uint256)',
              args: [at.optionsVault],
            },
            compare: 'monotone-up',
          },
        ],
      },
    },
    respond: { ...config.respond, enabled: false },
  }))
  await it.until(sawBlock(await head(it.node)))
  await sendAttackOnce(it.at, it.anvil.url, { kind: 'option' })
  await it.node.request('evm_mine', [])
  const told = await it.until(
    (event) => event.type === 'finding' && /^Declared invariant/.test(event.message),
  )
  expect(told).toMatchObject({ detector: 'invariants', severity: 'high', protected: [it.at.usdc] })
})

test('a pause that comes undone opens the incident again and calls people', async () => {
  const it = await stage()
  await it.until(sawBlock(await head(it.node)))
  await attack(it)
  await it.until(said('broadcast', /^Sent/))
  await it.node.request('evm_mine', [])
  await it.until(said('state', /→ contained/))
  await it.until(said('step', /^Step report succeeded$/))
  await it.node.request('eth_sendTransaction', [
    { from: addressOf('deployer'), to: it.at.ethReserve, data: toFunctionSelector('unpause()') },
  ])
  await it.node.request('evm_mine', [])
  await it.until(
    said(
      'state',
      /^contained → open: opened again by 0x\w+, who has no role.* called unpause\(\) of EthReserve/,
    ),
  )
  await expect.poll(() => it.written.join('\n')).toContain('NO LONGER CONTAINED')
})
