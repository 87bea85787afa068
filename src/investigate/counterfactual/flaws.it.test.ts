import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Abi, encodeDeployData, encodeFunctionData, getContractAddress, keccak256 } from 'viem'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { receiptOf } from '../../../test/harness/receipt.ts'
import { createEndpoint, type Endpoint } from '../../chain/rpc/endpoint.ts'
import type { Anvil } from '../../chain/sandbox/anvil.ts'
import { startAnvil } from '../../chain/sandbox/anvil.ts'
import { readArtifact } from '../../drills/artifacts.ts'
import type { Counterfactual } from '../../model/counterfactual.ts'
import { type Address, addressSchema, type Hash, hashSchema } from '../../model/hex.ts'
import type { Investigation } from '../../model/investigation.ts'
import { freeze, writeRegression } from '../regress/regress.ts'
import { investigateWhatIf } from './investigate.ts'

/*
 * Flaws of other shapes than the drill's, on contracts that log nothing of their own. What finds them knows none of them.
 */

const MANY = 10n ** 24n

let anvil: Anvil
let node: Endpoint
let accounts: Address[]
let world: World
let start: unknown

type World = Record<'cash' | 'coin' | 'till' | 'forwarder' | 'claims' | 'pool' | 'lender' | 'thief', Address>
type Call = { to: keyof World; contract: string; name: string; args: readonly unknown[] }

const artifactOf = (name: string) => readArtifact(join('contracts', 'out', `${name}.json`))

async function send(from: number, to: Address | null, data: string): Promise<Record<string, unknown>> {
  const call = { from: accounts[from], ...(to === null ? {} : { to }), data, gas: '0x7a1200' }
  return receiptOf(node, await node.request('eth_sendTransaction', [call]))
}

async function deploy(name: string, args: readonly unknown[]): Promise<Address> {
  const { abi, bytecode } = artifactOf(name)
  const { contractAddress } = await send(0, null, encodeDeployData({ abi, bytecode, args: [...args] }))
  return addressSchema.parse(contractAddress)
}

function dataOf({ contract, name, args }: Call): `0x${string}` {
  const { abi } = artifactOf(contract) as { abi: Abi }
  return encodeFunctionData({ abi, functionName: name, args: [...args] })
}

async function act(from: number, call: Call): Promise<Hash> {
  const { transactionHash } = await send(from, world[call.to], dataOf(call))
  return hashSchema.parse(transactionHash)
}

/** All calls of an attack in one transaction, by a contract that was there before. */
async function attack(calls: readonly Call[]): Promise<Hash> {
  const args = [calls.map(({ to }) => world[to]), calls.map(dataOf)]
  return act(9, { to: 'thief', contract: 'FlawAttacker', name: 'run', args })
}

const token = (to: 'cash' | 'coin', name: string, ...args: unknown[]): Call => ({
  to,
  contract: 'TestToken',
  name,
  args,
})

const till = (name: string, ...args: unknown[]): Call => ({ to: 'till', contract: 'FlawTill', name, args })

beforeAll(async () => {
  anvil = await startAnvil({ mining: { kind: 'auto' } })
  node = createEndpoint(anvil.url)
  accounts = z.array(addressSchema).parse(await node.request('eth_accounts', []))
  const cash = await deploy('TestToken', ['Cash', 'CASH', 18])
  const coin = await deploy('TestToken', ['Coin', 'COIN', 18])
  const pool = await deploy('FlawPool', [cash, coin])
  world = {
    cash,
    coin,
    pool,
    till: await deploy('FlawTill', [cash]),
    forwarder: await deploy('FlawForwarder', []),
    claims: await deploy('FlawClaims', [cash]),
    lender: await deploy('FlawLender', [pool]),
    thief: await deploy('FlawAttacker', []),
  }
  const [, honest = cash] = accounts
  await act(0, token('cash', 'mint', [honest], MANY))
  await act(0, token('coin', 'mint', [honest, pool], 1_000n))
  await act(0, token('cash', 'mint', [world.pool], 1_000n))
  await act(0, token('cash', 'mint', [world.claims, world.lender], 8_000n))
  await act(0, token('cash', 'mint', [world.thief], 9_000n))
  for (const spender of [world.till, world.forwarder, world.pool, world.lender]) {
    await act(1, token('cash', 'approve', spender, MANY))
    await act(1, token('coin', 'approve', spender, MANY))
  }
  await act(0, { to: 'claims', contract: 'FlawClaims', name: 'owe', args: [world.thief, 100n] })
  await act(0, { to: 'claims', contract: 'FlawClaims', name: 'owe', args: [honest, 70n] })
  start = await node.request('evm_snapshot', [])
})
afterAll(async () => {
  await node.close()
  await anvil.stop()
})

