import { concatHex, pad } from 'viem'
import { afterEach, expect, test } from 'vitest'
import { becomeSafe, people } from '../../../test/harness/authority-world.ts'
import { type FaultProxy, startFaultProxy } from '../../../test/harness/faults/proxy.ts'
import {
  attack,
  closeStages,
  head,
  type Stage,
  said,
  sawBlock,
  stage,
  stageWith,
} from '../../../test/harness/stage.ts'
import type { StartOptions } from '../../app/start.ts'
import { createRpc } from '../../chain/rpc/rpc.ts'
import { encodeCall } from '../../contain/reading/call.ts'
import { addressOf } from '../../drills/accounts.ts'
import type { Config } from '../../model/config.ts'
import { type Address, type Hex, ZERO_ADDRESS } from '../../model/hex.ts'
import type { Incident } from '../../model/incident.ts'
import { listIncidents } from '../../store/incidents.ts'
import { listPlans, listVerifications } from '../../store/plans.ts'
import { listTimeline } from '../../store/timeline.ts'
import { settle } from '../actions/settle.ts'

const closers: (() => Promise<unknown>)[] = []
afterEach(async () => {
  await closeStages()
  for (const close of closers.splice(0)) await close()
})

const PAUSE = '0x8456cb59'
const UNPAUSE = '0x3f4ba83a'
const PAUSED = '0x5c975abb'
const guardian = addressOf('guardian')

const PLAYBOOK = `
id: by-approval
title: Pause what people approve
owner: incident-leader
level: test
description: For a test.
when: { severity: high }
steps:
  - { id: contain, action: contain, args: { action: pause } }
  - { id: approved, action: pull-approved, args: { wait: 5m } }
  - { id: report, action: report, args: { formats: [markdown] } }
`

/** A Cordon that nobody lets act alone: people are asked. */
function asked(
  change: (config: Config) => Config | Promise<Config> = (config) => config,
  options: Partial<StartOptions> = {},
): Promise<Stage> {
  return stageWith(PLAYBOOK, (config) => change({ ...config, authorisations: [] }), options)
}

/** Sends a call as an account and mines it. */
async function act({ node }: Stage, from: Address, call: { to: Address; data: Hex }): Promise<string> {
  await node.request('anvil_impersonateAccount', [from])
  await node.request('anvil_setBalance', [from, '0x56bc75e2d63100000'])
  const hash = await node.request('eth_sendTransaction', [{ from, ...call, gas: '0x7a120' }])
  await node.request('evm_mine', [])
  return String(hash)
}

async function theIncident({ running }: Stage): Promise<Incident> {
  const [incident] = await listIncidents(running.app.store)
  if (incident === undefined) throw new Error('no incident')
  return incident
}

const proposed = said('plan', /^(Nothing was|Not) sent/)

test('a guardian who pauses by hand contains the incident: who and when, verified, people told, proposals needless', async () => {
  const it = await asked()
  await attack(it)
  await it.until(proposed)
  const before = await theIncident(it)
  const hash = await act(it, guardian, { to: it.at.ethReserve, data: PAUSE })
  const block = await head(it.node)
  await it.until(
    said(
      'plan',
      new RegExp(
        `Gus.* \\(guardian\\) called pause\\(\\) of EthReserve by hand in ${hash} \\(block ${block}`,
      ),
    ),
  )
  await it.until(
    said('verification', /^Contained and verified: pause\(\).*Pulled by hand by Gus.* \(guardian\)/),
  )
  await it.until(said('state', /→ contained: .*Gus.* \(guardian\) called pause\(\).* by hand/))
  await it.until(said('step', /^Step report succeeded$/))
  await expect
    .poll(() => it.written.join(' ').replace(/\s+/g, ' '))
    .toMatch(/CONTAINED · .*by hand by Gus.* \(guardian\)/)
  const { store } = it.running.app
  const after = await theIncident(it)
  expect(after).toMatchObject({ state: 'contained', transactions: before.transactions })
  expect(after.actors).not.toContain(guardian)
  const plans = await listPlans(store, after.id)
  const byHand = plans.filter((plan) => plan.byHand !== null)
  expect(byHand).toMatchObject([{ byHand: { by: guardian, transactionHash: hash, blockNumber: block } }])
  const [verification] = await listVerifications(store, byHand[0]?.id ?? '')
  expect(verification?.checks.map(({ check }) => check)).toEqual(
    expect.arrayContaining([
      expect.stringMatching(/the attack is blocked/),
      expect.stringMatching(/paused\(\)/),
    ]),
  )
  expect(it.events.filter(said('broadcast', /./))).toEqual([])
  const timeline = await listTimeline(store, after.id)
  expect(timeline.find(({ message }) => /by hand in/.test(message))?.author).toMatch(/^Gus.* \(guardian\)$/)
})

