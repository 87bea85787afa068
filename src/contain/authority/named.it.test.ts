import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  callTo,
  deploy,
  latestBlock,
  openWorld,
  ourFixture,
  person,
  send,
  type World,
} from '../../../test/harness/lever-world.ts'
import type { Lever } from '../../model/lever.ts'
import { discoverLevers } from '../planning/discover.ts'
import { resolveAuthority } from './authority.ts'
import { authorityDetail } from './authority-detail.ts'
import { isSomebody, namedBy } from './named.ts'

let world: World
beforeAll(async () => {
  world = await openWorld()
})
afterAll(() => world.close())

async function pauseOf(target: `0x${string}`): Promise<Lever> {
  const { rpc, chainId } = world
  const levers = await discoverLevers({ rpc, chainId, target, block: await latestBlock(world) })
  const lever = levers.find(({ signature }) => signature === 'pause()')
  if (lever === undefined) throw new Error('no pause()')
  return lever
}

const nobodyHere = { signers: [], others: [] }

test('after renounceOwnership() nobody can pull it, not the zero address', async () => {
  const target = await deploy(world, ourFixture('LeverOwned'), { from: person(1) })
  const lever = await pauseOf(target)
  const at = async () => ({ rpc: world.rpc, block: await latestBlock(world), ...nobodyHere })
  expect((await resolveAuthority(lever, await at())).authority?.address).toBe(person(1))
  await send(world, callTo(target, 'renounceOwnership()', { from: person(1) }))
  const { authority, givenUp } = await resolveAuthority(lever, await at())
  expect(authority).toBeNull()
  expect(givenUp).toEqual(['owner() is the zero address: given up'])
})

test.each(['LeverRoles', 'LeverListedRoles'])('holders of a role are found: %s', async (fixture) => {
  const target = await deploy(world, ourFixture(fixture), { from: person(2) })
  const role = '0x65d7a28e3265b37a6474929f336521b332c1681b933f6cb9f3376673440d862a'
  const grant = (account: `0x${string}`) =>
    callTo(target, 'grantRole(bytes32,address)', { args: [role, account], from: person(2) })
  await send(world, grant(person(3)))
  await send(world, grant(person(4)))
  await send(
    world,
    callTo(target, 'revokeRole(bytes32,address)', { args: [role, person(3)], from: person(2) }),
  )
  const block = await latestBlock(world)
  const { authority } = await resolveAuthority(await pauseOf(target), {
    rpc: world.rpc,
    block,
    ...nobodyHere,
  })
  expect(authority?.address).toBe(person(4))
})

test('the owner of an owner is followed to a key, and a circle of owners ends', async () => {
  const outer = await deploy(world, ourFixture('LeverOwned'), { from: person(5) })
  const inner = await deploy(world, ourFixture('LeverOwned'), { from: person(5) })
  const own = (target: `0x${string}`, owner: `0x${string}`, from = person(5)) =>
    send(world, callTo(target, 'transferOwnership(address)', { args: [owner], from }))
  await own(inner, outer)
  const detail = await authorityDetail(world.rpc, inner, await latestBlock(world))
  expect(detail.text).toContain(`its owner() is ${outer}`)
  expect(detail.text).toContain(`its owner() is ${person(5)}, an account with a key`)
  await own(outer, inner)
  expect((await authorityDetail(world.rpc, inner, await latestBlock(world))).text).toContain(
    'stands for itself',
  )
})

test('whoever has no key is nobody', () => {
  expect(['0', '1', 'ffff'].map((end) => isSomebody(`0x${end.padStart(40, '0')}`))).toEqual([
    false,
    false,
    false,
  ])
  expect(isSomebody('0x000000000000000000000000000000000000dead')).toBe(false)
  expect(isSomebody('0xdeaddeaddeaddeaddeaddeaddeaddeaddeaddead')).toBe(true)
  expect(isSomebody(person(0))).toBe(true)
})

test('a contract that answers rubbish stops nothing', async () => {
  const target = `0x${'e7'.repeat(20)}` as const
  for (const code of ['60016000526104006000f3', '60006000fd', '366000600037366000f3', '3060005260206000f3']) {
    await world.rpc.request('anvil_setCode', [target, `0x${code}`])
    const { accounts } = await namedBy(world.rpc, target, await latestBlock(world))
    expect(accounts.length).toBeLessThanOrEqual(96)
    await authorityDetail(world.rpc, target, await latestBlock(world))
  }
})
