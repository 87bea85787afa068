import { keccak256 } from 'viem'
import type { Hex } from '../../model/hex.ts'
import type { StorageLayout, StorageType, StorageVariable } from './layout.ts'

/** A named part of a slot: `offset` and `bytes` from its low end; type as solc labels it. */
export type NamedPart = { name: string; type: string; offset: number; bytes: number }

/** EIP-1967's slots, and those of the beacon and of OpenZeppelin's ERC-7201 namespaces that many contracts have. */
const KNOWN: readonly [slot: Hex, name: string, type: string][] = [
  ['0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc', 'eip1967.implementation', 'address'],
  ['0xb53127684a568b3173ae13b9f8a6016e243e63b6e8ee1178d6a717850b5d6103', 'eip1967.admin', 'address'],
  ['0xa3f0ad74e5423aebfd80d3ef4346578335a9a72aeaee59ff6cb3582b35133d50', 'eip1967.beacon', 'address'],
]

/** `_name` of OpenZeppelin 5's upgradeable contracts, by the namespace that ERC-7201 hashes. */
const NAMESPACES = [
  ['Initializable', [['_initialized', 'uint64', 0]]],
  ['Ownable', [['_owner', 'address', 0]]],
  ['Pausable', [['_paused', 'bool', 0]]],
  ['ReentrancyGuard', [['_status', 'uint256', 0]]],
] as const

const MOST_KEYS = 400
/** Hashes and names together: some two seconds. */
const MOST_SLOTS = 60_000
const MOST_DEPTH = 4
/** Maximum number of elements of an array whose slots are searched. */
const MOST_ELEMENTS = 64

/** `erc7201:<id>`: keccak256(keccak256(id) − 1) with its last byte cleared (ERC-7201). */
export function namespaceSlot(id: string): bigint {
  const inner = BigInt(keccak256(new TextEncoder().encode(id))) - 1n
  return BigInt(keccak256(wordOf(inner))) & ~0xffn
}

/**
 * Names for slots: from a layout, mappings by trying the `keys` that appeared in the transaction (nested ones too),
 * elements of arrays, members of structs, packed values; and the standard slots of proxies. A slot that cannot be
 * derived has no name: hashes cannot be inverted.
 */
export function nameSlots(
  layout: StorageLayout | null,
  keys: readonly Hex[],
): ReadonlyMap<Hex, readonly NamedPart[]> {
  const naming: Naming = {
    names: new Map(),
    types: layout?.types ?? new Map(),
    keys: keys.slice(0, MOST_KEYS),
    left: MOST_SLOTS,
  }
  for (const [slot, name, type] of KNOWN) put(naming, BigInt(slot), { name, type, offset: 0, bytes: 20 })
  for (const [contract, members] of NAMESPACES) {
    const slot = namespaceSlot(`openzeppelin.storage.${contract}`)
    for (const [name, type, offset] of members)
      put(naming, slot, { name: `${contract}.${name}`, type, offset, bytes: type === 'address' ? 20 : 32 })
  }
  for (const variable of layout?.storage ?? []) walk(naming, variable, { base: 0n, prefix: '', depth: 0 })
  return naming.names
}

type Naming = {
  names: Map<Hex, NamedPart[]>
  types: StorageLayout['types']
  keys: readonly Hex[]
  left: number
}
type Place = { base: bigint; prefix: string; depth: number }

function put(naming: Naming, slot: bigint, part: NamedPart): void {
  const key = wordOf(BigInt.asUintN(256, slot))
  const parts = naming.names.get(key) ?? []
  naming.left--
  naming.names.set(key, [...parts, part])
}

function walk(naming: Naming, variable: StorageVariable, { base, prefix, depth }: Place): void {
  const type = naming.types.get(variable.type)
  if (type === undefined) return
  const at = { slot: base + variable.slot, offset: variable.offset }
  visit(naming, type, { ...at, name: `${prefix}${variable.label}`, depth })
}

type Spot = { slot: bigint; offset: number; name: string; depth: number }

