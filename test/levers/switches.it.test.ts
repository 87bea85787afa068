import { afterAll, beforeAll, expect, test } from 'vitest'
import { resolveAuthority } from '../../src/contain/authority/authority.ts'
import { discoverLevers } from '../../src/contain/planning/discover.ts'
import { relatedContracts } from '../../src/contain/planning/protocol.ts'
import { leversOfProtocol } from '../../src/contain/planning/protocol-levers.ts'
import { isPulled } from '../../src/contain/reading/state-view.ts'
import { tryLever } from '../../src/contain/trials/simulate.ts'
import { reproduce } from '../../src/contain/trials/trial.ts'
import type { Address } from '../../src/model/hex.ts'
import type { Lever } from '../../src/model/lever.ts'
import {
  callTo,
  deploy,
  latestBlock,
  openWorld,
  ourFixture,
  person,
  send,
  type World,
} from '../harness/lever-world.ts'

/* Switches by their names, on fixtures of ours: found, pulled by their owner, seen to block, and recognised by their view. */

let world: World
beforeAll(async () => {
  world = await openWorld()
})
afterAll(() => world.close())

const owner = person(1)

async function tried(lever: Lever, target: Address): Promise<string> {
  const { rpc, sequencer } = world
  const block = await latestBlock(world)
  const { authority, route } = await resolveAuthority(lever, { rpc, block, signers: [], others: [] })
  expect(authority?.address).toBe(owner)
  const call = callTo(target, 'act()', { from: person(9) })
  const trial = { call, before: [], within: null, owned: [target], recorded: [] }
  const attack = await reproduce(sequencer, block, trial)
  const { attack: verdict } = await tryLever({
    rpc,
    protects: target,
    sequencer,
    lever: { ...lever, authority },
    route,
    block,
    attack,
  })
  return verdict
}

const FIXTURES: Readonly<Record<string, { template: string; state: boolean; undo: string | null }>> = {
  LeverEmergencyFlag: { template: 'switch/setEmergency-bool', state: true, undo: 'setEmergency(bool)' },
  LeverTradingFlag: {
    template: 'switch/setTradingEnabled-bool',
    state: true,
    undo: 'setTradingEnabled(bool)',
  },
  LeverBridgeManager: {
    template: 'switch/pauseEthCrossChainManager',
    state: true,
    undo: 'unpauseEthCrossChainManager()',
  },
  LeverKilled: { template: 'switch/kill', state: false, undo: null },
  LeverPoolPause: { template: 'switch/setPoolPause-bool', state: false, undo: 'setPoolPause(bool)' },
}
test.each(Object.keys(FIXTURES))(
  '%s is stopped by its switch, and says so where it has a view',
  async (name) => {
    const wanted = FIXTURES[name]
    const target = await deploy(world, ourFixture(name), { from: owner })
    const { rpc, chainId } = world
    const [lever, ...others] = await discoverLevers({ rpc, chainId, target, block: await latestBlock(world) })
    if (lever === undefined) throw new Error('no lever')
    expect(others.map(({ template }) => template)).toEqual([])
    expect(lever).toMatchObject({ template: wanted?.template, armed: true })
    expect(lever.undo?.signature ?? null).toBe(wanted?.undo)
    expect(await tried(lever, target)).toBe('stopped')
    await send(world, { from: owner, to: target, data: lever.calldata, value: 0n })
    expect(await isPulled(rpc, lever.state, await latestBlock(world))).toBe(wanted?.state)
  },
)

test('a switch for one of many contracts is found on the registry, with the protected one as its argument', async () => {
  const registry = await deploy(world, ourFixture('LeverRegistry'), { from: owner })
  const target = await deploy(world, ourFixture('LeverListed'), { args: [registry] })
  const { rpc, chainId } = world
  const block = await latestBlock(world)
  const related = await relatedContracts({ rpc, target, block })
  const [lever] = await leversOfProtocol({ rpc, chainId, target, block }, related)
  if (lever === undefined) throw new Error('no lever')
  expect(lever).toMatchObject({ target: registry, scope: target, signature: 'setMarketPaused(address,bool)' })
  expect(await tried(lever, target)).toBe('stopped')
})
