import { afterEach, expect, test } from 'vitest'
import { startFaultProxy } from '../../../test/harness/faults/proxy.ts'
import { closeStages, type Stage, said, stageWith } from '../../../test/harness/stage.ts'
import { array, object } from '../../chain/trace/fields.ts'
import type { Signer } from '../../contain/signers/signer.ts'
import { addressOf } from '../../drills/accounts.ts'
import { sendAttackOnce } from '../../drills/attacks.ts'
import type { Incident } from '../../model/incident.ts'
import { listBroadcasts } from '../../store/broadcasts.ts'
import { listIncidents } from '../../store/incidents.ts'
import { listPlans } from '../../store/plans.ts'
import { listRuns } from '../../store/runs.ts'
import { listTimeline } from '../../store/timeline.ts'

/*
 * A first attack without a response, for whatever reason, must not use up the response to the next. Here the reason is
 * mostly that no signer is available.
 */

const closers: (() => Promise<unknown>)[] = []
afterEach(async () => {
  await closeStages()
  for (const close of closers.splice(0)) await close()
})

const SHORT = `id: short
title: Short
owner: incident-leader
level: test
description: For a test.
when: { severity: high }
steps:
  - { id: contain, action: contain, args: { action: pause } }
`

/** A playbook in which people have tasks for an hour after the containment. */
const LONG = `${SHORT.replace('id: short', 'id: long')}  - id: people
    if: people
    then:
      - { id: pull, action: pull-approved, args: { wait: 1h } }
      - id: look
        task: { title: Look, instructions: Look at it., roles: [operations], timeout: 1h }
`

const thief = addressOf('reentrancyAttacker')

/** Removes the guardian's key; returns a function that restores it. */
function withoutSigner({ running }: Stage): () => void {
  const signers = running.app.signers as Map<string, Signer>
  const taken = [...signers]
  signers.clear()
  return () => {
    for (const [address, signer] of taken) signers.set(address, signer)
  }
}

async function attacks(it: Stage, amounts: readonly bigint[]): Promise<void> {
  for (const amount of amounts)
    await sendAttackOnce(it.at, it.anvil.url, { kind: 'reentrancy', amount, gasLimit: 2_000_000n })
  await it.node.request('evm_mine', [])
}

/** Mines until the incident is contained. */
async function contained(it: Stage): Promise<Incident> {
  await it.until(said('broadcast', /^Sent/))
  await it.node.request('evm_mine', [])
  await it.until(said('state', /open → contained/))
  return incidentOf(it)
}

async function incidentOf({ running }: Stage): Promise<Incident> {
  const [incident, ...more] = await listIncidents(running.app.store)
  if (incident === undefined) throw new Error('no incident')
  expect(more).toEqual([])
  return incident
}

const runsOf = async (it: Stage) => listRuns(it.running.app.store, (await incidentOf(it)).id)
const messagesOf = async (it: Stage, kind: string) =>
  (await listTimeline(it.running.app.store, (await incidentOf(it)).id)).flatMap((entry) =>
    entry.kind === kind ? [entry.message] : [],
  )
const guardianNonce = async (it: Stage) =>
  Number(await it.node.request('eth_getTransactionCount', [addressOf('guardian'), 'latest']))
const ended = (count: number, it: Stage) =>
  expect
    .poll(async () => (await runsOf(it)).filter(({ state }) => state !== 'running').length)
    .toBeGreaterThanOrEqual(count)

test('an attack that nothing was done about does not spend the response to the next ones, which are one attempt', async () => {
  const it = await stageWith(SHORT)
  const bring = withoutSigner(it)
  await attacks(it, [1n])
  await it.until(said('plan', /^Nothing was sent because/))
  await ended(1, it)
  bring()
  await attacks(it, [3n, 2n])
  const { id } = await contained(it)
  expect((await runsOf(it)).map(({ attempt }) => attempt)).toEqual([1, 2])
  const plans = await listPlans(it.running.app.store, id)
  expect(new Set(plans.map((plan) => plan.id)).size).toBe(2)
  expect(await guardianNonce(it)).toBe(1)
})

