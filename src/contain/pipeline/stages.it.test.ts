import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Rpc } from '../../chain/rpc/rpc.ts'
import { createRpc } from '../../chain/rpc/rpc.ts'
import type { Anvil } from '../../chain/sandbox/anvil.ts'
import { startAnvil } from '../../chain/sandbox/anvil.ts'
import { object } from '../../chain/trace/fields.ts'
import { addressOf, drillAccount } from '../../drills/accounts.ts'
import { launchAttack } from '../../drills/attacks.ts'
import { deployDrill } from '../../drills/deploy.ts'
import type { DrillDeployment } from '../../drills/deployment.ts'
import type { Address, Hash, Hex } from '../../model/hex.ts'
import { planContainment } from '../planning/plan.ts'
import { keySigner } from '../signers/signer.ts'
import type { SimulatedCall } from '../trials/sequence.ts'
import { forkSequencer, simulateV1Sequencer } from '../trials/sequence.ts'
import { simulatePlan } from '../trials/simulate.ts'
import { sceneOf, type Trial } from '../trials/trial.ts'
import { verifyPlan } from '../trials/verify.ts'

let anvil: Anvil
let rpc: Rpc
let at: DrillDeployment
let attack: { trial: Trial; call: SimulatedCall; block: number; hash: Hash }

beforeAll(async () => {
  anvil = await startAnvil({ mining: { kind: 'auto' } })
  rpc = createRpc({ urls: [anvil.url] })
  at = await deployDrill(anvil.url)
  const launched = await launchAttack(at, anvil.url, { kind: 'reentrancy', rounds: 1 })
  const first = launched.transactions[0]
  if (first === undefined) throw new Error('the attack was not sent')
  const raw = object(await rpc.request('eth_getTransactionByHash', [first.hash]), 'transaction')
  const call = {
    from: raw['from'] as Address,
    to: raw['to'] as Address,
    data: raw['input'] as Hex,
    value: 0n,
  }
  const block = Number(raw['blockNumber'])
  const scene = await sceneOf(rpc, { hash: first.hash, block })
  const trial = { call, ...scene, owned: [at.ethReserve], recorded: [] }
  attack = { trial, call, block, hash: first.hash }
})

afterAll(async () => {
  await rpc.close()
  await anvil.stop()
})

async function planFor(
  target: Address,
  signers: readonly Address[] = [addressOf('guardian')],
  others: readonly Address[] = [],
) {
  const pinnedBlock = attack.block - 1
  const { plan } = await planContainment({
    rpc,
    sequencer: simulateV1Sequencer(rpc),
    attack: attack.trial,
    chainId: at.chainId,
    incidentId: 'i',
    target,
    attackTransaction: attack.hash,
    pinnedBlock,
    signers,
    others,
  })
  return plan
}

test('the pause of a contract is found in its bytecode, with who may pull it now', async () => {
  const { lever } = await planFor(at.ethReserve)
  expect(lever).toMatchObject({ signature: 'pause()', armed: true })
  expect(lever.authority).toMatchObject({ address: addressOf('guardian'), kind: 'eoa', live: true })
})

test('without our signer the contract itself names its guardian, and the lever is not live', async () => {
  const { lever } = await planFor(at.ethReserve, [addressOf('holder')])
  expect(lever.authority).toMatchObject({ address: addressOf('guardian'), live: false })
  expect(lever.evidence.join()).toMatch(/may call pause\(\)/)
})

test('planning the same again gives the same plan', async () => {
  expect((await planFor(at.ethReserve)).id).toBe((await planFor(at.ethReserve)).id)
})

test('a contract without a pause is said to have none', async () => {
  await expect(planFor(at.usdc)).rejects.toMatchObject({ code: 'contain.NoLever' })
})

