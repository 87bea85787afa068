import { afterEach, expect, test } from 'vitest'
import { closeStages, head, said, sawBlock, stage } from '../../../test/harness/stage.ts'
import { createEndpoint } from '../../chain/rpc/endpoint.ts'
import { launchAttack, sendAttackOnce } from '../../drills/attacks.ts'
import type { DrillDeployment } from '../../drills/deployment.ts'
import type { Config } from '../../model/config.ts'
import { listBroadcasts } from '../../store/broadcasts.ts'
import { listIncidents } from '../../store/incidents.ts'
import { listTimeline } from '../../store/timeline.ts'

afterEach(closeStages)

type Before = (url: string, at: DrillDeployment) => Promise<void>

/** Runs an event of the drill a hundred blocks before Cordon is started for the first time. */
function longBefore(happens: Before) {
  return async (config: Config, at: DrillDeployment): Promise<Config> => {
    const url = config.chains[0]?.rpcUrls[0] ?? ''
    await happens(url, at)
    await createEndpoint(url).request('anvil_mine', ['0x64'])
    return config
  }
}

test('an attack of a hundred blocks ago that works no more is found late: paged once as such, and nothing is sent', async () => {
  const it = await stage(
    longBefore(async (url, at) => {
      await launchAttack(at, url, { kind: 'reentrancy' })
    }),
  )
  const proposed = await it.until(said('plan', /^Nothing was sent because/))
  expect(proposed).toMatchObject({ message: expect.stringMatching(/blocks old and does not work on block/) })
  await it.until(said('step', /^Step report succeeded$/))
  await it.until(sawBlock(await head(it.node)))
  const { store } = it.running.app
  const [incident, ...others] = await listIncidents(store)
  expect(others).toEqual([])
  expect(incident).toMatchObject({
    foundLate: true,
    state: 'open',
    title: expect.stringContaining('found late'),
  })
  expect(await listBroadcasts(store, incident?.id ?? '')).toEqual([])
  const timeline = await listTimeline(store, incident?.id ?? '')
  const alert = timeline.find(({ kind }) => kind === 'alert')
  expect(alert?.message).toMatch(/found late, 1\d\d blocks and \d+ s behind the head/)
  expect(alert?.eventTime).toBe(incident?.startedAt)
  const pages = timeline.filter(({ kind, facts }) => kind === 'notification' && facts['step'] === 'page')
  expect(pages).toHaveLength(1)
  expect(it.written.join()).toContain('found late')
})

test('an attack of a hundred blocks ago that still works is contained, tried on the latest block', async () => {
  const it = await stage(
    longBefore(async (url, at) => void (await launchAttack(at, url, { kind: 'reentrancy', rounds: 1 }))),
  )
  await it.until(
    said('simulation', /^The attack is 1\d\d blocks .* old\. Tried again on block \d+: 0x\w+ still works/),
  )
  await it.until(said('broadcast', /^Sent/))
  await it.node.request('evm_mine', [])
  await it.until(said('state', /→ contained/))
})

test('a new attack after one that was found late and works no more is contained at once, as an incident of its own', async () => {
  let code: unknown
  const it = await stage(
    longBefore(async (url, at) => {
      await launchAttack(at, url, { kind: 'reentrancy', rounds: 1 })
      const node = createEndpoint(url)
      code = await node.request('eth_getCode', [at.attackReentrancy, 'latest'])
      await node.request('anvil_setCode', [at.attackReentrancy, '0x'])
    }),
  )
  await it.until(said('plan', /^Nothing was sent because/))
  await it.until(sawBlock(await head(it.node)))
  await it.node.request('anvil_setCode', [it.at.attackReentrancy, code])
  await sendAttackOnce(it.at, it.anvil.url, { kind: 'reentrancy' })
  await it.node.request('evm_mine', [])
  await it.until(said('broadcast', /^Sent/))
  await it.node.request('evm_mine', [])
  await it.until(said('state', /→ contained/))
  const incidents = await listIncidents(it.running.app.store)
  expect(incidents.map(({ foundLate, state }) => [foundLate, state])).toEqual([
    [false, 'contained'],
    [true, 'open'],
  ])
})
