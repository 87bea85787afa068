import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  deployManaged,
  deployReserve,
  deployRoles,
  deploySafe,
  deployTimelock,
  isPaused,
  people,
  person,
  type SafeVersion,
  sendAs,
} from '../../../test/harness/authority-world.ts'
import { receiptOf } from '../../../test/harness/receipt.ts'
import { createRpc, type Rpc } from '../../chain/rpc/rpc.ts'
import { type Anvil, startAnvil } from '../../chain/sandbox/anvil.ts'
import { object } from '../../chain/trace/fields.ts'
import type { ContainmentPlan } from '../../model/containment.ts'
import type { Address, Hex } from '../../model/hex.ts'
import { ZERO_ADDRESS } from '../../model/hex.ts'
import type { SafeSignature } from '../../model/safe.ts'
import { planContainment } from '../planning/plan.ts'
import { ask, encodeCall } from '../reading/call.ts'
import type { Signer } from '../signers/signer.ts'
import { simulateV1Sequencer } from '../trials/sequence.ts'
import { simulatePlan } from '../trials/simulate.ts'
import { permissionsFor } from './permissions.ts'
import { roleKeyOf } from './roles-route.ts'
import { isScheduling, nextStep, type RouteStep, senderOf } from './route.ts'
import { execTransaction, ownerSignature, readSafe, safeTxHash, safeTypedData } from './safe.ts'

const CHAIN = 31_337
let anvil: Anvil
let rpc: Rpc
beforeEach(async () => {
  anvil = await startAnvil({ mining: { kind: 'auto' } })
  rpc = createRpc({ urls: [anvil.url] })
})
afterEach(async () => {
  await rpc.close()
  await anvil.stop()
})

const latest = () => ({ rpc, block: 'latest' }) as const

async function planFor(
  target: Address,
  signers: readonly Signer[],
  presigned: readonly SafeSignature[] = [],
): Promise<ContainmentPlan> {
  const { plan } = await planContainment({
    rpc,
    sequencer: simulateV1Sequencer(rpc),
    chainId: CHAIN,
    incidentId: 'i',
    target,
    attackTransaction: null,
    attack: null,
    pinnedBlock: Number(await rpc.request('eth_blockNumber', [])),
    signers: signers.map(({ address }) => address),
    others: [],
    presigned,
  })
  return plan
}

async function timestamp(): Promise<number> {
  return Number(object(await rpc.request('eth_getBlockByNumber', ['latest', false]), 'block')['timestamp'])
}

async function step(
  plan: ContainmentPlan,
  signers: readonly Signer[],
  presigned: readonly SafeSignature[] = [],
): Promise<RouteStep> {
  const at = new Map(signers.map((signer) => [signer.address, signer]))
  return nextStep(plan, { rpc, signers: at, presigned: async () => presigned, now: timestamp })
}

/** Signs and sends a step as its sender does, with a key and no impersonation; gives the raw bytes. */
async function perform(next: RouteStep, signers: readonly Signer[]): Promise<Hex> {
  if (next.does === 'wait') throw new Error('nothing to send')
  const signer = signers.find(({ address }) => address === next.from)
  if (signer === undefined) throw new Error('no signer')
  const raw = await signer.signTransaction({
    chainId: CHAIN,
    nonce: Number(await rpc.request('eth_getTransactionCount', [signer.address, 'latest'])),
    ...next.call,
    gas: 1_000_000n,
    maxFeePerGas: 10_000_000_000n,
    maxPriorityFeePerGas: 1_000_000_000n,
  })
  await receiptOf(rpc, await rpc.request('eth_sendRawTransaction', [raw]))
  return raw
}

const addresses = (signers: readonly Signer[]): Address[] => signers.map(({ address }) => address)

