import { keccak256 } from 'viem'
import { type Address, addressFromWord, type Hash, type Hex } from '../../model/hex.ts'
import type { Regression } from '../../model/regression.ts'

/** The substitutions: the sibling for the victim, its assets and feeds for the victim’s. */
export type Substitutes = ReadonlyMap<Address, Address>

const PUSH20 = '73'
const PUSH32_OF_ADDRESS = `7f${'0'.repeat(24)}`
const DIGITS = 40
const MOST_SUBSTITUTES = 64

/**
 * Addresses that two contracts of the same code have at the same position in it: immutables. Empty if the codes differ
 * in length: then positions cannot be compared.
 */
export function immutablesOf(victim: Hex, sibling: Hex): Map<Address, Address> {
  const found = new Map<Address, Address>()
  if (victim.length !== sibling.length) return found
  for (const marker of [PUSH32_OF_ADDRESS, PUSH20]) {
    for (let at = victim.indexOf(marker, 2); at !== -1; at = victim.indexOf(marker, at + 1)) {
      const start = at + marker.length
      const [ours, theirs] = [victim, sibling].map((code) => code.slice(start, start + DIGITS))
      const isPlace = at % 2 === 0 && sibling.startsWith(marker, at)
      if (isPlace && ours !== undefined && theirs !== undefined && ours !== theirs && isAddress(ours))
        add(found, [`0x${ours}`, `0x${theirs}`])
    }
  }
  return found
}

/** The same for slots that hold an address in both. */
export function slotsOf(slots: readonly { ours: Hash; theirs: Hash }[]): Map<Address, Address> {
  const found = new Map<Address, Address>()
  for (const { ours, theirs } of slots) {
    const [a, b] = [ours, theirs].map((word) => addressFromWord(word.slice(2)))
    if (a !== undefined && b !== undefined && a !== b && isAddress(a.slice(2)) && isAddress(b.slice(2)))
      add(found, [a, b])
  }
  return found
}

/** Small numbers are not addresses. */
function isAddress(digits: string): boolean {
  return digits.length === DIGITS && !digits.startsWith('0'.repeat(12))
}

/** If two positions disagree, the correct substitution is unknown: the first is kept. */
function add(found: Map<Address, Address>, [ours, theirs]: [Address, Address]): void {
  if (found.size < MOST_SUBSTITUTES && !found.has(ours)) found.set(ours, theirs)
}

/** Bytes with each address in them replaced by its substitute. All in one pass: a substitute may be another victim. */
export function substituted<T extends Hex>(bytes: T, substitutes: Substitutes): T {
  if (substitutes.size === 0) return bytes
  const digits = new Map([...substitutes].map(([from, to]) => [from.slice(2), to.slice(2)]))
  const pattern = new RegExp([...digits.keys()].join('|'), 'g')
  return bytes.replace(pattern, (found) => digits.get(found) ?? found) as T
}

export type Placed = { address: Address; slot: Hash; value: Hash }

const MAPPINGS = 32
const MOST_OWNERS = 16

/**
 * The attacker's data about the victim’s assets before the attack (balances, allowances), as slots of the substitutes:
 * entries of mappings under the attacker’s key, and under that under a substitute’s. Solidity’s layout only.
 */
export function belongings(
  { prestate, attackers }: Pick<Regression, 'prestate' | 'attackers'>,
  substitutes: Substitutes,
): Placed[] {
  const own = new Set(attackers)
  const entries = entriesOf(attackers.slice(0, MOST_OWNERS), substitutes)
  const placed: Placed[] = []
  for (const address of Object.keys(prestate) as Address[]) {
    if (own.has(address)) continue
    for (const [slot, value] of Object.entries(prestate[address]?.storage ?? {})) {
      const moved = entries.get(slot as Hash)
      if (moved !== undefined && !/^0x0*$/.test(value))
        placed.push({ address: substitutes.get(address) ?? address, slot: moved, value })
    }
  }
  return placed
}

/** Slot of an attacker’s entry → slot of the same entry among the substitutes. */
function entriesOf(owners: readonly Address[], substitutes: Substitutes): Map<Hash, Hash> {
  const entries = new Map<Hash, Hash>()
  for (const owner of owners)
    for (let place = 0; place < MAPPINGS; place++) {
      const outer = entry(owner, `0x${place.toString(16).padStart(64, '0')}`)
      entries.set(outer, outer)
      for (const [ours, theirs] of substitutes) entries.set(entry(ours, outer), entry(theirs, outer))
    }
  return entries
}

function entry(key: Address, place: Hash): Hash {
  return keccak256(`0x${key.slice(2).padStart(64, '0')}${place.slice(2)}`)
}
