import { encodeAbiParameters } from 'viem'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { leversBesides } from '../../src/contain/levers/catalogue.ts'
import { discoverLevers } from '../../src/contain/planning/discover.ts'
import { resolveCode, selectorsIn } from '../../src/contain/reading/code.ts'
import type { Address } from '../../src/model/hex.ts'
import { giveTokens } from '../harness/lever-tokens.ts'
import {
  addressAt,
  callTo,
  deploy,
  latestBlock,
  openWorld,
  ourFixture,
  packaged,
  person,
  send,
  type World,
} from '../harness/lever-world.ts'

/* Protocols that nobody can stop: discovery must say so, not only find nothing. */

let world: World
let tokens: readonly Address[]
beforeAll(async () => {
  world = await openWorld()
  tokens = [await giveTokens(world, 'A', { people: [] }), await giveTokens(world, 'B', { people: [] })]
})
afterAll(() => world.close())

async function expectNone(target: Address, protocol: string): Promise<void> {
  const { rpc, chainId } = world
  const block = await latestBlock(world)
  expect(await discoverLevers({ rpc, chainId, target, block })).toEqual([])
  const { bytecode } = await resolveCode(rpc, target, 'latest')
  expect(leversBesides(selectorsIn(bytecode))).toContainEqual(
    expect.objectContaining({ protocol, effect: 'none: no lever', trap: expect.any(String) }),
  )
}

test('a Uniswap v2 factory and a pair of it', async () => {
  const factory = await deploy(world, ourFixture('UniswapV2Factory'), { args: [person(0)] })
  await send(world, callTo(factory, 'createPair(address,address)', { args: tokens }))
  await expectNone(factory, 'Uniswap v2')
  const view = 'getPair(address,address) view returns (address)'
  await expectNone(await addressAt(world, factory, [view, ...tokens]), 'Uniswap v2')
})

test('a Uniswap v3 factory and a pool of it', async () => {
  const factory = await deploy(world, packaged('uniswap/v3-core', 'UniswapV3Factory'))
  await send(world, callTo(factory, 'createPool(address,address,uint24)', { args: [...tokens, 3_000] }))
  await expectNone(factory, 'Uniswap v3')
  const view = 'getPool(address,address,uint24) view returns (address)'
  await expectNone(await addressAt(world, factory, [view, ...tokens, 3_000]), 'Uniswap v3')
})

test('a Uniswap v4 manager', async () => {
  const manager = await deploy(world, packaged('uniswap/v4-core', 'PoolManager'), { args: [person(0)] })
  await expectNone(manager, 'Uniswap v4')
})

test('a contract that nobody knows is not said to be without levers', async () => {
  const answer = encodeAbiParameters([{ type: 'bool' }], [true])
  const unknown = await deploy(world, ourFixture('LeverAnswer'), { args: [answer] })
  const { bytecode } = await resolveCode(world.rpc, unknown, 'latest')
  expect(leversBesides(selectorsIn(bytecode))).toEqual([])
})