describe.each(['1.3.0', '1.4.1'] as const)('a Safe %s', (version: SafeVersion) => {
  test('its hash is the one that the contract computes', async () => {
    const address = await deploySafe(rpc, { version, owners: addresses(people), threshold: 3 })
    const safe = await readSafe(latest(), { chainId: CHAIN, address })
    expect(safe).toMatchObject({ version, threshold: 3, nonce: 0 })
    if (safe === null) return
    const call = { to: people[0]?.address ?? '0x', data: '0x8456cb59' as Hex, value: 3n }
    const view =
      'getTransactionHash(address,uint256,bytes,uint8,uint256,uint256,uint256,address,address,uint256) view returns (bytes32)'
    const args = [call.to, call.value, call.data, 0, 0n, 0n, 0n, ZERO_ADDRESS, ZERO_ADDRESS, 5n]
    expect(safeTxHash(safe, call, 5)).toBe((await ask(latest(), { to: address, view, args }))?.[0])
  })

  test('pauses with the signatures of as many owners as it wants, sent by one of them', async () => {
    const signers = people.slice(0, 3)
    const safe = await deploySafe(rpc, { version, owners: addresses(people), threshold: 3 })
    const target = await deployReserve(rpc, safe)
    const plan = await planFor(target, signers)
    expect(plan.route).toMatchObject({ kind: 'safe', safe, threshold: 3, version })
    expect(plan.lever.authority).toMatchObject({ kind: 'safe', address: safe, live: true })
    const simulation = await simulatePlan({
      rpc,
      sequencer: simulateV1Sequencer(rpc),
      plan,
      attack: null,
      operations: [],
    })
    expect(simulation.leverSucceeded).toBe(true)
    await perform(await step(plan, signers), signers)
    expect(await isPaused(rpc, target)).toBe(true)
  })

  test('with an owner too few it is a proposal, and nothing can be built', async () => {
    const signers = people.slice(0, 2)
    const safe = await deploySafe(rpc, { version, owners: addresses(people), threshold: 3 })
    const plan = await planFor(await deployReserve(rpc, safe), signers)
    expect(plan.route.kind).toBe('safe')
    expect(plan.lever.authority?.live).toBe(false)
    await expect(step(plan, signers)).rejects.toMatchObject({
      code: 'contain.SafeNotSigned',
      facts: { have: 2, threshold: 3 },
    })
  })

  test('signatures given beforehand count while the nonce stands, and die when it moves', async () => {
    const [sender] = people
    if (sender === undefined) return
    const owners = addresses(people.slice(1, 4))
    const address = await deploySafe(rpc, { version, owners, threshold: 2 })
    const target = await deployReserve(rpc, address)
    const presigned = await signBeforehand({ address, target }, people.slice(1, 3))
    const plan = await planFor(target, [sender], presigned)
    expect(plan.lever.authority?.live).toBe(true)
    const call = encodeCall('addOwnerWithThreshold(address,uint256)', [sender.address, 2n])
    const other = await readSafe(latest(), { chainId: CHAIN, address })
    if (other === null) throw new Error('no Safe')
    const self = { to: address, data: call, value: 0n }
    const signatures = await Promise.all(
      people.slice(1, 3).map(async (signer) => ({
        owner: signer.address,
        signature: await signer.signTypedData(safeTypedData(other, self, other.nonce)),
      })),
    )
    const exec = await execTransaction(other, self, signatures)
    await perform({ does: 'pull', call: exec, from: sender.address }, [sender])
    expect((await planFor(target, [sender], presigned)).lever.authority?.live).toBe(false)
    await expect(step(plan, [sender], presigned)).rejects.toMatchObject({ code: 'contain.SafeNotSigned' })
    const again = await signBeforehand({ address, target }, people.slice(1, 3))
    await perform(await step(plan, [sender], again), [sender])
    expect(await isPaused(rpc, target)).toBe(true)
  })
})

async function signBeforehand(
  { address, target }: { address: Address; target: Address },
  signers: readonly Signer[],
): Promise<SafeSignature[]> {
  const safe = await readSafe(latest(), { chainId: CHAIN, address })
  if (safe === null) throw new Error('no Safe')
  const call = { to: target, data: '0x8456cb59' as Hex, value: 0n }
  return Promise.all(
    signers.map(async (signer) => ({
      ...call,
      chainId: CHAIN,
      safe: address,
      nonce: safe.nonce,
      safeTxHash: safeTxHash(safe, call, safe.nonce),
      owner: signer.address,
      signature: await signer.signTypedData(safeTypedData(safe, call, safe.nonce)),
      planId: null,
      givenAt: 0,
    })),
  )
}

