import { encodeFunctionData, toFunctionSelector } from 'viem'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { receiptOf } from '../../../test/harness/receipt.ts'
import { createEndpoint, type Endpoint } from '../../chain/rpc/endpoint.ts'
import type { Anvil } from '../../chain/sandbox/anvil.ts'
import { startAnvil } from '../../chain/sandbox/anvil.ts'
import { addressOf } from '../../drills/accounts.ts'
import { artifact, encodeCreation } from '../../drills/artifacts.ts'
import { launchAttack } from '../../drills/attacks.ts'
import { deployDrill } from '../../drills/deploy.ts'
import type { DrillDeployment } from '../../drills/deployment.ts'
import { shimCode } from '../../forensics/counterfactual/shim.ts'
import type { AttackKind } from '../../model/attack-kind.ts'
import { type Address, addressSchema, type Hex } from '../../model/hex.ts'
import type { AtRisk } from '../../model/scope-at-risk.ts'
import { investigateTransactions } from '../investigate.ts'
import { withAtRisk } from './at-risk.ts'

const ETHER = 10n ** 18n
const DOLLAR = 10n ** 6n

let anvil: Anvil
let node: Endpoint
let at: DrillDeployment

beforeAll(async () => {
  anvil = await startAnvil({ mining: { kind: 'auto' } })
  node = createEndpoint(anvil.url)
  at = await deployDrill(anvil.url)
})
afterAll(async () => {
  await node.close()
  await anvil.stop()
})

type Sent = { from: Address; to?: Address; data: Hex; value?: bigint }

async function send({ from, to, data, value = 0n }: Sent): Promise<Record<string, unknown>> {
  const call = { from, ...(to === undefined ? {} : { to }), data, value: `0x${value.toString(16)}` }
  return receiptOf(node, await node.request('eth_sendTransaction', [{ ...call, gas: '0x7a1200' }]))
}

async function deploy(data: Hex): Promise<Address> {
  const { contractAddress } = await send({ from: addressOf('deployer'), data })
  return addressSchema.parse(contractAddress)
}

const dataOf = (name: Parameters<typeof artifact>[0], functionName: string, args: unknown[] = []): Hex =>
  encodeFunctionData({ abi: artifact(name).abi, functionName, args })

async function reserveWith(value: bigint): Promise<Address> {
  const to = await deploy(encodeCreation('EthReserve', [addressOf('guardian')]))
  if (value > 0n) await send({ from: addressOf('saver'), to, data: dataOf('EthReserve', 'deposit'), value })
  return to
}

async function marketWith(usdc: Address, cash: bigint): Promise<Address> {
  const to = await deploy(encodeCreation('LendingMarket', [addressOf('guardian'), usdc, at.acme, at.pair]))
  const from = addressOf('whale')
  await send({ from: addressOf('deployer'), to: usdc, data: dataOf('TestToken', 'mint', [[from], cash]) })
  await send({ from, to: usdc, data: dataOf('TestToken', 'approve', [to, cash]) })
  await send({ from, to, data: dataOf('LendingMarket', 'supply', [cash]) })
  return to
}

async function atRisk(kind: AttackKind, siblings: readonly Address[]): Promise<AtRisk[]> {
  const { transactions } = await launchAttack(at, anvil.url, { kind, rounds: 1 })
  const hashes = transactions.map(({ hash }) => hash)
  const scope = { kind: 'everything' } as const
  const found = await investigateTransactions({ source: anvil.url, hashes, scope, full: false })
  const { scope: widened } = await withAtRisk(found, { source: anvil.url, siblings })
  return widened.atRisk ?? []
}

test('a sibling with money is drained in rounds by the same attack; one without, and an address without code, are not', async () => {
  const [rich, poor] = [await reserveWith(40n * ETHER), await reserveWith(0n)]
  const nobody: Address = `0x${'de'.repeat(20)}`
  const before = await node.request('eth_getBalance', [rich, 'latest'])
  const found = await atRisk('reentrancy', [rich, poor, nobody])
  expect(found).toMatchObject([
    { contract: rich, outcome: 'drained', drained: [{ asset: 'native' }] },
    { contract: poor, outcome: 'not-drained', drained: [], transactions: 0 },
    { contract: nobody, outcome: 'not-tried' },
  ])
  expect(found[0]?.drained[0]?.amount).toBeGreaterThan(30n * ETHER)
  expect(found[0]?.transactions).toBeGreaterThan(1)
  expect(found[1]?.reason).toContain('not drained by the same attack')
  // nothing of it happened on the chain
  expect(await node.request('eth_getBalance', [rich, 'latest'])).toBe(before)
})

test('a sibling of the same code that refuses re-entry keeps its money', async () => {
  const locked = await reserveWith(40n * ETHER)
  const original: Address = `0x${'0b'.repeat(20)}`
  const entries = [toFunctionSelector('withdraw(uint256)'), toFunctionSelector('deposit()')]
  await node.request('anvil_setCode', [original, await node.request('eth_getCode', [locked, 'latest'])])
  const lock = shimCode({ kind: 'lock', entries, reads: [], readers: [] }, original)
  await node.request('anvil_setCode', [locked, lock])
  expect(await atRisk('reentrancy', [locked])).toMatchObject([
    { contract: locked, outcome: 'not-drained', drained: [], transactions: 0 },
  ])
})

test('what the attacker had allowed to the victim is allowed to its sibling, and another contract in its place is not drained', async () => {
  const rich = await marketWith(at.usdc, 150_000n * DOLLAR)
  const found = await atRisk('oracle', [rich, at.ethReserve])
  expect(found).toMatchObject([
    { contract: rich, outcome: 'drained', drained: [{ asset: at.usdc }] },
    { contract: at.ethReserve, outcome: 'not-drained', drained: [], transactions: 0 },
  ])
  expect(found[0]?.drained[0]?.amount).toBeGreaterThan(90_000n * DOLLAR)
})

test('a file is refused as a source', async () => {
  const found = {} as Parameters<typeof withAtRisk>[0]
  await expect(withAtRisk(found, { source: 'attack.json', siblings: [] })).rejects.toMatchInlineSnapshot(`
    [app.SiblingsNeedNode: Cordon tries siblings on a fork of the chain’s latest block, so a file cannot be the source.
      source: attack.json
    Fix: Name a JSON-RPC URL as the source.]
  `)
})
