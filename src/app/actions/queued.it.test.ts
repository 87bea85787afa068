import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  callTo,
  deploy,
  latestBlock,
  openWorld,
  packaged,
  person,
  read,
  send,
  type World,
} from '../../../test/harness/lever-world.ts'
import { planContainment } from '../../contain/plan.ts'
import { simulatePlan } from '../../contain/simulate.ts'
import type { Address, Hash, Hex } from '../../model/hex.ts'
import { ZERO_ADDRESS } from '../../model/hex.ts'
import { queuedIn } from './queued.ts'

const [thief, admin] = [person(1), person(2)]
const ZERO: Hex = `0x${'0'.repeat(64)}`
const SCHEDULE = 'schedule(address,uint256,bytes,bytes32,bytes32,uint256)'

let world: World
let timelock: Address
beforeAll(async () => {
  world = await openWorld()
  timelock = await deploy(world, packaged('openzeppelin/contracts', 'TimelockController'), {
    args: [60n, [thief, admin], [ZERO_ADDRESS], admin],
  })
})
afterAll(() => world.close())

async function schedule(salt: Hex): Promise<Hash> {
  const args = [timelock, 0n, '0x12345678', ZERO, salt, 60n]
  const receipt = await send(world, callTo(timelock, SCHEDULE, { args, from: thief }))
  return receipt['transactionHash'] as Hash
}

test('what an attacker queued in a timelock is found in his transaction, and who may cancel can', async () => {
  const hash = await schedule(ZERO)
  const [queued, ...more] = await queuedIn(world.rpc, [hash])
  expect(more).toEqual([])
  expect(queued).toMatchObject({ target: timelock, wanted: { template: 'openzeppelin/cancel-timelocked' } })
  const { rpc, sequencer, chainId } = world
  const { plan } = await planContainment({
    rpc,
    sequencer,
    chainId,
    incidentId: 'i',
    target: timelock,
    attackTransaction: hash,
    attack: null,
    pinnedBlock: await latestBlock(world),
    signers: [],
    others: [admin],
    wanted: queued?.wanted,
  })
  expect(plan.lever.authority?.address).toBe(admin)
  const simulation = await simulatePlan({ rpc, sequencer, plan, attack: null, operations: [] })
  expect(simulation.leverSucceeded).toBe(true)
  await send(world, { from: admin, to: timelock, data: plan.lever.calldata, value: 0n })
  const pending = callTo(timelock, 'isOperationPending(bytes32)', {
    args: [queued?.wanted.given['operation']],
  })
  expect(Number(await read(world, timelock, pending.data))).toBe(0)
})

test('each queued operation once, and a transaction that queued nothing gives nothing', async () => {
  const first = await schedule(`0x${'01'.repeat(32)}`)
  const second = await schedule(`0x${'02'.repeat(32)}`)
  expect(await queuedIn(world.rpc, [first, second, first])).toHaveLength(2)
  expect(await queuedIn(world.rpc, [`0x${'ff'.repeat(32)}`])).toEqual([])
})