test('a signature of a hash as a message counts, a stranger’s does not', async () => {
  const { hashMessage } = await import('viem')
  const { sign } = await import('viem/accounts')
  const hash: Hex = `0x${'12'.repeat(32)}`
  const owner = person(0)
  const privateKey = await keyOf(0)
  const { r, s, v } = await sign({ hash: hashMessage({ raw: hash }), privateKey })
  const asMessage: Hex = `${r}${s.slice(2)}${(Number(v) + 4).toString(16)}`
  expect(await ownerSignature(hash, asMessage, [owner.address])).toMatchObject({ owner: owner.address })
  expect(await ownerSignature(hash, asMessage, [person(1).address])).toBeUndefined()
  expect(await ownerSignature(hash, '0x00', [owner.address])).toBeUndefined()
})

async function keyOf(index: number): Promise<Hex> {
  const { drillAccount } = await import('../../drills/accounts.ts')
  const { privateKey } = drillAccount((['writerA', 'writerB'] as const)[index] ?? 'writerA').getHdKey()
  return `0x${Buffer.from(privateKey ?? []).toString('hex')}`
}

describe('a Zodiac role', () => {
  test('with the permissions that Cordon writes, its member may pull this lever and do nothing else', async () => {
    const member = person(4)
    const safe = await deploySafe(rpc, { version: '1.4.1', owners: addresses(people), threshold: 4 })
    const target = await deployReserve(rpc, safe)
    const modifier = await deployRoles(rpc, safe)
    const before = await planFor(target, [member])
    expect(before.lever.authority?.live).toBe(false)
    const { calls, left } = permissionsFor({
      safe,
      modifier,
      member: member.address,
      roleKey: roleKeyOf('pausers'),
      levers: [before.lever],
      isEnabled: false,
    })
    expect(left).toEqual([])
    for (const call of calls) await sendAs(rpc, safe, call)
    const plan = await planFor(target, [member])
    expect(plan.route).toEqual({
      kind: 'roles',
      modifier,
      avatar: safe,
      roleKey: roleKeyOf('pausers'),
      member: member.address,
    })
    expect(senderOf(plan)).toBe(member.address)
    const undo = { ...plan, lever: { ...plan.lever, calldata: encodeCall('unpause()') } }
    const next = await step(undo, [member])
    await expect(perform(next, [member])).rejects.toThrow()
    await perform(await step(plan, [member]), [member])
    expect(await isPaused(rpc, target)).toBe(true)
  })

  test('a lever with arguments is allowed with just these, of whatever type, and several beside one another', async () => {
    const member = person(4)
    const safe = await deploySafe(rpc, { version: '1.3.0', owners: addresses(people), threshold: 4 })
    const { manager, target } = await deployManaged(rpc, { member: safe, delay: 0 })
    const admin = `0x${'de'.repeat(20)}` as const
    const signature = 'freeze(address,bool,bytes,uint256[])'
    const role = encodeCall('setTargetFunctionRole(address,bytes4[],uint64)', [
      target,
      [encodeCall(signature, [target, true, '0x', []]).slice(0, 10)],
      7n,
    ])
    await sendAs(rpc, admin, { to: manager, data: role })
    const modifier = await deployRoles(rpc, safe)
    const frozen = [
      [person(0).address, true, '0xabcdef', [1n, 2n]],
      [person(1).address, true, `0x${'77'.repeat(40)}`, [9n]],
    ].map((args) => ({ target, signature, calldata: encodeCall(signature, args), scope: '' }))
    const other = [
      [person(2).address, true, '0xabcdef', [1n, 2n]],
      [person(0).address, false, '0xabcdef', [1n, 2n]],
      [person(0).address, true, '0xabcdee', [1n, 2n]],
      [person(0).address, true, '0xabcdef', [1n, 3n]],
    ].map((args) => ({ target, signature, calldata: encodeCall(signature, args), scope: '' }))
    const roleKey = roleKeyOf('pausers')
    for (const levers of [frozen.slice(0, 1), frozen]) {
      const { calls } = permissionsFor({
        safe,
        modifier,
        member: member.address,
        roleKey,
        levers,
        isEnabled: levers.length > 1,
      })
      for (const call of calls) await sendAs(rpc, safe, call)
      const tried = await Promise.all(
        [...levers, ...other].map(async (lever) => {
          const pull = { id: 'p', lever: { ...(await anyLever()), ...lever }, executes: null }
          const route = { kind: 'roles', modifier, avatar: safe, roleKey, member: member.address } as const
          const next = await step({ ...(await planOf(pull)), route }, [member])
          if (next.does === 'wait') return false
          const { to, data } = next.call
          return rpc.request('eth_call', [{ from: member.address, to, data }, 'latest']).then(
            () => true,
            () => false,
          )
        }),
      )
      expect(tried).toEqual([...levers.map(() => true), false, false, false, false])
    }
  })
})

