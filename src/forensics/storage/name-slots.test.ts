import { createRequire } from 'node:module'
import { encodeAbiParameters, keccak256 } from 'viem'
import { expect, test } from 'vitest'
import { cpuMilliseconds } from '../../../test/harness/cpu-time.ts'
import type { Hex } from '../../model/hex.ts'
import { parseLayout } from './layout.ts'
import { keysOf, nameSlots, namespaceSlot, partOf } from './name-slots.ts'

const solc = createRequire(import.meta.url)('solc') as { compile(input: string): string }
const SOURCE = `contract V {
  uint256 total; address owner; bool paused; uint64 since;
  struct Position { uint128 debt; uint128 share; address who; }
  mapping(address => uint256) balances;
  mapping(address => mapping(address => uint256)) allowed;
  mapping(uint256 => Position) positions;
  uint16[] small; Position[2] fixedTwo; string name;
}`
const output = JSON.parse(
  solc.compile(
    JSON.stringify({
      language: 'Solidity',
      sources: { v: { content: SOURCE } },
      settings: { outputSelection: { '*': { '*': ['storageLayout'] } } },
    }),
  ),
) as { contracts: { v: { V: { storageLayout: unknown } } } }
const layout = parseLayout(output.contracts.v.V.storageLayout) ?? null

const A: Hex = `0x${'aa'.repeat(20)}`
const B: Hex = `0x${'bb'.repeat(20)}`
const names = nameSlots(layout, keysOf([A, B, '0x07']))
const slot = (n: bigint): Hex => `0x${n.toString(16).padStart(64, '0')}`
const under = (key: bigint, base: bigint): bigint =>
  BigInt(keccak256(encodeAbiParameters([{ type: 'uint256' }, { type: 'uint256' }], [key, base])))
const at = (n: bigint) => names.get(slot(n))?.map(({ name }) => name)

test('variables, packed ones too, have the names of the layout', () => {
  expect(at(0n)).toEqual(['total'])
  expect(at(1n)).toEqual(['owner', 'paused', 'since'])
  const value: Hex = `0x${'0'.repeat(5)}0000002a${'01'.padStart(9, '0')}${A.slice(2)}`.replace(/^0x.*/, () =>
    slot((42n << 168n) | (1n << 160n) | BigInt(A)),
  ) as Hex
  expect(names.get(slot(1n))?.map((part) => partOf(value, part))).toEqual([A, 'true', '42'])
})

test('mappings are named by the keys that were seen, nested ones and structs in them too', () => {
  expect(at(under(BigInt(A), 2n))).toEqual([`balances[${A}]`])
  expect(at(under(BigInt(B), under(BigInt(A), 3n)))).toEqual([`allowed[${A}][${B}]`])
  expect(at(under(7n, 4n))).toEqual(['positions[7].debt', 'positions[7].share'])
  expect(at(under(7n, 4n) + 1n)).toEqual(['positions[7].who'])
  expect(at(under(8n, 4n))).toBeUndefined()
})

test('arrays: the length, packed elements, structs', () => {
  expect(at(5n)).toEqual(['small.length'])
  expect(at(BigInt(keccak256(slot(5n))))?.slice(0, 2)).toEqual(['small[0]', 'small[1]'])
  expect(at(8n)).toEqual(['fixedTwo[1].debt', 'fixedTwo[1].share'])
})

test('slots of proxies and namespaces are known without a layout', () => {
  const known = nameSlots(null, [])
  const slots = ['eip1967.proxy.implementation', 'eip1967.proxy.admin', 'eip1967.proxy.beacon'].map((id) =>
    slot(BigInt(keccak256(new TextEncoder().encode(id))) - 1n),
  )
  expect(slots.map((it) => known.get(it)?.[0]?.name)).toEqual([
    'eip1967.implementation',
    'eip1967.admin',
    'eip1967.beacon',
  ])
  // As OpenZeppelin's OwnableUpgradeable has it.
  expect(slot(namespaceSlot('openzeppelin.storage.Ownable'))).toBe(
    '0x9016d09d72d40fdae2fd8ceac6b6234c7706214fd39c1cd1e609a0528c199300',
  )
})

test('a hostile layout is bounded, and what is wrong in it left out', () => {
  const loop = {
    storage: [
      { label: 'm', slot: '0', offset: 0, type: 'm' },
      { label: '<script>', slot: '1', offset: 0, type: 'u' },
      { label: 'big', slot: '1e9', offset: 0, type: 'u' },
      null,
    ],
    types: {
      u: { encoding: 'inplace', label: 'uint256', numberOfBytes: '32' },
      m: { encoding: 'mapping', label: 'loop', key: 'u', value: 'm', numberOfBytes: '32' },
      s: {
        encoding: 'inplace',
        label: 's',
        members: [{ label: 's', slot: '0', offset: 0, type: 's' }],
        numberOfBytes: '32',
      },
    },
  }
  const parsed = parseLayout(loop)
  expect(parsed?.storage.map(({ label }) => label)).toEqual(['m'])
  const start = cpuMilliseconds()
  nameSlots(parsed ?? null, keysOf(Array.from({ length: 8 }, (_, i): Hex => `0x${i}`)))
  expect(cpuMilliseconds() - start).toBeLessThan(5_000)
  expect(parseLayout('x')).toBeUndefined()
})