function visit(naming: Naming, type: StorageType, spot: Spot): void {
  const { slot, offset, name, depth } = spot
  if (naming.left <= 0 || depth > MOST_DEPTH) return
  switch (type.kind) {
    case 'value':
    case 'bytes':
      put(naming, slot, { name, type: type.label, offset, bytes: type.bytes })
      return
    case 'struct':
      for (const member of type.members)
        walk(naming, member, { base: slot, prefix: `${name}.`, depth: depth + 1 })
      return
    case 'array':
      visitArray(naming, type, spot)
      return
    case 'mapping':
      visitMapping(naming, type, spot)
  }
}

function visitArray(
  naming: Naming,
  type: StorageType & { kind: 'array' },
  { slot, name, depth }: Spot,
): void {
  const base = naming.types.get(type.base)
  if (base === undefined || base.bytes === 0) return
  if (type.length === null)
    put(naming, slot, { name: `${name}.length`, type: 'uint256', offset: 0, bytes: 32 })
  const start = type.length === null ? BigInt(keccak256(wordOf(slot))) : slot
  const count = type.length === null || type.length > MOST_ELEMENTS ? MOST_ELEMENTS : Number(type.length)
  const inSlot = base.bytes >= 32 ? 1 : Math.floor(32 / base.bytes)
  const slots = Math.ceil(base.bytes / 32)
  for (let i = 0; i < count && naming.left > 0; i++)
    visit(naming, base, {
      slot: start + BigInt(inSlot === 1 ? i * slots : Math.floor(i / inSlot)),
      offset: inSlot === 1 ? 0 : (i % inSlot) * base.bytes,
      name: `${name}[${i}]`,
      depth: depth + 1,
    })
}

function visitMapping(
  naming: Naming,
  type: StorageType & { kind: 'mapping' },
  { slot, name, depth }: Spot,
): void {
  const value = naming.types.get(type.value)
  const key = naming.types.get(type.key)
  // Keys of `string` and `bytes` are hashed unpadded: such texts are not among the candidates.
  if (value === undefined || key?.kind !== 'value') return
  for (const word of naming.keys) {
    if (naming.left <= 0) return
    if (!fits(word, key)) continue
    naming.left--
    const at = BigInt(keccak256(`0x${word.slice(2)}${wordOf(slot).slice(2)}`))
    visit(naming, value, { slot: at, offset: 0, name: `${name}[${shown(word, key)}]`, depth: depth + 1 })
  }
}

function fits(word: Hex, { bytes, label }: { bytes: number; label: string }): boolean {
  const isLeft = /^bytes\d+$/.test(label)
  const rest = isLeft ? word.slice(2 + 2 * bytes) : word.slice(2, 66 - 2 * bytes)
  return /^0*$/.test(rest)
}

function shown(word: Hex, { bytes, label }: { bytes: number; label: string }): string {
  if (label.startsWith('address') || label.startsWith('contract')) return `0x${word.slice(26)}`
  return /^(u?int|enum)/.test(label) ? String(BigInt(word)) : `0x${word.slice(2, 2 + 2 * bytes)}`
}

/** The words in a transaction that mappings may have as keys: of calldata, of logs, addresses, small numbers. */
export function keysOf(words: Iterable<Hex>): Hex[] {
  const found = new Set<Hex>()
  for (const word of words) if (word.length <= 66) found.add(`0x${word.slice(2).padStart(64, '0')}`)
  return [...found]
}

/** The value of a part within a slot's value. */
export function partOf(value: Hex, { offset, bytes, type }: NamedPart): string {
  const word = value.slice(2).padStart(64, '0')
  const hex = word.slice(64 - 2 * (offset + Math.min(bytes, 32 - offset)), 64 - 2 * offset)
  if (type === 'bool') return hex.endsWith('1') ? 'true' : 'false'
  if (/^uint\d*$/.test(type) || type.startsWith('enum')) return String(BigInt(`0x${hex}`))
  if (/^int\d*$/.test(type)) return String(BigInt.asIntN(8 * bytes, BigInt(`0x${hex}`)))
  return `0x${hex}`
}

function wordOf(value: bigint): Hex {
  return `0x${BigInt.asUintN(256, value).toString(16).padStart(64, '0')}`
}
