import { join } from 'node:path'
import { encodeDeployData, encodeFunctionData } from 'viem'
import { z } from 'zod'
import type { Endpoint } from '../../../src/chain/rpc/endpoint.ts'
import { addressOf, type DrillRole } from '../../../src/drills/accounts.ts'
import { readArtifact } from '../../../src/drills/artifacts.ts'
import { type Address, addressSchema, type Hash, type Hex, hashSchema } from '../../../src/model/hex.ts'

type Deploying = { name: string; args: unknown[]; value?: bigint }

export async function deploy(
  node: Endpoint,
  by: DrillRole,
  { name, args, value = 0n }: Deploying,
): Promise<Address> {
  const data = encodeDeployData({ ...artifact(name), args })
  const hash = await sendFrom(node, by, { to: null, data, value })
  await node.request('evm_mine', [])
  const receipt = await node.request('eth_getTransactionReceipt', [hash])
  return z.object({ contractAddress: addressSchema }).parse(receipt).contractAddress
}

const artifact = (name: string) => readArtifact(join('contracts', 'out', `${name}.json`))

/** `tip`: gwei per gas unit, above the usual offer. */
type Sent = { to: Address | null; data: Hex; value?: bigint; tip?: number }

export async function sendFrom(
  node: Endpoint,
  by: DrillRole,
  { to, data, value = 0n, tip = 1 }: Sent,
): Promise<Hash> {
  const paid = BigInt(Math.round(tip * 1e9))
  const fees = { maxFeePerGas: hex(40n * 10n ** 9n + paid), maxPriorityFeePerGas: hex(paid) }
  const call = { from: addressOf(by), ...(to === null ? {} : { to }), data, gas: '0x2dc6c0', ...fees }
  return hashSchema.parse(await node.request('eth_sendTransaction', [{ ...call, value: hex(value) }]))
}

const hex = (value: bigint): string => `0x${value.toString(16)}`

export function dataOf(name: string, functionName: string, args: readonly unknown[] = []): Hex {
  return encodeFunctionData({ abi: artifact(name).abi, functionName, args })
}
