import { afterAll, beforeAll, expect, test } from 'vitest'
import { receiptOf } from '../../../test/harness/receipt.ts'
import { createEndpoint, type Endpoint } from '../../chain/rpc/endpoint.ts'
import type { Anvil } from '../../chain/sandbox/anvil.ts'
import { startAnvil } from '../../chain/sandbox/anvil.ts'
import { encodeCall } from '../../contain/reading/call.ts'
import { addressOf } from '../../drills/accounts.ts'
import { launchAttack } from '../../drills/attacks.ts'
import { deployDrill } from '../../drills/deploy.ts'
import type { DrillDeployment } from '../../drills/deployment.ts'
import { type Address, type Hash, type Hex, hashSchema, hexSchema } from '../../model/hex.ts'
import type { Investigation } from '../../model/investigation.ts'
import { investigateTransactions } from '../investigate.ts'
import type { BeyondOptions } from './beyond.ts'

let anvil: Anvil
let node: Endpoint
let at: DrillDeployment
let attack: Hash

const [hop, fresh, nobody] = ['a1', 'a2', 'a3'].map((byte) => `0x${byte.repeat(20)}`) as [
  Address,
  Address,
  Address,
]
const [twin, clone, proxy, filledIn] = ['b1', 'b2', 'b3', 'b4'].map((byte) => `0x${byte.repeat(20)}`) as [
  Address,
  Address,
  Address,
  Address,
]

beforeAll(async () => {
  anvil = await startAnvil({ mining: { kind: 'auto' } })
  node = createEndpoint(anvil.url)
  at = await deployDrill(anvil.url)
  const allowed = encodeCall('approve(address,uint256)', [at.optionsVault, 7n])
  await send({ from: addressOf('saver'), to: at.usdc, data: allowed })
  const taken = encodeCall('approve(address,uint256)', [at.optionsVault, 0n])
  await send({ from: addressOf('trader'), to: at.usdc, data: taken })
  const launched = await launchAttack(at, anvil.url, { kind: 'option', rounds: 1 })
  attack = hashSchema.parse(launched.transactions[0]?.hash)
})
afterAll(async () => {
  await node.close()
  await anvil.stop()
})

type Sent = { from: Address; to: Address; data?: Hex; value?: bigint }

async function send({ from, to, data = '0x', value = 0n }: Sent): Promise<Hash> {
  const hash = await node.request('eth_sendTransaction', [
    { from, to, data, value: `0x${value.toString(16)}` },
  ])
  await receiptOf(node, hash)
  return hashSchema.parse(hash)
}

const look = (hash: Hash, beyond: BeyondOptions): Promise<Investigation> =>
  investigateTransactions({
    source: anvil.url,
    hashes: [hash],
    scope: { kind: 'contracts', addresses: new Set([at.optionsVault]) },
    full: false,
    beyond,
  })

test('siblings are found by code, behind clones and proxies, and with other immutables; a token is none', async () => {
  const code = hexSchema.parse(await node.request('eth_getCode', [at.optionsVault, 'latest']))
  const tail = at.optionsVault.slice(2)
  const guardian = addressOf('guardian').slice(2)
  await node.request('anvil_setCode', [twin, code])
  await node.request('anvil_setCode', [clone, `0x363d3d373d3d3d363d73${tail}5af43d82803e903d91602b57fd5bf3`])
  const slot = '0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc'
  const passesOn = `0x363d3d373d3d3d363d7f${slot.slice(2)}545af43d82803e903d91603857fd5bf3`
  await node.request('anvil_setCode', [proxy, passesOn])
  await node.request('anvil_setStorageAt', [proxy, slot, `0x${tail.padStart(64, '0')}`])
  await node.request('anvil_setCode', [filledIn, code.replaceAll(guardian, nobody.slice(2))])
  const { scope, rootCause } = await look(attack, {
    addresses: [at.usdc, proxy, clone, twin, filledIn, nobody, at.optionsVault],
  })
  expect(rootCause.contract).toBe(at.optionsVault)
  expect(scope.siblings?.map(({ address, match }) => `${address} ${match}`)).toEqual([
    `${twin} exact`,
    `${filledIn} immutables-apart`,
    `${proxy} same-implementation`,
    `${clone} same-implementation`,
  ])
})