test('the pause is found behind an EIP-1967 proxy and behind an EIP-1167 clone', async () => {
  const proxy: Address = `0x${'71'.repeat(20)}`
  const clone: Address = `0x${'72'.repeat(20)}`
  const slot = '0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc'
  const tail = at.ethReserve.slice(2)
  // A proxy's code is of no matter here, only that it delegates and where its slot points.
  await rpc.request('anvil_setCode', [proxy, '0x00f4'])
  await rpc.request('anvil_setStorageAt', [proxy, slot, `0x${tail.padStart(64, '0')}`])
  await rpc.request('anvil_setCode', [clone, `0x363d3d373d3d3d363d73${tail}5af43d82803e903d91602b57fd5bf3`])
  const block = Number(await rpc.request('eth_blockNumber', []))
  await rpc.request('evm_mine', [])
  for (const target of [proxy, clone]) {
    const options = {
      rpc,
      chainId: at.chainId,
      incidentId: 'i',
      target,
      attackTransaction: null,
      attack: null,
      sequencer: simulateV1Sequencer(rpc),
      pinnedBlock: block + 1,
      signers: [],
      others: [],
    }
    expect((await planContainment(options)).plan.lever).toMatchObject({
      target,
      implementation: at.ethReserve,
    })
  }
})

test.each(['eth_simulateV1', 'fork'] as const)(
  '%s: the attack works without the pause and fails with it',
  async (method) => {
    const sequencer = method === 'fork' ? forkSequencer(anvil.url) : simulateV1Sequencer(rpc)
    const deposit = {
      selector: '0xd0e30db0' as Hex,
      from: addressOf('holder'),
      to: at.ethReserve,
      data: '0xd0e30db0' as Hex,
      value: 1n,
    }
    const simulation = await simulatePlan({
      rpc,
      sequencer,
      plan: await planFor(at.ethReserve),
      attack: attack.trial,
      operations: [deposit],
    })
    expect(simulation).toMatchObject({
      method,
      leverSucceeded: true,
      attack: 'stopped',
      opEffects: { '0xd0e30db0': 'blocked' },
    })
  },
)

test('an attack that does not work by itself proves nothing about the pause', async () => {
  const trial = { ...attack.trial, call: { ...attack.call, from: addressOf('holder') } }
  const simulation = await simulatePlan({
    rpc,
    sequencer: simulateV1Sequencer(rpc),
    plan: await planFor(at.ethReserve),
    attack: trial,
    operations: [],
  })
  expect(simulation.attack).toBe('not-reproduced')
})

test('pausing another contract does not stop the attack, and the simulation says so', async () => {
  const plan = await planFor(at.optionsVault)
  const simulation = await simulatePlan({
    rpc,
    sequencer: simulateV1Sequencer(rpc),
    plan,
    attack: attack.trial,
    operations: [],
  })
  expect(simulation).toMatchObject({ leverSucceeded: true, attack: 'not-stopped' })
})

test('verification asks the chain: it fails before the pause and holds after it', async () => {
  const sequencer = simulateV1Sequencer(rpc)
  const plan = await planFor(at.ethReserve)
  const simulation = await simulatePlan({ rpc, sequencer, plan, attack: attack.trial, operations: [] })
  const verify = () =>
    verifyPlan({ rpc, sequencer, plan, simulation, broadcast: null, attack: attack.trial, operations: [] })
  expect((await verify()).verified).toBe(false)
  const raw = await signerOf('guardian').signTransaction({
    chainId: at.chainId,
    nonce: Number(await rpc.request('eth_getTransactionCount', [addressOf('guardian'), 'latest'])),
    to: at.ethReserve,
    data: plan.lever.calldata,
    value: 0n,
    gas: 200_000n,
    maxFeePerGas: 10_000_000_000n,
    maxPriorityFeePerGas: 1_000_000_000n,
  })
  await rpc.request('eth_sendRawTransaction', [raw])
  const after = await verify()
  expect(after.checks.filter((check) => !check.passed)).toEqual([])
  expect(after.verified).toBe(true)
})

test('a key that is no key is refused without being shown', () => {
  const bad = `0x${'zz'.repeat(32)}`
  expect(() => keySigner(bad)).toThrowError(/32 bytes of hex/)
  expect(() => keySigner(bad)).not.toThrowError(/zz/)
})

function signerOf(role: 'guardian') {
  const { privateKey } = drillAccount(role).getHdKey()
  if (privateKey === null) throw new Error('no key')
  return keySigner(`0x${Buffer.from(privateKey).toString('hex')}`)
}