const whatIf = (source: string, hashes: readonly Hash[], legitimate: readonly Hash[]) =>
  investigateWhatIf({ source, hashes, legitimate, scope: { kind: 'everything' }, full: false })

async function reset(): Promise<void> {
  await node.request('evm_revert', [start])
  start = await node.request('evm_snapshot', [])
}

async function run(attacks: readonly Hash[], legitimate: readonly Hash[]): Promise<Investigation> {
  const found = await whatIf(anvil.url, attacks, legitimate)
  await reset()
  return found
}

function soundOnes({ counterfactuals = [] }: Investigation): Counterfactual[] {
  return counterfactuals.filter(
    ({ outcome, speaksFor, legitimate }) =>
      outcome === 'profit-gone' && speaksFor.length > 0 && legitimate.passed === legitimate.of,
  )
}

test('a setter that anybody may call is what is undone, and nothing else stops the sweep', async () => {
  const saves = await act(1, till('save', 5_000n))
  const found = await run(
    [await attack([till('nameKeeper', world.thief), till('sweep', world.thief, 5_000n)])],
    [saves],
  )
  expect(soundOnes(found)).toMatchObject([{ alteration: 'change-undone', contract: world.till }])
  expect(found.rootCause).toMatchObject({ category: 'access-control', contract: world.till })
})

test('a contract that the attack itself creates is the attacker’s, and its calls are altered all the same', async () => {
  const [deployer = world.cash] = accounts.slice(8)
  const nonce = BigInt(z.string().parse(await node.request('eth_getTransactionCount', [deployer, 'latest'])))
  const newcomer = getContractAddress({ from: deployer, nonce }).toLowerCase()
  const saves = await act(1, till('save', 5_000n))
  const calls = [till('nameKeeper', newcomer), till('sweep', deployer, 5_000n)]
  const { abi, bytecode } = artifactOf('FlawNewcomer')
  const args = [calls.map(({ to }) => world[to]), calls.map(dataOf)]
  const { transactionHash } = await send(8, null, encodeDeployData({ abi, bytecode, args }))
  const found = await run([hashSchema.parse(transactionHash)], [saves])
  expect(found.attackers.contracts).toContain(newcomer)
  expect(soundOnes(found)).toMatchObject([{ alteration: 'change-undone', contract: world.till }])
})

test('what an altered run looks at and was not frozen is asked of the node; without one nothing is concluded', async () => {
  const saves = await act(1, till('save', 5_000n))
  const hash = await attack([till('nameKeeper', world.thief), till('sweep', world.thief, 5_000n)])
  const file = join(await mkdtemp(join(tmpdir(), 'cordon-flaws-')), 'till.json')
  await writeRegression(file, await freeze({ source: anvil.url, attacks: [hash], legitimate: [saves] }))
  const offline = await whatIf(file, [], [])
  const [undone] = offline.counterfactuals ?? []
  expect(undone).toMatchObject({ alteration: 'change-undone', outcome: 'inconclusive' })
  expect(undone?.reason).toContain('not frozen and look empty: 1')
  const [asked] = soundOnes(await run([hash], [saves]))
  expect(asked).toMatchObject({ alteration: 'change-undone', outcome: 'profit-gone' })
})