test('outstanding approvals are told as the chain has them now, with what they reach; ended ones are not', async () => {
  const { scope } = await look(attack, { around: 100 })
  const mine = scope.approvals.find(({ owner }) => owner === addressOf('saver'))
  expect(mine).toMatchObject({ spender: at.optionsVault, asset: at.usdc, amount: 7n })
  const held = BigInt(
    String(
      await node.request('eth_call', [
        { to: at.usdc, data: encodeCall('balanceOf(address)', [addressOf('saver')]) },
        'latest',
      ]),
    ),
  )
  expect(mine?.exposed).toBe(held < 7n ? held : 7n)
  expect(scope.approvals.filter(({ owner }) => owner === addressOf('trader'))).toEqual([])
  const all = scope.approvals.reduce(
    (sum, { asset, exposed = 0n }) => sum + (asset === at.usdc ? exposed : 0n),
    0n,
  )
  expect(scope.exposure?.find(({ asset }) => asset === at.usdc)?.amount).toBeLessThanOrEqual(all)
})

test('who deployed the attacker’s contract is found by halving, also where the record does not reach back', async () => {
  const { actors, unexplained } = await look(attack, { around: 1 })
  const tool = actors.find(({ address }) => address === at.attackOption)
  const receipt = await node.request('eth_getTransactionReceipt', [tool?.createdAt?.transactionHash])
  expect(receipt).toMatchObject({ from: tool?.deployer })
  expect(tool).toMatchObject({ role: 'attacker', kind: 'contract' })
  expect(tool?.createdAt?.block).toBeLessThanOrEqual(at.readyBlock)
  expect(unexplained.join()).not.toMatch(/does not tell/)
})

test('who funded a fresh account is found hop by hop; without being asked for it nothing is claimed', async () => {
  for (const account of [hop, fresh]) await node.request('anvil_impersonateAccount', [account])
  await send({ from: addressOf('whale'), to: hop, value: 5n * 10n ** 18n })
  await node.request('anvil_mine', ['0x20'])
  await send({ from: hop, to: fresh, value: 10n ** 18n })
  await node.request('anvil_mine', ['0x20'])
  const hash = await send({ from: fresh, to: nobody, value: 5n })
  const label = { address: hop, name: 'Some mixer', kind: 'mixer' as const, source: 'a list', chainId: null }
  const found = await look(hash, { around: 1 })
  const [first] = found.actors
  expect(first).toMatchObject({
    address: fresh,
    funders: [
      { from: hop, to: fresh, asset: 'native', amount: 10n ** 18n, hop: 1 },
      { from: addressOf('whale'), to: hop, amount: 5n * 10n ** 18n, hop: 2 },
    ],
  })
  expect(found.actors.find(({ address }) => address === hop)).toMatchObject({ role: 'accomplice' })
  const ended = await look(hash, { around: 1, labels: [label] })
  expect(ended.actors[0]?.funders).toMatchObject([{ from: hop, label: { kind: 'mixer' } }])
  const unasked = await look(hash, {})
  expect(unasked.actors[0]?.funders).toBeUndefined()
  expect(unasked.unexplained.join()).toMatch(/--around BLOCKS/)
})

test('actors of other incidents are recognised by address and by the code of what they ran', async () => {
  const code = hexSchema.parse(await node.request('eth_getCode', [at.attackOption, 'latest']))
  const earlier: Address = `0x${'c1'.repeat(20)}`
  await node.request('anvil_setCode', [earlier, code])
  const incidents = [
    { id: 'incident-1', chainId: at.chainId, actors: [earlier] },
    { id: 'incident-2', chainId: at.chainId, actors: [at.attackOption] },
    { id: 'elsewhere', chainId: 1, actors: [at.attackOption] },
  ]
  await node.request('anvil_mine', ['0x1'])
  const { actors } = await look(attack, { incidents, around: 1 })
  const tool = actors.find(({ address }) => address === at.attackOption)
  expect(tool?.seenIn).toEqual(['incident-2'])
  expect(tool?.similarTo).toEqual([{ name: `${earlier} of incident incident-1`, similarity: 1 }])
})
