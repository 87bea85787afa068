import { encodeAbiParameters, keccak256 } from 'viem'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { resolveAuthority } from '../../src/contain/authority/authority.ts'
import { leversBesides } from '../../src/contain/levers/catalogue.ts'
import { discoverLevers } from '../../src/contain/planning/discover.ts'
import { resolveCode, selectorsIn } from '../../src/contain/reading/code.ts'
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
  read,
  send,
  sendAll,
  type World,
} from '../harness/lever-world.ts'

const guardian = person(1)
let world: World
beforeAll(async () => {
  world = await openWorld()
})
afterAll(() => world.close())

async function leversOf(target: Address, given: Record<string, string> = {}): Promise<Lever[]> {
  const { rpc, chainId } = world
  return discoverLevers({ rpc, chainId, target, block: await latestBlock(world), given })
}

function only(levers: readonly Lever[], template: string): Lever {
  const [lever, ...more] = levers.filter((each) => each.template === template)
  if (lever === undefined || more.length > 0) throw new Error(`${template}: ${more.length + 1}`)
  return lever
}

test('a flag of Comet that is set already is kept, said so, and given back', async () => {
  const base = await giveTokens(world, 'B', { people: [] })
  const comet = await deploy(world, ourFixture('LeverComet'), { args: [base, base, guardian] })
  const signature = 'pause(bool,bool,bool,bool,bool)'
  await send(world, callTo(comet, signature, { args: [false, false, false, true, false], from: guardian }))
  const lever = only(await leversOf(comet), 'compound-v3/withdraw')
  const all = callTo(comet, signature, { args: [false, false, true, true, false] })
  const before = callTo(comet, signature, { args: [false, false, false, true, false] })
  expect(lever).toMatchObject({ calldata: all.data, undo: { calldata: before.data } })
  expect(lever.evidence.join()).toMatch(/kept: absorb/)
  expect(lever.claims).toMatchObject({ withdraw: 'blocked', liquidate: 'blocked', repay: 'open' })
})

test('where Aave knows a grace period a pause is taken back with it', async () => {
  const asset: Address = `0x${'aa'.repeat(20)}`
  const pool = await deploy(world, ourFixture('LeverAaveV31'), { args: [asset] })
  const levers = await leversOf(pool)
  for (const template of ['aave-v3/reserve-pause', 'aave-v3/pool-pause']) {
    const { calldata, undo, evidence } = only(levers, template)
    expect(evidence.join()).toMatch(/14400 s of grace/)
    const before = await latestBlock(world)
    await send(world, { from: person(0), to: pool, data: calldata, value: 0n })
    expect(only(await leversOf(pool), template).armed).toBe(false)
    await send(world, { from: person(0), to: pool, data: undo?.calldata ?? '0x', value: 0n })
    expect(await latestBlock(world)).toBe(before + 2)
    const { data } = callTo(pool, 'liquidationGracePeriodUntil()', {})
    const until = BigInt(await read(world, pool, data))
    expect(until - (await timestamp())).toBe(14_400n)
  }
})

test('two variants that come to the same call are one lever', async () => {
  const base = await giveTokens(world, 'B', { people: [] })
  const comet = await deploy(world, ourFixture('LeverComet'), { args: [base, base, guardian] })
  const all = callTo(comet, 'pause(bool,bool,bool,bool,bool)', { args: [true, true, true, true, true] })
  await send(world, { ...all, from: guardian })
  expect((await leversOf(comet)).map(({ template, armed }) => [template, armed])).toEqual([
    ['compound-v3/withdraw', false],
  ])
})

test('pausing borrows of a market that would thereby be deprecated says that everybody becomes liquidatable', async () => {
  const token = await giveTokens(world, 'U', { people: [] })
  const comptroller = await deploy(world, ourFixture('LeverComptroller'))
  const market = await deploy(world, ourFixture('LeverCToken'), { args: [comptroller, token] })
  await send(world, callTo(comptroller, 'list(address,uint256,uint256)', { args: [market, 0n, 1n] }))
  expect(only(await leversOf(comptroller), 'compound-v2/borrow').trap).not.toMatch(/EVERY borrow/)
  await send(world, callTo(market, '_setReserveFactor(uint256)', { args: [10n ** 18n] }))
  expect(only(await leversOf(comptroller), 'compound-v2/borrow').trap).toMatch(/EVERY borrow/)
})

test('Ownable2Step is told as a trap and never offered as a lever', async () => {
  const target = await deploy(world, packaged('openzeppelin/contracts', 'HandedOver'))
  expect(await leversOf(target, { holder: guardian, implementation: guardian })).toEqual([])
  const { bytecode } = await resolveCode(world.rpc, target, 'latest')
  expect(leversBesides(selectorsIn(bytecode))).toMatchObject([
    { protocol: 'OpenZeppelin Ownable2Step', trap: expect.stringMatching(/no containment/) },
  ])
})

test('an expired or used GateSeal is no lever', async () => {
  const queue = await deploy(world, ourFixture('LeverQueue'))
  const now = await timestamp()
  const args = [guardian, 864_000n, [queue], now + 1_000n]
  const [used, expired] = [
    await deploy(world, ourFixture('LeverGateSeal'), { args }),
    await deploy(world, ourFixture('LeverGateSeal'), { args }),
  ]
  await send(world, callTo(queue, 'allow(address)', { args: [used] }))
  expect(only(await leversOf(used), 'lido/gate-seal').maxDurationSeconds).toBe(864_000)
  await send(world, callTo(used, 'seal(address[])', { args: [[queue]], from: guardian }))
  expect(await leversOf(used)).toEqual([])
  await world.rpc.request('anvil_mine', ['0x2', '0x7d0'])
  expect(await leversOf(expired)).toEqual([])
})

