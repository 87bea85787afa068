import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  callTo,
  deploy,
  latestBlock,
  openWorld,
  ourFixture,
  person,
  type World,
} from '../../../test/harness/lever-world.ts'
import type { Address } from '../../model/hex.ts'
import { type Planned, planContainment } from './plan.ts'
import { relatedContracts } from './protocol.ts'

let world: World
beforeAll(async () => {
  world = await openWorld()
})
afterAll(() => world.close())

const guardian = person(1)

async function protocol(
  controllerName: string,
): Promise<Record<'controller' | 'market' | 'hidden', Address>> {
  const controller = await deploy(world, ourFixture(controllerName), { from: guardian })
  const market = await deploy(world, ourFixture('LeverMarket'), { args: [controller], from: guardian })
  const hidden = await deploy(world, ourFixture('LeverHiddenMarket'), { args: [market] })
  return { controller, market, hidden }
}

async function planFor(target: Address, signers: readonly Address[] = [guardian]): Promise<Planned> {
  const { rpc, sequencer, chainId } = world
  const block = await latestBlock(world)
  const call = callTo(target, 'take()', { from: person(9) })
  return planContainment({
    ...{ rpc, sequencer, chainId, target, signers, others: [], pinnedBlock: block },
    incidentId: 'i',
    attackTransaction: null,
    attack: { call, before: [], within: null, owned: [target], recorded: [] },
    related: () => relatedContracts({ rpc, target, block }),
  })
}

test('the lever of the contract that the victim asks is planned, with what links the two', async () => {
  const { controller, market } = await protocol('LeverController')
  const { plan } = await planFor(market)
  expect(plan).toMatchObject({ protects: market, lever: { target: controller, signature: 'pause()' } })
  expect(plan.lever.evidence.join('\n')).toContain(`of ${market} answers it`)
})

test('it is found two contracts away, by storage alone', async () => {
  const { controller, hidden } = await protocol('LeverController')
  expect((await planFor(hidden)).plan.lever.target).toBe(controller)
})

test('it is proposed where its authority is the owner of the victim and no signer is here, and is nothing where it is a stranger’s', async () => {
  const { market } = await protocol('LeverController')
  const { plan } = await planFor(market, [])
  expect(plan.lever.authority).toMatchObject({ address: guardian, live: false })
  const theirs = await deploy(world, ourFixture('LeverController'), { from: person(7) })
  const asking = await deploy(world, ourFixture('LeverMarket'), { args: [theirs], from: guardian })
  await expect(planFor(asking)).rejects.toMatchObject({ code: 'contain.NoLever' })
})

test('a lever that anybody may pull on another contract is nobody’s lever', async () => {
  const { market } = await protocol('LeverOpenController')
  await expect(planFor(market)).rejects.toMatchObject({ code: 'contain.NoLever' })
})

test('whom a contract called in ordinary operations is on the map with how often', async () => {
  const { controller, market } = await protocol('LeverController')
  const { rpc } = world
  const callees = new Map([[market, new Map([[controller, 12]])]])
  const [first] = await relatedContracts({ rpc, target: market, block: await latestBlock(world), callees })
  expect(first).toMatchObject({ address: controller, steps: 1 })
  expect(first?.evidence).toContainEqual(`${market} called it in ordinary operations, 12 times`)
})

test('a contract that names contracts without number, or itself, ends', async () => {
  const target: Address = `0x${'e9'.repeat(20)}`
  for (const code of ['3060005260206000f3', '366000600037366000f3', '5b600056']) {
    await world.rpc.request('anvil_setCode', [target, `0x${code}63aabbccdd63aabbccde`])
    const found = await relatedContracts({ rpc: world.rpc, target, block: await latestBlock(world) })
    expect(found.length).toBeLessThanOrEqual(40)
  }
})