async function anyLever(): Promise<ContainmentPlan['lever']> {
  const { aPlan } = await import('../../../test/harness/builders.ts')
  return aPlan().lever
}

async function planOf(parts: Pick<ContainmentPlan, 'id' | 'lever' | 'executes'>): Promise<ContainmentPlan> {
  const { aPlan } = await import('../../../test/harness/builders.ts')
  return aPlan(parts)
}

describe('what must wait', () => {
  test('a timelock: scheduled once, then a time is told, then it is executed', async () => {
    const [proposer] = people
    if (proposer === undefined) return
    const timelock = await deployTimelock(rpc, {
      delay: 3_600,
      proposers: [proposer.address],
      executors: [ZERO_ADDRESS],
    })
    const target = await deployReserve(rpc, timelock)
    const plan = await planFor(target, [proposer])
    expect(plan.route).toMatchObject({ kind: 'timelock', timelock, delaySeconds: 3_600 })
    const first = await step(plan, [proposer])
    expect(first.does).toBe('schedule')
    const raw = await perform(first, [proposer])
    expect(isScheduling(plan, raw)).toBe(true)
    const second = await step(plan, [proposer])
    expect(second).toEqual({ does: 'wait', readyAt: (await timestamp()) + 3_600 })
    expect(await isPaused(rpc, target)).toBe(false)
    await rpc.request('evm_increaseTime', [3_601])
    await rpc.request('evm_mine', [])
    const third = await step(plan, [proposer])
    expect(third.does).toBe('pull')
    expect(isScheduling(plan, await perform(third, [proposer]))).toBe(false)
    expect(await isPaused(rpc, target)).toBe(true)
  })

  test('a timelock that nobody of ours may propose to is no way of ours', async () => {
    const timelock = await deployTimelock(rpc, { delay: 0, proposers: [person(0).address], executors: [] })
    const plan = await planFor(await deployReserve(rpc, timelock), [person(1)])
    expect(plan.lever.authority).toMatchObject({ address: timelock, live: false })
  })

  test('an AccessManager with a delay: tried with the time that must pass, scheduled, executed', async () => {
    const member = person(0)
    const { manager, target } = await deployManaged(rpc, { member: member.address, delay: 600 })
    const plan = await planFor(target, [member])
    expect(plan.route).toMatchObject({ kind: 'access-manager', manager, delaySeconds: 600 })
    expect(plan.lever.authority).toMatchObject({ kind: 'access-manager', live: true })
    const simulation = await simulatePlan({
      rpc,
      sequencer: simulateV1Sequencer(rpc),
      plan,
      attack: null,
      operations: [],
    })
    expect(simulation.leverSucceeded).toBe(true)
    await perform(await step(plan, [member]), [member])
    expect((await step(plan, [member])).does).toBe('wait')
    await rpc.request('evm_increaseTime', [601])
    await rpc.request('evm_mine', [])
    await perform(await step(plan, [member]), [member])
    expect(await isPaused(rpc, target)).toBe(true)
  })

  test('an AccessManager without a delay: the member calls the contract itself, at once', async () => {
    const member = person(0)
    const { target } = await deployManaged(rpc, { member: member.address, delay: 0 })
    const plan = await planFor(target, [member])
    expect(plan.route).toEqual({ kind: 'direct' })
    await perform(await step(plan, [member]), [member])
    expect(await isPaused(rpc, target)).toBe(true)
  })

  test('who can act at once is taken before whoever must wait', async () => {
    const owners = addresses(people.slice(0, 2))
    const safe = await deploySafe(rpc, { version: '1.4.1', owners, threshold: 2 })
    const target = await deployReserve(rpc, safe)
    expect((await planFor(target, people)).route.kind).toBe('safe')
  })
})
