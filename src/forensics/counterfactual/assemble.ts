import { assert } from '../../kit/assert.ts'
import type { Hex } from '../../model/hex.ts'

/**
 * The opcodes that the programs before a contract's code use, by their names in the Yellow Paper and EIPs 1153 and
 * 3855.
 */
const OPCODES = {
  ADD: 0x01,
  LT: 0x10,
  EQ: 0x14,
  ISZERO: 0x15,
  SHR: 0x1c,
  KECCAK256: 0x20,
  CALLER: 0x33,
  CALLDATALOAD: 0x35,
  CALLDATASIZE: 0x36,
  CALLDATACOPY: 0x37,
  CODECOPY: 0x39,
  RETURNDATASIZE: 0x3d,
  RETURNDATACOPY: 0x3e,
  MSTORE: 0x52,
  JUMP: 0x56,
  JUMPI: 0x57,
  GAS: 0x5a,
  TLOAD: 0x5c,
  TSTORE: 0x5d,
  PUSH0: 0x5f,
  DUP1: 0x80,
  SWAP2: 0x91,
  RETURN: 0xf3,
  DELEGATECALL: 0xf4,
  REVERT: 0xfd,
} as const

export type Opcode = keyof typeof OPCODES

/** An opcode, a constant to push, a jump destination, its address, or plain bytes that are not code. */
export type Item =
  | Opcode
  | { push: Hex | number }
  | { label: string }
  | { to: string }
  | { data: Hex; name: string }

const PUSH1 = 0x60
const PUSH2 = 0x61
const JUMPDEST = 0x5b
const MOST_BYTES = 0xffff

/** Machine code of a list of items; destinations are two bytes long. */
export function assemble(items: readonly Item[]): Hex {
  const places = new Map<string, number>()
  let size = 0
  for (const item of items) {
    if (typeof item === 'object' && 'label' in item) places.set(item.label, size)
    if (typeof item === 'object' && 'data' in item) places.set(item.name, size)
    size += sizeOf(item)
  }
  assert(size <= MOST_BYTES, 'a program of more than 65,535 bytes')
  return `0x${items.map((item) => bytesOf(item, places)).join('')}`
}

function sizeOf(item: Item): number {
  if (typeof item === 'string' || 'label' in item) return 1
  if ('to' in item) return 3
  if ('data' in item) return (item.data.length - 2) / 2
  return 1 + constant(item.push).length / 2
}

function bytesOf(item: Item, places: ReadonlyMap<string, number>): string {
  if (typeof item === 'string') return byte(OPCODES[item])
  if ('label' in item) return byte(JUMPDEST)
  if ('data' in item) return item.data.slice(2)
  if ('to' in item) {
    const place = places.get(item.to)
    assert(place !== undefined, `no place ${item.to}`)
    return byte(PUSH2) + place.toString(16).padStart(4, '0')
  }
  const digits = constant(item.push)
  return byte(PUSH1 + digits.length / 2 - 1) + digits
}

function constant(value: Hex | number): string {
  const digits = typeof value === 'number' ? value.toString(16) : value.slice(2)
  return digits.length % 2 === 0 ? digits : `0${digits}`
}

function byte(value: number): string {
  return value.toString(16).padStart(2, '0')
}