test('what comes while a run contains is answered right after it, without another block, once', async () => {
  let isHeld = false
  let release = (): void => {}
  const released = new Promise<void>((resolve) => {
    release = resolve
  })
  let holds = (): void => {}
  const planning = new Promise<void>((resolve) => {
    holds = resolve
  })
  const it = await stageWith(SHORT, async (config) => {
    const [chain] = config.chains
    if (chain === undefined) return config
    const proxy = await startFaultProxy(String(chain.rpcUrls[0]))
    closers.push(proxy.stop)
    proxy.use((call, forward) => {
      const isTrial = call.method === 'eth_simulateV1' && JSON.stringify(call.params).includes(thief)
      if (!isHeld || !isTrial) return forward(call)
      holds()
      return released.then(() => forward(call))
    })
    return { ...config, chains: [{ ...chain, rpcUrls: [proxy.url] }] }
  })
  const bring = withoutSigner(it)
  isHeld = true
  await attacks(it, [1n])
  await planning
  await attacks(it, [2n])
  await attacks(it, [3n])
  await it.recorded()
  release()
  isHeld = false
  await ended(2, it)
  expect((await runsOf(it)).map(({ attempt }) => attempt)).toEqual([1, 2])
  bring()
  await attacks(it, [3n])
  await contained(it)
  expect((await runsOf(it)).map(({ attempt }) => attempt)).toEqual([1, 2, 3])
  expect(await guardianNonce(it)).toBe(1)
})

test('while people are at work a further attack is contained alone, and what waits for them is not asked again', async () => {
  const it = await stageWith(LONG)
  const bring = withoutSigner(it)
  await attacks(it, [1n])
  await it.until(said('plan', /^Nothing was sent because/))
  const { id } = await incidentOf(it)
  const isAwaiting = async () =>
    (await messagesOf(it, 'step')).some((message) => /^Step contain succeeded/.test(message))
  await expect.poll(isAwaiting).toBe(true)
  await attacks(it, [1n])
  await it.until(said('plan', /^Nothing was sent: the same call waits for people already/))
  await ended(1, it)
  bring()
  await attacks(it, [3n])
  await contained(it)
  await ended(2, it)
  const runs = await runsOf(it)
  expect(runs.map(({ attempt, state }) => [attempt, state])).toEqual([
    [1, 'running'],
    [2, 'succeeded'],
    [3, 'succeeded'],
  ])
  expect(
    (await messagesOf(it, 'plan')).filter((message) => message.startsWith('Nothing was sent because')),
  ).toHaveLength(1)
  expect(
    (await messagesOf(it, 'notification')).filter((message) => /^Notified incident-leader/.test(message)),
  ).toHaveLength(1)
  expect(await listBroadcasts(it.running.app.store, id)).toHaveLength(1)
})

test('what people opened again is paused again when it is attacked again, and no more often than is allowed', async () => {
  const it = await stageWith(SHORT, (config) => ({
    ...config,
    respond: { ...config.respond, automaticPulls: { most: 2, within: '24h' } },
  }))
  const open = async (): Promise<void> => {
    await it.node.request('eth_sendTransaction', [
      { from: addressOf('deployer'), to: it.at.ethReserve, data: '0x3f4ba83a', gas: '0x30d40' },
    ])
    await it.node.request('evm_mine', [])
    await it.until(said('state', /contained → open/))
  }
  for (const nonce of [1, 2]) {
    it.events.length = 0
    await attacks(it, [1n])
    await contained(it)
    expect(await guardianNonce(it)).toBe(nonce)
    await ended(nonce, it)
    it.events.length = 0
    await open()
  }
  await attacks(it, [1n])
  await it.until(said('plan', /^Nothing was sent because .*respond\.automaticPulls/))
  await expect
    .poll(() => it.written.join('\n'))
    .toMatch(/Nothing was sent because pause\(\) was pulled without people 2 times/)
  await ended(3, it)
  expect(await guardianNonce(it)).toBe(2)
})

test('an attack of an incident that others keep standing, taken by a reorg and mined again, is answered again', async () => {
  const it = await stageWith(SHORT)
  const bring = withoutSigner(it)
  await attacks(it, [1n])
  await ended(1, it)
  await attacks(it, [2n])
  await ended(2, it)
  const block = object(await it.node.request('eth_getBlockByNumber', ['latest', false]), 'block')
  const raw = await it.node.request('eth_getRawTransactionByHash', [array(block['transactions'], 'block')[0]])
  await it.node.request('anvil_reorg', [1, []])
  await it.until(said('withdrawn', /A reorg removed block/))
  expect((await incidentOf(it)).state).toBe('open')
  bring()
  await it.node.request('eth_sendRawTransaction', [raw])
  await it.node.request('evm_mine', [])
  await contained(it)
  expect((await runsOf(it)).map(({ attempt }) => attempt)).toEqual([1, 2, 3])
  expect(await guardianNonce(it)).toBe(1)
})
