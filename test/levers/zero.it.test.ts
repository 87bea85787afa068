import { encodeAbiParameters, zeroAddress } from 'viem'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { leverTemplates } from '../../src/contain/levers/registry.ts'
import { discoverLevers } from '../../src/contain/planning/discover.ts'
import type { SimulatedCall } from '../../src/contain/trials/sequence.ts'
import type { Address } from '../../src/model/hex.ts'
import type { Lever } from '../../src/model/lever.ts'
import { deploySafe } from '../harness/authority-world.ts'
import { giveTokens } from '../harness/lever-tokens.ts'
import {
  callTo,
  deploy,
  latestBlock,
  openWorld,
  ourFixture,
  packaged,
  person,
  send,
  sendAll,
  type World,
} from '../harness/lever-world.ts'

/* The effect of zero on each lever that takes a number: on the bytecode, next to the value that Cordon sends instead. */

const user = person(2)
const relay = person(4)
const lane = 5_009_297_550_715_157_269n
const LIMIT = 'setChainRateLimiterConfig(uint64,(bool,uint128,uint128),(bool,uint128,uint128))'
let world: World
beforeAll(async () => {
  world = await openWorld()
})
afterAll(() => world.close())

async function only(target: Address, template: string, given: Record<string, string> = {}): Promise<Lever> {
  const { rpc, chainId } = world
  const levers = await discoverLevers({ rpc, chainId, target, block: await latestBlock(world), given })
  const [lever, ...more] = levers.filter((each) => each.template === template)
  if (lever === undefined || more.length > 0) throw new Error(`${template}: ${more.length}`)
  return lever
}

async function passes(call: SimulatedCall): Promise<boolean> {
  const [result] = await world.sequencer.run(await latestBlock(world), [call])
  return result?.succeeded === true
}

test('a limit always says what zero means', () => {
  const silent = leverTemplates.filter(({ kind, zeroMeaning }) => kind === 'cap' && zeroMeaning === undefined)
  expect(silent.map(({ id }) => id)).toEqual([])
})

test('a flow limit of 0 lets everything through at Axelar; the lever sets 1', async () => {
  const its = (name: string) => packaged('axelar-network/interchain-token-service', name)
  const service = relay
  const code = await deploy(world, its('TokenManager'), { args: [service] })
  // Behind a proxy that tells the token, as the manager asks itself for it.
  const manager = await deploy(world, ourFixture('LeverManagerProxy'), { args: [code] })
  const out = callTo(manager, 'addFlowOut(uint256)', { args: [10n ** 30n], from: service })
  const set = (limit: bigint) => callTo(manager, 'setFlowLimit(uint256)', { args: [limit], from: user })
  const params = encodeAbiParameters([{ type: 'bytes' }, { type: 'address' }], [user, zeroAddress])
  await send(world, callTo(manager, 'setUp(bytes)', { args: [params] }))
  await send(world, set(1_000n))
  expect(await passes(out)).toBe(false)
  await send(world, set(0n))
  expect(await passes(out)).toBe(true)
  const { calldata } = await only(manager, 'axelar/token-flow-limit')
  expect(calldata).toBe(set(1n).data)
  await send(world, set(1n))
  expect(await passes(out)).toBe(false)
})

