import { join } from 'node:path'
import { encodeDeployData, encodeFunctionData } from 'viem'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { z } from 'zod'
import { required } from '../../chain/methods/answer.ts'
import { getTransaction } from '../../chain/methods/get-transaction.ts'
import { createRpc, type Rpc } from '../../chain/rpc/rpc.ts'
import { type Anvil, startAnvil } from '../../chain/sandbox/anvil.ts'
import { addressOf } from '../../drills/accounts.ts'
import { readArtifact } from '../../drills/artifacts.ts'
import { deployDrill } from '../../drills/deploy.ts'
import type { DrillDeployment } from '../../drills/deployment.ts'
import type { Simulation } from '../../model/containment.ts'
import { type Address, addressSchema, type Hash, hashSchema, quantitySchema } from '../../model/hex.ts'
import { planContainment } from '../planning/plan.ts'
import { simulateV1Sequencer } from './sequence.ts'
import { type Operation, simulatePlan } from './simulate.ts'
import { callOf, sceneOf, type Trial, takesAgain } from './trial.ts'

/*
 * An attacker who knows that Cordon tries a pause against the attack writes the attack so that the trial says nothing. Whether a
 * pause stops it is a statement about what the reserve loses.
 */

const ETHER = 10n ** 18n
const STAKE = 3n * ETHER
const evasions = readArtifact(join('contracts', 'out', 'FlawEvasions.json'))

let anvil: Anvil
let rpc: Rpc
let at: DrillDeployment
let evil: Address
let latch: Address
let start: unknown

beforeAll(async () => {
  anvil = await startAnvil({ mining: { kind: 'manual' } })
  rpc = createRpc({ urls: [anvil.url] })
  at = await deployDrill(anvil.url)
  evil = await deployed({ ...evasions, args: [at.ethReserve] }, STAKE)
  latch = `0x${String(await rpc.request('eth_call', [{ to: evil, data: dataOf('latch') }, 'latest'])).slice(26)}`
})

beforeEach(async () => {
  if (start !== undefined) await rpc.request('evm_revert', [start])
  start = await rpc.request('evm_snapshot', [])
})

afterAll(async () => {
  await rpc.close()
  await anvil.stop()
})

async function deployed(given: Parameters<typeof encodeDeployData>[0], value = 0n): Promise<Address> {
  const hash = await send({ to: null, data: encodeDeployData(given), value })
  await rpc.request('evm_mine', [])
  return z.object({ contractAddress: addressSchema }).parse(await receiptOf(hash)).contractAddress
}

const receiptOf = (hash: Hash): Promise<unknown> => rpc.request('eth_getTransactionReceipt', [hash])

function dataOf(functionName: string, ...args: unknown[]): `0x${string}` {
  return encodeFunctionData({ abi: evasions.abi, functionName, args })
}

type Sent = { to: Address | null; data: `0x${string}`; value?: bigint; from?: Address; tip?: bigint }

async function send({ to, data, value = 0n, from = addressOf('reentrancyAttacker'), tip = 1n }: Sent) {
  const fees = { maxFeePerGas: '0x12a05f2000', maxPriorityFeePerGas: `0x${(tip * 10n ** 9n).toString(16)}` }
  const call = { from, ...(to === null ? {} : { to }), data, gas: '0x2dc6c0', ...fees }
  const hash = await rpc.request('eth_sendTransaction', [{ ...call, value: `0x${value.toString(16)}` }])
  return hashSchema.parse(hash)
}

const balanceOf = async (account: Address): Promise<bigint> =>
  BigInt(String(await rpc.request('eth_getBalance', [account, 'latest'])))

type Mined = { trial: Trial; block: number; hash: Hash; lost: bigint }

/** Mines the attack behind what comes before it, all in one block; the reserve loses three stakes. */
async function mine(attack: Sent, before: readonly Sent[] = []): Promise<Mined> {
  for (const sent of before) await send({ ...sent, tip: 5n })
  const found = await mined(at.ethReserve, attack)
  expect(found.lost).toBe(3n * STAKE)
  return found
}

/** Mines an attack on a reserve: how it was, and what the reserve lost. */
async function mined(reserve: Address, attack: Sent): Promise<Mined> {
  const had = await balanceOf(reserve)
  const hash = await send(attack)
  await rpc.request('evm_mine', [])
  const lost = had - (await balanceOf(reserve))
  const block = Number(await rpc.request('eth_blockNumber', []))
  const call = callOf(required(await getTransaction(rpc, hash), 'transaction'))
  const recorded = [{ account: reserve, asset: 'native' as const, amount: lost }]
  const trial = { call, ...(await sceneOf(rpc, { hash, block })), owned: [reserve], recorded }
  return { trial, block, hash, lost }
}

async function simulated(
  { trial, block, hash }: Mined,
  operations: readonly Operation[] = [],
  reserve: Address = at.ethReserve,
): Promise<Simulation> {
  const sequencer = simulateV1Sequencer(rpc)
  const { plan } = await planContainment({
    rpc,
    sequencer,
    attack: trial,
    chainId: at.chainId,
    incidentId: 'i',
    target: reserve,
    attackTransaction: hash,
    pinnedBlock: block - 1,
    signers: [addressOf('guardian')],
    others: [],
  })
  return simulatePlan({ rpc, sequencer, plan, attack: trial, operations })
}

