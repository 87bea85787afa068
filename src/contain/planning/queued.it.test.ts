import { encodeAbiParameters, keccak256, parseAbiParameters, toBytes, toEventSelector } from 'viem'
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
import type { Address, Hash, Hex } from '../../model/hex.ts'
import { ZERO_ADDRESS } from '../../model/hex.ts'
import { simulatePlan } from '../trials/simulate.ts'
import { planContainment } from './plan.ts'
import { queuedIn } from './queued.ts'

const [thief, admin] = [person(1), person(2)]
const ZERO: Hex = `0x${'0'.repeat(64)}`
const SCHEDULE = 'schedule(address,uint256,bytes,bytes32,bytes32,uint256)'

let world: World
let timelock: Address
/** A proxy: its admin is a contract, which the timelock owns. */
let vault: Address
/** Emits any log on request. */
let emitter: Address
/** The block before the attack. */
let before: number
beforeAll(async () => {
  world = await openWorld()
  timelock = await deploy(world, packaged('openzeppelin/contracts', 'TimelockController'), {
    args: [60n, [thief, admin], [ZERO_ADDRESS], admin],
  })
  vault = await deploy(world, packaged('openzeppelin/contracts', 'TransparentUpgradeableProxy'), {
    args: [timelock, timelock, callTo(timelock, 'getMinDelay()', {}).data],
  })
  const runtime = '6020360380602060003760003590' + '6000a100'
  emitter = await deploy(world, {
    abi: [],
    bytecode: `0x60${(runtime.length / 2).toString(16)}80600b6000396000f3${runtime}`,
    links: [],
  })
  before = await latestBlock(world)
})
afterAll(() => world.close())

const found = (transactions: readonly Hash[]) =>
  queuedIn({ rpc: world.rpc, transactions, contracts: [vault], block: before })

/** Emits the log of a Governor to which a call of these contracts was proposed. */
async function claim(proposalId: bigint, targets: readonly Address[]): Promise<Hash> {
  const none = targets.map(() => '0x' as const)
  const data = encodeAbiParameters(
    parseAbiParameters('uint256, address, address[], uint256[], string[], bytes[], uint256, uint256, string'),
    [proposalId, thief, targets, targets.map(() => 0n), targets.map(() => ''), none, 0n, 1n, ''],
  )
  const topic = toEventSelector(
    'ProposalCreated(uint256,address,address[],uint256[],string[],bytes[],uint256,uint256,string)',
  )
  const receipt = await send(world, {
    from: thief,
    to: emitter,
    data: `${topic}${data.slice(2)}`,
    value: 0n,
  })
  return receipt['transactionHash'] as Hash
}

async function schedule(salt: Hex, target: Address = vault): Promise<Hash> {
  const args = [target, 0n, '0x12345678', ZERO, salt, 60n]
  const receipt = await send(world, callTo(timelock, SCHEDULE, { args, from: thief }))
  return receipt['transactionHash'] as Hash
}

test('what an attacker queued in a timelock is found in his transaction, and who may cancel can', async () => {
  const hash = await schedule(ZERO)
  const { queued: all, leftOut } = await found([hash])
  const [queued, ...more] = all
  expect(more).toEqual([])
  expect(leftOut.operations).toBe(0)
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
  expect((await found([first, second, first])).queued).toHaveLength(2)
  const nothing = { queued: [], leftOut: { operations: 0, contracts: [] } }
  expect(await found([`0x${'ff'.repeat(32)}`])).toEqual(nothing)
})

test('what a stranger’s contract says that it queued is left out, however much it is, and hides nothing', async () => {
  const forged: Hash[] = []
  for (let id = 1n; id <= 40n; id++) forged.push(await claim(id, [vault]))
  const real = await schedule(`0x${'03'.repeat(32)}`)
  const { queued, leftOut } = await found([...forged, real])
  expect(queued).toMatchObject([{ target: timelock }])
  expect(leftOut).toEqual({ operations: 40, contracts: [emitter] })
})

test('what is aimed at nothing of ours is left out, and what a timelock does to itself is not', async () => {
  const elsewhere = await schedule(`0x${'04'.repeat(32)}`, person(77))
  const itself = await schedule(`0x${'05'.repeat(32)}`, timelock)
  const { queued, leftOut } = await found([elsewhere, itself])
  expect(queued).toHaveLength(1)
  expect(leftOut).toEqual({ operations: 1, contracts: [timelock] })
})

test('who held a role before the attack is believed; who was given one by it is not', async () => {
  const role = keccak256(toBytes('PROPOSER_ROLE'))
  await send(world, callTo(timelock, 'grantRole(bytes32,address)', { args: [role, emitter], from: admin }))
  const hash = await claim(77n, [person(5), vault])
  expect((await found([hash])).queued).toEqual([])
  const { rpc } = world
  const since = await queuedIn({
    rpc,
    transactions: [hash],
    contracts: [vault],
    block: await latestBlock(world),
  })
  expect(since.queued).toMatchObject([
    { target: emitter, wanted: { template: 'governor/cancel-proposal', given: { proposalId: '77' } } },
  ])
})