test('a lane whose limit is off is unlimited at CCIP, one of zero is refused; the lever sets 2 and 1', async () => {
  const token = await giveTokens(world, 'B', { people: [user] })
  const chain = (name: string) => packaged('chainlink/contracts-ccip', name)
  const rmn = await deploy(world, chain('rmn_remote'), { args: [1n, zeroAddress] })
  const ramp = encodeAbiParameters([{ type: 'address' }], [relay])
  const router = await deploy(world, ourFixture('LeverAnswer'), { args: [ramp] })
  const pool = await deploy(world, chain('lock_release_token_pool'), {
    args: [token, 18, [], rmn, false, router],
  })
  const config = '(bool,uint128,uint128)'
  await send(
    world,
    callTo(pool, `applyChainUpdates(uint64[],(uint64,bytes[],bytes,${config},${config})[])`, {
      args: [[], [[lane, ['0x1234'], '0x5678', [true, 5_000n, 10n], [true, 5_000n, 10n]]]],
    }),
  )
  const set = (one: readonly unknown[]) => callTo(pool, LIMIT, { args: [lane, one, one] })
  const out = callTo(pool, 'lockOrBurn((bytes,uint64,address,uint256,address))', {
    args: [['0x1234', lane, user, 10n ** 30n, token]],
    from: relay,
  })
  expect(await passes(out)).toBe(false)
  expect(await passes(set([true, 0n, 0n]))).toBe(false)
  expect(await passes(set([true, 1n, 0n]))).toBe(false)
  const { calldata } = await only(pool, 'ccip/rate-limit', { chainSelector: String(lane) })
  expect(calldata).toBe(set([true, 2n, 1n]).data)
  await send(world, set([false, 0n, 0n]))
  expect(await passes(out)).toBe(true)
})

test('a curse of subject 0 stops nothing at CCIP', async () => {
  const rmn = await deploy(world, packaged('chainlink/contracts-ccip', 'rmn_remote'), {
    args: [1n, zeroAddress],
  })
  const curse = (subject: string) => callTo(rmn, 'curse(bytes16)', { args: [subject] })
  const isCursed = async () =>
    BigInt(String(await world.rpc.request('eth_call', [callTo(rmn, 'isCursed()', {}), 'latest'])))
  await send(world, curse(`0x${'0'.repeat(32)}`))
  expect(await isCursed()).toBe(0n)
  const { calldata } = await only(rmn, 'ccip/curse')
  await send(world, { from: person(0), to: rmn, data: calldata, value: 0n })
  expect(await isCursed()).toBe(1n)
})

test('a limit of 0 blocks at LayerZero; a window of 0 refills every second', async () => {
  const oft = await deploy(world, packaged('layerzerolabs/oapp-evm', 'RateLimitedOft'))
  const set = (limit: bigint, window: bigint) =>
    callTo(oft, 'setRateLimits((uint32,uint192,uint64)[])', { args: [[[1, limit, window]]] })
  const out = callTo(oft, 'send(uint32,uint256)', { args: [1, 1_000n], from: user })
  await sendAll(world, [set(1_000n, 0n), out])
  await world.rpc.request('anvil_mine', ['0x1', '0x2'])
  expect(await passes(out)).toBe(true)
  expect((await only(oft, 'layerzero/rate-limit', { eid: '1' })).calldata).toBe(set(0n, 0n).data)
  await send(world, set(0n, 0n))
  expect(await passes(out)).toBe(false)
})

test('an order type of 0 is one order type at GMX', async () => {
  const config = await deploy(world, ourFixture('LeverGmxConfig'), {
    args: [await deploy(world, ourFixture('LeverGmxRoles'))],
  })
  const given = { handler: user }
  const [swaps, increases] = [
    await only(config, 'gmx-v2/create-order', { ...given, orderType: '0' }),
    await only(config, 'gmx-v2/create-order', given),
  ]
  expect([swaps.scope, increases.scope]).toEqual([`${user}, order type 0`, `${user}, order type 2`])
  expect(swaps.calldata).not.toBe(increases.calldata)
})

test('a guard of 0 takes a Safe’s guard away and is never built', async () => {
  const target = await deploySafe(world.rpc, { version: '1.4.1', owners: [user], threshold: 1 })
  await expect(only(target, 'safe/set-guard', { guard: zeroAddress })).rejects.toThrow()
})

test('a price of 0 is never disputed into an oracle', async () => {
  const oracle = await deploy(world, ourFixture('LeverGammaOracle'), { args: [user, 7_200n] })
  const given = { asset: user, expiry: '1000' }
  await send(world, callTo(oracle, 'setExpiryPrice(address,uint256,uint256)', { args: [user, 1_000n, 5n] }))
  await expect(only(oracle, 'opyn/dispute-price', { ...given, price: '0' })).rejects.toThrow()
  expect((await only(oracle, 'opyn/dispute-price', { ...given, price: '1' })).armed).toBe(true)
})