async function nextBlock(): Promise<{ number: bigint; timestamp: bigint; coinbase: Address }> {
  const head = z
    .object({ number: quantitySchema, timestamp: quantitySchema, miner: addressSchema })
    .parse(await rpc.request('eth_getBlockByNumber', ['latest', false]))
  const timestamp = BigInt(head.timestamp) + 77n
  await rpc.request('evm_setNextBlockTimestamp', [`0x${timestamp.toString(16)}`])
  return { number: BigInt(head.number) + 1n, timestamp, coinbase: head.miner }
}

const arming = { armed: () => [{ to: evil, data: dataOf('arm') }], latched: () => [latching()] }
/** By another account, through a contract that the attack does not name. */
const latching = (): Sent => ({ to: latch, data: dataOf('arm'), from: addressOf('optionAttacker') })

test.each([
  'plain',
  'quiet',
  'noisy',
  'priced',
  'feed',
  'timed',
  'mined',
  'numbered',
  'armed',
  'latched',
] as const)('%s: the pause stops what the reserve loses', async (variant) => {
  const next = await nextBlock()
  const asked = { timed: next.timestamp, mined: next.coinbase, numbered: next.number }
  const more = variant in asked ? [asked[variant as keyof typeof asked]] : []
  const before = variant in arming ? arming[variant as keyof typeof arming]() : []
  const attack = await mine({ to: evil, data: dataOf(variant, 3n, ...more) }, before)
  const simulation = await simulated(attack)
  expect(simulation).toMatchObject({ leverSucceeded: true, attack: 'stopped' })
  const lost = { account: at.ethReserve, asset: 'native', without: 3n * STAKE, with: 0n }
  expect(simulation.losses).toContainEqual(lost)
})

test('an attack that takes less in the trial than it took on the chain is no measure of the pause', async () => {
  const attack = await mine({ to: evil, data: dataOf('quiet', 3n) })
  const more = [{ account: at.ethReserve, asset: 'native' as const, amount: 5n * STAKE }]
  const simulation = await simulated({ ...attack, trial: { ...attack.trial, recorded: more } })
  expect(simulation).toMatchObject({ leverSucceeded: true, attack: 'not-reproduced' })
  expect(simulation.notes.join()).toMatch(/takes less/)
})

test('an operation whose sender has nothing left is tried all the same, and one that cannot be run is unknown', async () => {
  const attack = await mine({ to: evil, data: dataOf('plain', 3n) })
  const poor: Address = '0x00000000000000000000000000000000000f00d5'
  const deposit = {
    to: at.ethReserve,
    data: '0xd0e30db0',
    selector: '0xd0e30db0',
    value: 7n * ETHER,
  } as const
  const impossible = { ...deposit, selector: '0xd0e30db1', from: poor, gas: 1_000 } as const
  const simulation = await simulated(attack, [{ ...deposit, from: poor }, impossible])
  expect(simulation).toMatchObject({
    attack: 'stopped',
    opEffects: { '0xd0e30db0': 'blocked', '0xd0e30db1': 'unknown' },
  })
})

test('after the pause the attack takes nothing, although it goes through', async () => {
  const { trial } = await mine({ to: evil, data: dataOf('quiet', 3n) })
  const now = async () => ({ block: Number(await rpc.request('eth_blockNumber', [])), trial, pulls: [] })
  const sequencer = simulateV1Sequencer(rpc)
  expect(await takesAgain(sequencer, await now())).toBe(true)
  await send({ to: at.ethReserve, data: '0x8456cb59', from: addressOf('guardian') })
  await rpc.request('evm_mine', [])
  expect(await takesAgain(sequencer, await now())).toBe(false)
})

test('an attacker who takes savings of their own along, by a way that stays open, makes the pause save less, not nothing', async () => {
  const guardian = addressOf('guardian')
  const reserve = await deployed({
    ...readArtifact(join('contracts', 'out', 'FlawOpenReserve.json')),
    args: [guardian],
  })
  await send({ to: reserve, data: '0xd0e30db0', value: 3n * STAKE, from: addressOf('deployer') })
  const leaving = readArtifact(join('contracts', 'out', 'FlawLeaving.json'))
  const thief = await deployed({ ...leaving, args: [reserve] }, STAKE)
  const data = (functionName: string, ...args: unknown[]) =>
    encodeFunctionData({ abi: leaving.abi, functionName, args })
  await send({ to: thief, data: data('save'), value: STAKE })
  await rpc.request('evm_mine', [])
  const attack = await mined(reserve, { to: thief, data: data('leaving', 2n) })
  const simulation = await simulated(attack, [], reserve)
  expect(simulation).toMatchObject({ leverSucceeded: true, attack: 'reduced' })
  expect(simulation.losses).toContainEqual({
    account: reserve,
    asset: 'native',
    without: attack.lost,
    with: STAKE,
  })
})
