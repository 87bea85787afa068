import { z } from 'zod'
import type { Address, Hex } from '../../model/hex.ts'
import { parsed } from '../methods/answer.ts'
import type { Asker } from '../methods/asker.ts'
import { toHex } from '../methods/block-tag.ts'

/** Lets every account send without its key. */
export async function impersonateAll(node: Asker): Promise<void> {
  await node.request('anvil_autoImpersonateAccount', [true])
}

/** Lets one account send without its key. */
export async function impersonate(node: Asker, account: Address): Promise<void> {
  await node.request('anvil_impersonateAccount', [account])
}

/** wei */
export async function setBalance(node: Asker, account: Address, balance: bigint): Promise<void> {
  await node.request('anvil_setBalance', [account, toHex(balance)])
}

export async function setCode(node: Asker, account: Address, code: Hex): Promise<void> {
  await node.request('anvil_setCode', [account, code])
}

export async function setNonce(node: Asker, account: Address, nonce: number): Promise<void> {
  await node.request('anvil_setNonce', [account, toHex(nonce)])
}

export type StorageWord = { address: Address; slot: Hex; value: Hex }

export async function setStorageAt(node: Asker, { address, slot, value }: StorageWord): Promise<void> {
  await node.request('anvil_setStorageAt', [address, slot, value])
}

/** The next block costs nothing to send in. */
export async function dropBaseFee(node: Asker): Promise<void> {
  await node.request('anvil_setNextBlockBaseFeePerGas', ['0x0'])
}

/** Seconds since the epoch. */
export async function setNextBlockTimestamp(node: Asker, timestamp: number): Promise<void> {
  await node.request('evm_setNextBlockTimestamp', [timestamp])
}

/** Seconds that pass before the next block, besides its own. */
export async function increaseTime(node: Asker, seconds: number): Promise<void> {
  await node.request('evm_increaseTime', [toHex(seconds)])
}

/** Makes a block of what waits. */
export async function mine(node: Asker): Promise<void> {
  await node.request('evm_mine', [])
}

export async function setAutomine(node: Asker, isOn: boolean): Promise<void> {
  await node.request('evm_setAutomine', [isOn])
}

/** How a node makes blocks: one a transaction, one every so many seconds, or on demand (null). Throws the refusal of other nodes. */
export async function miningOf(node: Asker): Promise<{ automine: boolean; intervalSeconds: number | null }> {
  const [automine, interval] = await Promise.all([
    node.request('anvil_getAutomine', []),
    node.request('anvil_getIntervalMining', []),
  ])
  return {
    automine: parsed(z.boolean(), 'anvil_getAutomine', automine),
    intervalSeconds: parsed(z.number().nullable(), 'anvil_getIntervalMining', interval),
  }
}

/** Remembers the state and gives how to return to it, without what then waits in the pool. */
export async function snapshot(node: Asker): Promise<() => Promise<void>> {
  const id = await node.request('evm_snapshot', [])
  return async () => {
    await node.request('anvil_dropAllTransactions', [])
    await node.request('evm_revert', [id])
  }
}
