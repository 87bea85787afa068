import { afterAll, beforeAll, expect, test } from 'vitest'
import { discoverLevers } from '../../src/contain/planning/discover.ts'
import type { Address } from '../../src/model/hex.ts'
import type { Lever } from '../../src/model/lever.ts'
import { deploy, latestBlock, openWorld, ourFixture, person, type World } from '../harness/lever-world.ts'

let world: World
beforeAll(async () => {
  world = await openWorld()
})
afterAll(() => world.close())

const account = person(7)

async function levers(target: Address, given: Record<string, string> = { account }): Promise<Lever[]> {
  const { rpc, chainId } = world
  return discoverLevers({ rpc, chainId, target, block: await latestBlock(world), given })
}

test('a list that nobody’s template knows is found by its name, and says what takes it back and tells of it', async () => {
  const token = await deploy(world, ourFixture('LeverFlagList'))
  expect(await levers(token)).toMatchObject([
    {
      template: 'token-list/setBlacklisted-address-bool',
      kind: 'request',
      scope: account,
      undo: { signature: 'setBlacklisted(address,bool)' },
      state: [{ text: `isBlacklisted(${account})` }],
    },
  ])
  expect(await levers(token, {})).toEqual([])
})

test('a list that a template knows is offered by that template alone', async () => {
  for (const [fixture, template] of [
    ['LeverPaxos', 'paxos/freeze'],
    ['LeverBlockedList', 'tether-v2/blocked-list'],
    ['LeverTether', 'usdt/blacklist'],
  ] as const) {
    const found = await levers(await deploy(world, ourFixture(fixture)))
    expect(found.map((lever) => lever.template)).toEqual([template])
  }
})