test('a pause by hand that the playbook sees before the recorder does is told with the name all the same', async () => {
  let proxy: FaultProxy | undefined
  const it = await asked(async (config) => {
    const chains = config.chains.map(async (chain) => {
      proxy = await startFaultProxy(chain.rpcUrls[0] ?? '')
      closers.push(proxy.stop)
      return { ...chain, rpcUrls: [proxy.url] }
    })
    return { ...config, chains: await Promise.all(chains) }
  })
  await attack(it)
  await it.until(said('step', /^Step contain succeeded/))
  let goOn: () => void = () => {}
  const held = new Promise<void>((resolve) => {
    goOn = resolve
  })
  proxy?.use(async (call, forward) => {
    if (call.method.startsWith('debug_traceBlock')) await held
    const answer = await forward(call)
    if (call.method === 'eth_call' && JSON.stringify(call.params).includes(PAUSED)) goOn()
    return answer
  })
  const hash = await act(it, guardian, { to: it.at.ethReserve, data: PAUSE })
  await settle(it.running.app, await theIncident(it))
  await it.until(said('state', new RegExp(`→ contained: .*Gus.* called pause\\(\\).* by hand in ${hash}`)))
})

test('taken back by hand, the incident is open again and says by whom; paused once more, it is contained once more', async () => {
  const owner = addressOf('deployer')
  const it = await asked((config) => ({
    ...config,
    roles: { ...config.roles, 'protocol-lead': [{ name: 'Olga', channels: [], address: owner }] },
  }))
  await attack(it)
  await it.until(proposed)
  await act(it, guardian, { to: it.at.ethReserve, data: PAUSE })
  await it.until(said('state', /→ contained/))
  const back = await act(it, owner, { to: it.at.ethReserve, data: UNPAUSE })
  await it.until(
    said(
      'state',
      new RegExp(`contained → open: opened again by Olga \\(protocol-lead\\): .*unpause\\(\\).*${back}`),
    ),
  )
  await expect
    .poll(() => it.written.join(' ').replace(/\s+/g, ' '))
    .toMatch(/NO LONGER CONTAINED · opened again by Olga/i)
  await it.recorded()
  expect(it.events.filter(said('state', /no longer shows that it is pulled/))).toEqual([])
  const again = it.events.length
  await act(it, guardian, { to: it.at.ethReserve, data: PAUSE })
  const isAgain = (): boolean => it.events.slice(again).some(said('state', /open → contained/))
  await expect.poll(isAgain, { timeout: 20_000 }).toBe(true)
})

test('a pause through a Safe that may pull the lever is theirs, whoever of the owners pays for it', async () => {
  const nobody = (config: Config): Config => ({
    ...config,
    roles: { ...config.roles, guardian: [{ name: 'Gus', channels: [] }] },
  })
  const it = await asked(nobody, { signers: [] })
  const rpc = createRpc({ urls: [it.anvil.url] })
  await it.node.request('evm_setAutomine', [true])
  const [owner] = people.map(({ address }) => address)
  if (owner === undefined) throw new Error('no people')
  await becomeSafe(rpc, guardian, { owners: [owner], threshold: 1 })
  await it.node.request('evm_setAutomine', [false])
  await rpc.close()
  await attack(it)
  await it.until(proposed)
  const signature = concatHex([pad(owner), pad('0x00'), '0x01'])
  const data = encodeCall(
    'execTransaction(address,uint256,bytes,uint8,uint256,uint256,uint256,address,address,bytes)',
    [it.at.ethReserve, 0n, PAUSE, 0, 0n, 0n, 0n, ZERO_ADDRESS, ZERO_ADDRESS, signature],
  )
  const hash = await act(it, owner, { to: guardian, data })
  await it.until(
    said('state', new RegExp(`→ contained: .*the Safe ${guardian} called pause\\(\\).* by hand in ${hash}`)),
  )
})

test('a pause by somebody whom nobody knows is no pause of ours: the incident stays open', async () => {
  const it = await stage(
    (config) => ({
      ...config,
      authorisations: [],
      roles: {},
      respond: { ...config.respond, enabled: false },
    }),
    { signers: [] },
  )
  await it.until(sawBlock(await head(it.node)))
  await attack(it)
  await it.until((event) => event.type === 'incident')
  await act(it, guardian, { to: it.at.ethReserve, data: PAUSE })
  await it.recorded()
  await it.node.request('evm_mine', [])
  await it.recorded()
  const incident = await theIncident(it)
  expect(incident.state).toBe('open')
  expect(await listPlans(it.running.app.store, incident.id)).toEqual([])
})