test('a pauser whose heartbeat has expired is said to have no pause power', async () => {
  const queue = await deploy(world, ourFixture('LeverQueue'))
  const breaker = await deploy(world, ourFixture('LeverCircuitBreaker'), { args: [864_000n, 1_000n] })
  await sendAll(world, [
    callTo(queue, 'allow(address)', { args: [breaker] }),
    callTo(breaker, 'registerPauser(address,address)', { args: [queue, guardian] }),
  ])
  const given = { pausable: queue }
  expect(only(await leversOf(breaker, given), 'lido/circuit-breaker').trap).not.toMatch(/HAS EXPIRED/)
  await world.rpc.request('anvil_mine', ['0x2', '0x7d0'])
  expect(only(await leversOf(breaker, given), 'lido/circuit-breaker').trap).toMatch(/HAS EXPIRED/)
})

test('emergency shutdown is found only where a person says that it is irreversible', async () => {
  const vat = await deploy(world, ourFixture('LeverVat'))
  const end = await deploy(world, ourFixture('LeverEnd'), { args: [vat] })
  const esm = await deploy(world, ourFixture('LeverEsm'), { args: [end, 0n] })
  expect(await leversOf(esm)).toEqual([])
  expect(await leversOf(esm, { irreversible: 'yes' })).toHaveLength(1)
})

test('a timelocked operation that is executed or unknown is nothing to cancel; rubbish for its name neither', async () => {
  const timelock = await deploy(world, packaged('openzeppelin/contracts', 'TimelockController'), {
    args: [0n, [], [], guardian],
  })
  for (const operation of [`0x${'ab'.repeat(32)}`, 'the evil one', '0x', ''])
    expect(await leversOf(timelock, { operation })).toEqual([])
})

test('a superchain pause that has expired must be reset before it can be used again', async () => {
  const config = await deploy(world, ourFixture('LeverSuperchain'), { args: [guardian] })
  const fresh = only(await leversOf(config), 'op-stack/pause')
  expect(fresh).toMatchObject({ armed: true, maxDurationSeconds: 7_884_000 })
  const pull = { from: guardian, to: config, data: fresh.calldata, value: 0n }
  await send(world, pull)
  expect(only(await leversOf(config), 'op-stack/pause').armed).toBe(false)
  await world.rpc.request('anvil_mine', ['0x2', '0x784d21'])
  const expired = only(await leversOf(config), 'op-stack/pause')
  expect(expired.armed).toBe(true)
  expect(expired.trap).toMatch(/HAS EXPIRED/)
  await expect(send(world, pull)).rejects.toThrow(/reverted/)
  await send(world, { ...pull, data: expired.undo?.calldata ?? '0x' })
  await send(world, pull)
})

test('a module of an old Safe is taken out from the middle of the list, and from its head', async () => {
  const at = await deploySafe(world.rpc, { version: '1.3.0', owners: [guardian], threshold: 1 })
  const modules = [person(5), person(6), person(7)]
  await sendAll(
    world,
    modules.map((module) => callTo(at, 'enableModule(address)', { args: [module], from: at })),
  )
  for (const module of [person(6), person(7), person(5)]) {
    const lever = only(await leversOf(at, { module }), 'safe/disable-module')
    expect(lever.caller).toBe(at)
    await send(world, { from: at, to: at, data: lever.calldata, value: 0n })
    expect(await leversOf(at, { module })).toEqual([])
  }
})

test('a Balancer vault past its pause window has no lever', async () => {
  const vault = await deploy(world, ourFixture('LeverVaultV3'), {
    args: [guardian, guardian, 1_000, 1_000],
  })
  const before = only(await leversOf(vault), 'balancer-v3/vault-pause')
  expect(before.maxDurationSeconds).toBeGreaterThan(1_000)
  await world.rpc.request('anvil_mine', ['0x2', '0x3e9'])
  expect(await leversOf(vault)).toEqual([])
})

test('a market of Perp Curie is stopped for ever only where a person says so', async () => {
  const feed = await deploy(world, ourFixture('LeverPriceFeed'))
  const market = await deploy(world, packaged('perp/curie-contract', 'BaseToken'))
  await send(world, callTo(market, 'initialize(string,string,address)', { args: ['vETH', 'vETH', feed] }))
  const templates = async (given = {}) => (await leversOf(market, given)).map(({ template }) => template)
  expect(await templates({ irreversible: 'yes' })).toEqual(['perp-curie/market-pause'])
  expect(await templates()).toEqual([])
})

test('a keeper of GMX who may set caps only is no authority for its features', async () => {
  const roles = await deploy(world, ourFixture('LeverGmxRoles'))
  const config = await deploy(world, ourFixture('LeverGmxConfig'), { args: [roles] })
  const limited = keccak256(encodeAbiParameters([{ type: 'string' }], ['LIMITED_CONFIG_KEEPER']))
  await send(world, callTo(roles, 'grantRole(address,bytes32)', { args: [guardian, limited] }))
  const lever = only(await leversOf(config, { handler: guardian }), 'gmx-v2/create-order')
  const { rpc } = world
  const tried = { rpc, block: await latestBlock(world), signers: [], others: [guardian] }
  expect((await resolveAuthority(lever, tried)).authority).toBeNull()
})

test('a lever that does not do alone says which belong to it', async () => {
  const controller = await deploy(world, ourFixture('LeverGammaController'), { args: [guardian, guardian] })
  expect(only(await leversOf(controller), 'opyn/partial-pause').trap).toMatch(
    /not alone: pull opyn\/dispute-price with it/,
  )
})

async function timestamp(): Promise<bigint> {
  const block = (await world.rpc.request('eth_getBlockByNumber', ['latest', false])) as { timestamp: string }
  return BigInt(block.timestamp)
}
