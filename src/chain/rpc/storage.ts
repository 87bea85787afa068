import { keccak256 } from 'viem'
import type { Address, Hex } from '../../model/hex.ts'
import type { BlockTag } from '../methods/block-tag.ts'
import { callContract } from '../methods/call.ts'
import { getStorageAt } from '../methods/get-storage-at.ts'
import { unlessDown } from './failure.ts'
import type { Rpc } from './rpc.ts'

export type StorageQuestion = {
  address: Address
  /** Slots of up to 32 bytes, as hex. */
  slots: readonly Hex[]
  block: BlockTag
}

/**
 * The words (32 bytes each) in the storage of a contract at a block, in the given order: all in one `eth_call` that
 * replaces the contract's code with code that reads them, else one `eth_getStorageAt` each, in sequence. Throws
 * `chain.EndpointFailed` where no node answers, and the node's refusal where it has no such state.
 */
export async function storageWords(rpc: Rpc, { address, slots, block }: StorageQuestion): Promise<Hex[]> {
  const mark = keccak256(`0x${slots.map(word).join('')}`)
  const overrides = { [address]: { code: readerOf(slots, mark) } }
  const call = { to: address, data: '0x' } as const
  const answer = await callContract(rpc, call, { block, overrides }).catch((thrown): Hex => {
    unlessDown(thrown)
    return '0x'
  })
  // A node that ignores the third parameter answers as the contract does: without the mark.
  if (answer.length === 2 + 64 * (slots.length + 1) && answer.startsWith(mark))
    return slots.map((_, i) => `0x${answer.slice(66 + 64 * i, 130 + 64 * i)}` as Hex)
  const words: Hex[] = []
  for (const slot of slots) words.push(`0x${word(await getStorageAt(rpc, { address, slot, block }))}`)
  return words
}

/** The first slots of a contract, which compilers use for the first declared variables. */
export function firstSlots(count: number): Hex[] {
  return Array.from({ length: count }, (_, slot) => `0x${slot.toString(16)}` as Hex)
}

function word(value: Hex): string {
  return value.slice(2).toLowerCase().padStart(64, '0')
}

/** MSTORE(0, mark), for each slot MSTORE(offset, SLOAD(slot)), RETURN: runs under every hard fork. */
function readerOf(slots: readonly Hex[], mark: Hex): Hex {
  const reads = slots.map((slot, i) => `7f${word(slot)}5461${two(32 * (i + 1))}52`)
  return `0x7f${mark.slice(2)}600052${reads.join('')}61${two(32 * (slots.length + 1))}6000f3`
}

function two(bytes: number): string {
  return bytes.toString(16).padStart(4, '0')
}
