import { afterAll, beforeAll, expect, test } from 'vitest'
import { type AaveMarket, openAaveV3 } from '../../../test/harness/aave-market.ts'
import { openWorld, type World } from '../../../test/harness/lever-world.ts'
import { poolChecks } from './pools.ts'

let world: World
let market: AaveMarket
beforeAll(async () => {
  world = await openWorld()
  market = await openAaveV3(world)
})
afterAll(() => world.close())

test('a token of a lending pool that is protected without its pool is told, with the pool to add', async () => {
  const [token = market.pool] = market.aTokens
  expect(await poolChecks(world.rpc, new Set([token]))).toMatchObject([
    { state: 'warning', name: `pool of ${token}`, fix: `Add ${market.pool} to protect[].` },
  ])
})

test('with the pool protected, or no such token, there is nothing to say', async () => {
  const [token = market.pool] = market.aTokens
  expect(await poolChecks(world.rpc, new Set([token, market.pool]))).toEqual([])
  expect(await poolChecks(world.rpc, new Set(market.assets))).toEqual([])
})