test('a thief who could have done it anyway is found out by what the node has', async () => {
  const saves = await act(1, till('save', 5_000n))
  const deputy = keccak256(`0x${world.thief.slice(2).padStart(64, '0')}${'2'.padStart(64, '0')}`)
  await node.request('anvil_setStorageAt', [world.till, deputy, `0x${'1'.padStart(64, '0')}`])
  const hash = await attack([till('nameKeeper', world.thief), till('sweep', world.thief, 5_000n)])
  const found = await run([hash], [saves])
  const undone = found.counterfactuals?.find(({ alteration }) => alteration === 'change-undone')
  expect(undone).toMatchObject({ outcome: 'profit-remains' })
})

test('where code before a contract is noticed, nothing is concluded from it', async () => {
  await act(1, till('save', 5_000n))
  await act(0, till('sealCode'))
  const found = await run(
    [await attack([till('nameKeeper', world.thief), till('sweep', world.thief, 5_000n)])],
    [],
  )
  const ofTill = (found.counterfactuals ?? []).filter(({ contract }) => contract === world.till)
  expect(ofTill.length).toBeGreaterThan(2)
  expect(new Set(ofTill.map(({ outcome }) => outcome))).toEqual(new Set(['inconclusive']))
  expect(ofTill[0]?.reason).toContain('changes what happens even where it alters nothing')
})

test('a call that the attacker wrote and another contract made is what is refused', async () => {
  const [, honest] = accounts
  const pull = dataOf(token('cash', 'transferFrom', honest, world.thief, 4_000n))
  const forward = (data: unknown): Call => ({
    to: 'forwarder',
    contract: 'FlawForwarder',
    name: 'forward',
    args: [world.cash, data],
  })
  const harmless = await act(1, forward(dataOf(token('cash', 'balanceOf', honest))))
  const found = await run([await attack([forward(pull)])], [harmless])
  expect(soundOnes(found)).toMatchObject([
    { alteration: 'forwarded-call-refused', contract: world.forwarder },
  ])
  expect(found.rootCause).toMatchObject({ category: 'arbitrary-call', contract: world.forwarder })
})

test('a claim that is paid each time it is made is what may be made once', async () => {
  const claim: Call = { to: 'claims', contract: 'FlawClaims', name: 'claim', args: [] }
  const once = await act(1, claim)
  const found = await run([await attack([claim, claim, claim])], [once])
  const sound = soundOnes(found)
  expect(new Set(sound.map(({ alteration }) => alteration))).toEqual(new Set(['repeat-refused']))
  expect(sound.every(({ contract }) => contract === world.claims)).toBe(true)
  expect(found.rootCause.contract).toBe(world.claims)
})

test('a price that is what a pool holds is what is held, whoever is asked for it', async () => {
  const lender = (name: string, ...args: unknown[]): Call => ({
    to: 'lender',
    contract: 'FlawLender',
    name,
    args,
  })
  const trade = (...args: unknown[]): Call => ({ to: 'pool', contract: 'FlawPool', name: 'trade', args })
  const honest = [
    await act(1, lender('post', 100n)),
    await act(1, lender('draw', 50n)),
    await act(1, trade(world.cash, 10n)),
  ]
  const found = await run(
    [
      await attack([
        token('cash', 'approve', world.pool, MANY),
        token('coin', 'approve', world.pool, MANY),
        token('coin', 'approve', world.lender, MANY),
        trade(world.cash, 9_000n),
        lender('post', 90n),
        lender('draw', 6_000n),
        trade(world.coin, 790n),
      ]),
    ],
    honest,
  )
  const sound = soundOnes(found)
  expect(new Set(sound.map(({ alteration }) => alteration))).toEqual(new Set(['price-held']))
  expect(sound.every(({ contract }) => contract === world.lender)).toBe(true)
  expect(found.rootCause).toMatchObject({ category: 'price-manipulation', contract: world.lender })
})
