import { readFileSync } from 'node:fs'
import {
  type Abi,
  concatHex,
  encodeAbiParameters,
  encodeDeployData,
  keccak256,
  numberToHex,
  pad,
  recoverTransactionAddress,
  stringToHex,
} from 'viem'
import { z } from 'zod'
import type { Rpc } from '../../src/chain/rpc/rpc.ts'
import { ask, type Call, encodeCall } from '../../src/contain/reading/call.ts'
import { keySigner, type Signer } from '../../src/contain/signers/signer.ts'
import { drillAccount } from '../../src/drills/accounts.ts'
import type { Address, Hex } from '../../src/model/hex.ts'
import { hexSchema, ZERO_ADDRESS } from '../../src/model/hex.ts'
import { receiptOf } from './receipt.ts'

/*
 * The contracts through which teams hold their pauses, from the packages that publish them (scripts/extract-authority-fixtures.mjs),
 * put up on a local chain that lets anybody send as anybody.
 */

const artifactSchema = z.object({
  abi: z.array(z.looseObject({ type: z.string() })).transform((abi) => abi as unknown as Abi),
  bytecode: z.string(),
  links: z.array(z.object({ library: z.string(), starts: z.array(z.number()) })).default([]),
})

type Deployment = { args?: readonly unknown[]; libraries?: Readonly<Record<string, Address>> }

const fixture = (path: string): URL => new URL(`../fixtures/levers/${path}.json`, import.meta.url)
const ours = (name: string): URL => new URL(`../../contracts/out/${name}.json`, import.meta.url)

/** Puts a contract up and gives its address. */
async function deploy(rpc: Rpc, file: URL, { args = [], libraries = {} }: Deployment = {}): Promise<Address> {
  const artifact = artifactSchema.parse(JSON.parse(readFileSync(file, 'utf8')))
  const bytecode = linked(artifact, libraries)
  const data =
    args.length === 0 ? bytecode : encodeDeployData({ abi: artifact.abi, bytecode, args: [...args] })
  const receipt = await sendAs(rpc, DEPLOYER, { data })
  return String(receipt['contractAddress']).toLowerCase() as Address
}

function linked(
  { bytecode, links }: z.infer<typeof artifactSchema>,
  libraries: Readonly<Record<string, Address>>,
): Hex {
  let code = bytecode
  for (const { library, starts } of links)
    for (const start of starts)
      code = `${code.slice(0, 2 + start * 2)}${libraries[library]?.slice(2)}${code.slice(42 + start * 2)}`
  return hexSchema.parse(code)
}

const DEPLOYER: Address = `0x${'de'.repeat(20)}`

/** Sends a call as any account, without its key. Throws where it reverts. */
export async function sendAs(
  rpc: Rpc,
  from: Address,
  call: Partial<Call> & { data: Hex },
): Promise<Record<string, unknown>> {
  await rpc.request('anvil_impersonateAccount', [from])
  await rpc.request('anvil_setBalance', [from, '0x56bc75e2d63100000'])
  const { to, data } = call
  const hash = await rpc.request('eth_sendTransaction', [
    { from, data, gas: '0x1c9c380', ...(to === undefined ? {} : { to }) },
  ])
  return receiptOf(rpc, hash)
}

const names = ['writerA', 'writerB', 'writerC', 'writerD', 'holder'] as const

/** Five people with keys and coins: owners, members, proposers. */
export const people: readonly Signer[] = names.map((name) => {
  const { privateKey } = drillAccount(name).getHdKey()
  return keySigner(`0x${Buffer.from(privateKey ?? []).toString('hex')}`)
})

export function person(index: number): Signer {
  const signer = people[index]
  if (signer === undefined) throw new Error('no such person')
  return signer
}

export type SafeVersion = '1.3.0' | '1.4.1'

