import { toFunctionSelector } from 'viem'
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
import type { Address, Hex } from '../../model/hex.ts'
import type { Lever } from '../../model/lever.ts'
import { reproduce, type Trial } from '../trials/trial.ts'
import { planContainment } from './plan.ts'
import { probeForLevers } from './probing.ts'

let world: World
let target: Address
beforeAll(async () => {
  world = await openWorld()
  target = await deploy(world, ourFixture('LeverUnnamed'), { from: owner })
})
afterAll(() => world.close())

const owner = person(1)
const take = (amount: bigint) => callTo(target, 'take(uint256)', { args: [amount], from: person(9) })
const trialOf = (amount: bigint): Trial => ({
  call: take(amount),
  before: [],
  within: null,
  owned: [target],
  recorded: [],
})
const selector = (signature: string): Hex => toFunctionSelector(signature)
const names = new Map([[selector('renounceOwnership()'), 'renounceOwnership()']])

async function probed(amount: bigint, known: ReadonlyMap<Hex, string> = names): Promise<Lever[]> {
  const { rpc, sequencer, chainId } = world
  const block = await latestBlock(world)
  const about = { rpc, sequencer, chainId, block, names: known }
  const attack = await reproduce(sequencer, block, trialOf(amount))
  return probeForLevers({ ...about, contracts: [target], attack, owners: [owner] })
}

test('an owner’s switch without a known name is found by what it does, and is said to be found so', async () => {
  const levers = await probed(1n)
  const found = levers.find(({ calldata }) => calldata.startsWith(selector('flipTheGreenLever(bool)')))
  expect(found).toMatchObject({ template: 'probed', armed: true, trap: expect.stringContaining('probing') })
  expect(found?.signature).toBe(`unknown_${selector('flipTheGreenLever(bool)')}(bool)`)
  expect(found?.undo?.calldata).toMatch(/0{64}$/)
  expect(found?.evidence.join()).toContain(`only ${owner} may call it`)
})

test('a cap of zero is found too; what stops nothing, what anybody may call and what gives the owner up is not', async () => {
  const selectors = (await probed(1n)).map(({ calldata }) => calldata.slice(0, 10))
  expect(selectors.sort()).toEqual(
    [selector('flipTheGreenLever(bool)'), selector('squeezeTheHose(uint256)')].sort(),
  )
})

test('an attack that fails by itself finds nothing', async () => {
  expect(await probed(101n)).toEqual([])
})

test('planning comes to it last, and it is not pulled without a plan that people see', async () => {
  const { rpc, sequencer, chainId } = world
  const { plan } = await planContainment({
    ...{ rpc, sequencer, chainId, target, signers: [owner], others: [], names },
    pinnedBlock: await latestBlock(world),
    incidentId: 'i',
    attackTransaction: null,
    attack: trialOf(1n),
    related: async () => [],
  })
  expect(plan.lever.template).toBe('probed')
  expect(plan.lever.authority).toMatchObject({ address: owner, live: true })
})

test('a function whose name is known gets as many words as it takes, even while the node answers of two states', async () => {
  const flip = selector('flipTheGreenLever(bool)')
  const known = new Map([[flip, 'flipTheGreenLever()']])
  const levers = await probed(1n, known)
  expect(levers.filter(({ calldata }) => calldata.startsWith(flip))).toEqual([])
})
