import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { anIncident } from '../../../test/harness/api.ts'
import { aHash, anAddress, aPlan } from '../../../test/harness/builders.ts'
import { type FaultProxy, startFaultProxy } from '../../../test/harness/faults/proxy.ts'
import { type FreshDatabase, freshDatabase } from '../../../test/harness/postgres.ts'
import { createRpc, type Rpc } from '../../chain/rpc/rpc.ts'
import { systemClock } from '../../kit/clock.ts'
import { silentLogger } from '../../kit/logger.ts'
import { configSchema } from '../../model/config.ts'
import type { ContainmentPlan } from '../../model/containment.ts'
import type { IncidentState } from '../../model/incident.ts'
import type { Run } from '../../model/playbook.ts'
import { parsePlaybook } from '../../playbooks/parse.ts'
import { findBroadcast, insertBroadcast, moveBroadcast } from '../../store/broadcasts.ts'
import { insertIncidents } from '../../store/incidents.ts'
import { insertPlan } from '../../store/plans.ts'
import { pinPlaybook } from '../../store/playbooks.ts'
import { insertRuns } from '../../store/runs.ts'
import { closeStore, openStore, type Store } from '../../store/store.ts'
import type { Durable } from './containing.ts'
import { hold as holdStage } from './hold.ts'

const PLAYBOOK = `
id: contain
title: Contain
owner: operations
level: test
description: The step that contains.
when: { severity: high }
steps:
  - { id: contain, action: contain, args: { action: pause } }
`
let database: FreshDatabase
let store: Store
let node: FaultProxy
let rpc: Rpc
let made = 0
const pinned = parsePlaybook(PLAYBOOK, 'contain.yaml')
/** The node's chain: the hash of block 10, whether the contract is paused, and what was sent. */
let chain: { hash: string; isPaused: boolean; sent: unknown[] }

beforeAll(async () => {
  database = await freshDatabase()
  store = await openStore({ url: database.url, logger: silentLogger })
  node = await startFaultProxy('http://127.0.0.1:9')
  node.use(async ({ method, params }) => ({ kind: 'result', value: answer(method, params) }))
  rpc = createRpc({ urls: [node.url], clock: systemClock })
})
afterAll(async () => {
  await rpc.close()
  await node.stop()
  await closeStore(store)
  await database.drop()
})
beforeEach(() => {
  chain = { hash: aHash(10), isPaused: false, sent: [] }
})

function answer(method: string, params: readonly unknown[]): unknown {
  if (method === 'eth_blockNumber') return '0xb'
  if (method === 'eth_getBlockByNumber') return { number: '0xa', hash: chain.hash, transactions: [] }
  if (method === 'eth_call') return `0x${(chain.isPaused ? '1' : '0').padStart(64, '0')}`
  if (method === 'eth_sendRawTransaction') chain.sent.push(params[0])
  return aHash(99)
}

/** A pull of its own lever that was mined in block 10, for an incident in this state, and a second plan for it. */
async function pulled(state: IncidentState, views: ContainmentPlan['lever']['state'] = aPlan().lever.state) {
  const n = ++made
  const lever = { ...aPlan().lever, target: anAddress(100 + n), state: views }
  const incidentId = `incident-${n}`
  await insertIncidents(store, [anIncident({ id: incidentId, state, discoveredAt: 1_700_000_000_000 + n })])
  const plans = await Promise.all(
    ['first', 'second'].map(async (name): Promise<ContainmentPlan> => {
      const plan = aPlan({ id: `${name}-${n}`, incidentId, lever, pinnedBlock: 9 })
      await insertPlan(store, plan)
      return plan
    }),
  )
  const [first, second] = plans as [ContainmentPlan, ContainmentPlan]
  expect(await hold(first)).toEqual({ kind: 'held' })
  const raw = `0x02f8${n.toString(16).padStart(4, '0')}` as const
  await insertBroadcast(store, {
    planId: first.id,
    chainId: 1,
    from: anAddress(9),
    nonce: n,
    rawTransaction: raw,
    transactionHash: aHash(1_000 + n),
    state: 'signed',
    blockNumber: null,
    blockHash: null,
  })
  await moveBroadcast(store, { planId: first.id, to: 'sent' })
  await moveBroadcast(store, { planId: first.id, to: 'mined', block: { number: 10, hash: aHash(10) } })
  return { first, second, raw }
}

async function hold(plan: ContainmentPlan) {
  const run: Run = {
    id: `run-of-${plan.id}`,
    incidentId: plan.incidentId,
    playbookId: plan.id,
    contentHash: pinned.contentHash,
    attempt: 1,
    state: 'succeeded',
    startedAt: 1,
    endedAt: 2,
    people: true,
    steps: [],
  }
  await pinPlaybook(store, pinned)
  await insertRuns(store, [{ run, author: 'test' }])
  const means = {
    store,
    clock: systemClock,
    config: configSchema.parse({ chains: [{ chainId: 1, rpcUrls: [node.url] }] }),
  }
  const durable: Durable = (_name, act) => act()
  return holdStage({ means, chain: { rpc }, runId: run.id, durable }, { plan, isAutomatic: true })
}

test('a pull that a reorg took out is on its way again: it is sent as it was, and no second one is signed', async () => {
  const { first, second, raw } = await pulled('contained')
  chain.hash = aHash(11)
  expect(await hold(second)).toEqual({
    kind: 'needless',
    why: expect.stringContaining('a reorg took it out of block 10'),
  })
  expect(chain.sent).toEqual([raw])
  expect(await findBroadcast(store, first.id)).toMatchObject({ state: 'sent', blockNumber: null })
  expect(await hold(second)).toMatchObject({ kind: 'needless', why: expect.stringContaining('on its way') })
  expect(chain.sent).toHaveLength(1)
})

test('so is one of a lever that shows no state', async () => {
  const { second } = await pulled('contained', [])
  expect(await hold(second)).toMatchObject({
    kind: 'needless',
    why: expect.stringContaining('holds already'),
  })
  chain.hash = aHash(11)
  expect(await hold(second)).toMatchObject({
    kind: 'needless',
    why: expect.stringContaining('on its way again'),
  })
})

test('a lever that was opened after its pull is pulled again', async () => {
  const { second } = await pulled('contained')
  expect(await hold(second)).toEqual({ kind: 'held' })
  expect(chain.sent).toEqual([])
})

test('a pull of an incident that nobody tends any more does not stand in the way', async () => {
  const { first, second } = await pulled('closed')
  chain.hash = aHash(11)
  expect(await hold(second)).toEqual({ kind: 'held' })
  expect(await findBroadcast(store, first.id)).toMatchObject({ state: 'mined' })
})
