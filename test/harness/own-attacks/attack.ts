import { join } from 'node:path'
import { type Abi, encodeDeployData, encodeFunctionData, keccak256, parseAbi, toHex } from 'viem'
import type { Rpc } from '../../../src/chain/rpc/rpc.ts'
import { readArtifact } from '../../../src/drills/artifacts.ts'
import { assert } from '../../../src/kit/assert.ts'
import { packageRoot } from '../../../src/kit/package-root.ts'
import { type Address, addressSchema, type Hex, hexSchema } from '../../../src/model/hex.ts'
import type { World } from '../lever-world.ts'
import type { StateFork } from '../state-fork.ts'

/** A transaction of the attacker, or of another account of theirs. */
export type Move = { to: Address; data: Hex; value: bigint; from?: Address }

/** The balance that is stolen from: a contract's balance of a token, or of the chain's own coin (null). */
export type Purse = { holder: Address; token: Address | null; symbol: string; decimals: number }

/** Both go through, one after the other, where nobody steps in. */
export type Moves = { attack: Move; again: Move }

/** The attacked protocol and the stolen assets. */
export type Target = { protect: readonly Address[]; purse: Purse }

type Story = {
  id: string
  /** The kind of protocol. */
  kind: string
  /** The changes made so that there is something to attack, besides who may pull the levers. */
  planted: string
  /** The attack, in a sentence. */
  deed: string
}

/** On the real contracts of a recorded state, in which a flaw is planted. */
export type OnState = Story &
  Target & {
    /** Name of the recorded state. */
    state: string
    /** Plants the flaw and puts up what the attacker needs. */
    prepare(fork: StateFork, attacker: Address): Promise<Moves>
  }

/** On the compiled contracts of an npm package, put up on a chain of its own as the protocol's own scripts do. */
export type OnPackage = Story & {
  package: string
  /** Puts everything up; `guardian` is given the protocol's own emergency role. */
  putUp(world: World, people: { attacker: Address; guardian: Address }): Promise<Target & Moves>
}

/** An attack of our own writing on real code. */
export type OwnAttack = OnState | OnPackage

/** Nobody that Cordon or a protocol knows. */
export const attacker: Address = `0x${keccak256(toHex('an attacker of our own')).slice(-40)}`

const RICH = `0x${(10n ** 26n).toString(16)}`
const GAS = toHex(25_000_000)
const hex = (value: bigint): Hex => `0x${value.toString(16)}`
export const word = (value: bigint | string): Hex => toHex(BigInt(value), { size: 32 })

/** Lets a test send in an account's name, with more coins than any attack needs. */
export async function embody(rpc: Rpc, account: Address): Promise<void> {
  await rpc.request('anvil_impersonateAccount', [account])
  await rpc.request('anvil_setBalance', [account, RICH])
}

/** Sends without mining. `fees` are wei per gas unit; the node's own where left out. */
export async function send(
  rpc: Rpc,
  sender: Address,
  { to, data, value, fees, from = sender }: Partial<Move> & { fees?: { most: bigint; tip: bigint } },
): Promise<Hex> {
  const paid = fees === undefined ? {} : { maxFeePerGas: hex(fees.most), maxPriorityFeePerGas: hex(fees.tip) }
  const call = { from, ...(to === undefined ? {} : { to }), data, value: hex(value ?? 0n), gas: GAS, ...paid }
  return hexSchema.parse(await rpc.request('eth_sendTransaction', [call]))
}

/** Sends, mines and requires success. */
export async function act(rpc: Rpc, from: Address, move: Partial<Move>): Promise<Address | null> {
  const hash = await send(rpc, from, move)
  await rpc.request('evm_mine', [])
  const receipt = await receiptOf(rpc, hash)
  assert(
    receipt?.status === '0x1',
    `what an attack needs goes through: ${move.to} ${move.data?.slice(0, 10)}`,
  )
  return receipt.contractAddress === null ? null : addressSchema.parse(receipt.contractAddress)
}

type Receipt = { status: Hex; contractAddress: string | null; blockNumber: Hex }

export async function receiptOf(rpc: Rpc, hash: Hex): Promise<Receipt | null> {
  return (await rpc.request('eth_getTransactionReceipt', [hash])) as Receipt | null
}

/** A contract of contracts/wild. */
export function compiled(name: string): { abi: Abi; bytecode: Hex } {
  const { abi, bytecode } = readArtifact(join(packageRoot(), 'contracts', 'out', `${name}.json`))
  return { abi, bytecode }
}

/** A contract of contracts/wild, put up by an account. */
export async function putUp(
  rpc: Rpc,
  from: Address,
  { name, args }: { name: string; args: readonly unknown[] },
): Promise<{ address: Address; abi: Abi }> {
  const { abi, bytecode } = compiled(name)
  const data = encodeDeployData({ abi, bytecode, args: [...args] })
  const address = await act(rpc, from, { data })
  assert(address !== null, 'a creation has an address')
  return { address, abi }
}

/** `calling('exchange(int128,int128,uint256,uint256)', 0n, 1n, amount, 0n)` */
export function calling(signature: string, ...args: unknown[]): Hex {
  const abi = parseAbi([`function ${signature}`] as readonly string[]) as Abi
  return encodeFunctionData({ abi, args })
}

export async function read(rpc: Rpc, to: Address, data: Hex): Promise<bigint> {
  // an old delegator of Compound answers with more than the word that was asked for
  return BigInt(String(await rpc.request('eth_call', [{ to, data }, 'latest'])).slice(0, 66))
}

export async function plant(rpc: Rpc, contract: Address, slot: bigint | Hex, value: bigint): Promise<void> {
  await rpc.request('anvil_setStorageAt', [contract, word(slot), word(value)])
}

/** Overwrites the slot that a view of a contract reads with a value, such as a balance. */
export async function plantAnswer(rpc: Rpc, to: Address, data: Hex, value: bigint): Promise<void> {
  const { accessList } = (await rpc.request('eth_createAccessList', [{ to, data }, 'latest'])) as {
    accessList: { address: string; storageKeys: Hex[] }[]
  }
  const slots = accessList.filter(({ address }) => address.toLowerCase() === to)
  for (const slot of slots.flatMap(({ storageKeys }) => storageKeys)) {
    const before = await rpc.request('eth_getStorageAt', [to, slot, 'latest'])
    await plant(rpc, to, slot, value)
    if ((await read(rpc, to, data).catch(() => null)) === value) return
    await rpc.request('anvil_setStorageAt', [to, slot, before])
  }
  throw new Error(`no slot of ${to} answers ${data.slice(0, 10)} alone`)
}

export async function held(rpc: Rpc, { holder, token }: Purse): Promise<bigint> {
  if (token === null) return BigInt(String(await rpc.request('eth_getBalance', [holder, 'latest'])))
  return read(rpc, token, calling('balanceOf(address) view returns (uint256)', holder))
}