const SAFES = {
  '1.3.0': ['gnosis.pm/safe-contracts/GnosisSafe', 'gnosis.pm/safe-contracts/GnosisSafeProxyFactory'],
  '1.4.1': ['safe-global/safe-contracts/Safe', 'safe-global/safe-contracts/SafeProxyFactory'],
} as const

/** A Safe behind its proxy, as its factory makes them. */
export async function deploySafe(
  rpc: Rpc,
  { version, owners, threshold }: { version: SafeVersion; owners: readonly Address[]; threshold: number },
): Promise<Address> {
  const [singletonFile, factoryFile] = SAFES[version]
  const singleton = await deploy(rpc, fixture(singletonFile))
  const factory = await deploy(rpc, fixture(factoryFile))
  const setup = setupOf(owners, threshold)
  const view = 'createProxyWithNonce(address, bytes, uint256) returns (address)'
  const args = [singleton, setup, 0n]
  const [address] = (await ask({ rpc, block: 'latest' }, { to: factory, view, args })) ?? []
  await sendAs(rpc, DEPLOYER, { to: factory, data: encodeCall(view, args) })
  return String(address).toLowerCase() as Address
}

/** Makes an account of the drill a timelock with one proposer, where anybody may execute. */
export async function becomeTimelock(
  rpc: Rpc,
  account: Address,
  { proposer, delay }: { proposer: Address; delay: number },
): Promise<void> {
  const model = await deployTimelock(rpc, { delay, proposers: [proposer], executors: [ZERO_ADDRESS] })
  await rpc.request('anvil_setCode', [account, await rpc.request('eth_getCode', [model, 'latest'])])
  const held = (role: string, member: Address): Hex =>
    nested(member, nested(keccak256(stringToHex(role)), ZERO_WORD))
  const slots: readonly [Hex, Hex][] = [
    [held('PROPOSER_ROLE', proposer), wordOf(1)],
    [held('EXECUTOR_ROLE', ZERO_ADDRESS), wordOf(1)],
    [wordOf(2), wordOf(delay)],
  ]
  for (const [slot, value] of slots) await rpc.request('anvil_setStorageAt', [account, slot, value])
}

/** Makes an account of the drill an AccessManager whose only admin may have it make any call at once. */
export async function becomeAccessManager(rpc: Rpc, account: Address, admin: Address): Promise<void> {
  const model = await deploy(rpc, fixture('openzeppelin/contracts/AccessManager'), { args: [admin] })
  await rpc.request('anvil_setCode', [account, await rpc.request('eth_getCode', [model, 'latest'])])
  // the members of role 0, in the mapping of roles at slot 1; a member since second 1, without a delay
  const slot = nested(admin, nested(ZERO_WORD, wordOf(1)))
  await rpc.request('anvil_setStorageAt', [account, slot, wordOf(1)])
}

const wordOf = (value: number): Hex => numberToHex(value, { size: 32 })
const ZERO_WORD = wordOf(0)

/** The slot of a mapping’s entry. */
function nested(key: Hex, slot: Hex): Hex {
  return keccak256(concatHex([pad(key), slot]))
}

function setupOf(owners: readonly Address[], threshold: number): Hex {
  const nobody = [ZERO_ADDRESS, '0x', ZERO_ADDRESS, ZERO_ADDRESS, 0n, ZERO_ADDRESS]
  const signature = 'setup(address[],uint256,address,bytes,address,address,uint256,address)'
  return encodeCall(signature, [owners, BigInt(threshold), ...nobody])
}

/** Makes an account of the drill a Safe: what only that account may do, its owners may do from now on. */
export async function becomeSafe(
  rpc: Rpc,
  account: Address,
  { owners, threshold }: { owners: readonly Address[]; threshold: number },
): Promise<void> {
  const model = await deploySafe(rpc, { version: '1.4.1', owners, threshold })
  const [code, singleton] = await Promise.all([
    rpc.request('eth_getCode', [model, 'latest']),
    rpc.request('eth_getStorageAt', [model, '0x0', 'latest']),
  ])
  await rpc.request('anvil_setCode', [account, code])
  await rpc.request('anvil_setStorageAt', [account, `0x${'0'.repeat(64)}`, singleton])
  await sendAs(rpc, DEPLOYER, { to: account, data: setupOf(owners, threshold) })
}

