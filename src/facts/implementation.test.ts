import { expect, test } from 'vitest'
import {
  address,
  type CallNode,
  call,
  create,
  delegate,
  transaction,
  view,
  word,
} from '../../test/harness/build.ts'
import type { Address, Hex } from '../model/hex.ts'
import { implementationOf } from './implementation.ts'

const [alice, proxy, code, library, beacon] = ['alice', 'proxy', 'code', 'library', 'beacon'].map(
  address,
) as [Address, Address, Address, Address, Address]
const input: Hex = '0x0badf00d'

const behind = (root: CallNode, index = 0): Address | null =>
  implementationOf(proxy, index, transaction({ from: alice, root }).transactions[0]?.frames ?? [])

test('a proxy or clone hands the same calldata on', () => {
  expect(behind(call(proxy, { input }, delegate(code, input, call(beacon, {}))), 2)).toBe(code)
})

test('a beacon is asked first', () => {
  const root = call(proxy, { input }, view(beacon, '0x5c60da1b', `0x${word(code)}`), delegate(code, input))
  expect(behind(root)).toBe(code)
})

test('a library is not the implementation', () => {
  expect(behind(call(proxy, { input }, delegate(library, '0x11223344')))).toBeNull()
  expect(behind(call(proxy, { input }, delegate(code, input, delegate(library, '0x11223344'))), 2)).toBe(code)
})

test('own code, a constructor and a contract that is not there have none', () => {
  expect(behind(call(proxy, { input }))).toBeNull()
  expect(behind(create(proxy, { input }, delegate(code, input)))).toBeNull()
  expect(behind(call(alice, { input }))).toBeNull()
  expect(behind(call(proxy, { input }), -1)).toBeNull()
})