/** ERC-2470, under which a modifier keeps its conditions: everywhere at one address by one transaction. */
async function deploySingletonFactory(rpc: Rpc): Promise<void> {
  const file = fixture('gnosis-guild/zodiac-core/SingletonFactory')
  const { rawTransaction } = z
    .object({ rawTransaction: hexSchema })
    .parse(JSON.parse(readFileSync(file, 'utf8')))
  const sender = await recoverTransactionAddress({ serializedTransaction: rawTransaction as never })
  await rpc.request('anvil_setBalance', [sender, '0x56bc75e2d63100000'])
  await receiptOf(rpc, await rpc.request('eth_sendRawTransaction', [rawTransaction]))
}

/**
 * A Roles modifier, with its libraries, that acts for a Safe which owns it; not enabled yet. What its package publishes was
 * built without the optimiser and is past the chain's size limit, so the code is set and then set up, as behind its proxies.
 */
export async function deployRoles(rpc: Rpc, safe: Address): Promise<Address> {
  await deploySingletonFactory(rpc)
  const Integrity = await deploy(rpc, fixture('zodiac-roles-sdk/Integrity'))
  const Packer = await deploy(rpc, fixture('zodiac-roles-sdk/Packer'))
  const artifact = artifactSchema.parse(JSON.parse(readFileSync(fixture('zodiac-roles-sdk/Roles'), 'utf8')))
  const code = linked(artifact, { Integrity, Packer })
  const modifier: Address = `0x${'40'.repeat(20)}`
  // the constructor ends with RETURN INVALID: what follows is what it returns
  await rpc.request('anvil_setCode', [modifier, `0x${code.slice(code.indexOf('f3fe') + 4)}`])
  const parties = [{ type: 'address' }, { type: 'address' }, { type: 'address' }] as const
  const init = encodeAbiParameters(parties, [safe, safe, safe])
  await sendAs(rpc, DEPLOYER, { to: modifier, data: encodeCall('setUp(bytes)', [init]) })
  return modifier
}

export function deployTimelock(
  rpc: Rpc,
  {
    delay,
    proposers,
    executors,
  }: { delay: number; proposers: readonly Address[]; executors: readonly Address[] },
): Promise<Address> {
  const args = [BigInt(delay), proposers, executors, ZERO_ADDRESS]
  return deploy(rpc, fixture('openzeppelin/contracts/TimelockController'), { args })
}

export type Managed = { manager: Address; target: Address }

/** A pause under an AccessManager, and a member of its role with a delay. */
export async function deployManaged(
  rpc: Rpc,
  { member, delay }: { member: Address; delay: number },
): Promise<Managed> {
  const manager = await deploy(rpc, fixture('openzeppelin/contracts/AccessManager'), { args: [DEPLOYER] })
  const target = await deploy(rpc, ours('ManagedPause'), { args: [manager] })
  const calls = [
    encodeCall('setTargetFunctionRole(address,bytes4[],uint64)', [target, ['0x8456cb59'], 7n]),
    encodeCall('grantRole(uint64,address,uint32)', [7n, member, delay]),
  ]
  for (const data of calls) await sendAs(rpc, DEPLOYER, { to: manager, data })
  return { manager, target }
}

/** A vault whose only guardian is this account. */
export function deployReserve(rpc: Rpc, guardian: Address): Promise<Address> {
  return deploy(rpc, ours('EthReserve'), { args: [guardian] })
}

/** A pause with arguments, whose only caller is this account. */
export async function isPaused(rpc: Rpc, target: Address): Promise<boolean> {
  const answer = await ask({ rpc, block: 'latest' }, { to: target, view: 'paused() view returns (bool)' })
  return answer?.[0] === true
}
