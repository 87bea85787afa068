import { expect, test } from 'vitest'
import { aHash, anAddress } from '../../../test/harness/builders.ts'
import type { Prestate } from '../../chain/rpc/prestate.ts'
import type { Address } from '../../model/hex.ts'
import type { FrozenTransaction, Regression } from '../../model/regression.ts'
import type { Ran } from '../regress/node.ts'
import { strangers, unfrozen } from './unfrozen.ts'

const frozen: FrozenTransaction = {
  hash: aHash(1),
  is: 'attack',
  from: anAddress(66),
  to: anAddress(1),
  input: '0x',
  value: 0n,
  gas: 100_000n,
  timestamp: 1,
  blockNumber: 1,
}

function prestateOf(slots: Record<Address, readonly number[]>): Prestate {
  return Object.fromEntries(
    Object.entries(slots).map(([address, numbers]) => [
      address,
      {
        balance: 0n,
        nonce: 0,
        code: '0x60' as const,
        storage: Object.fromEntries(numbers.map((n) => [aHash(n), aHash(0)])),
      },
    ]),
  )
}

function ran(slots: Record<Address, readonly number[]>): Ran {
  return { frozen, succeeded: true, changes: [], seen: null, touched: prestateOf(slots), written: null }
}

const [vault, token, feed, own] = [
  anAddress(0x10_0001),
  anAddress(0x10_0002),
  anAddress(0x10_0003),
  anAddress(0x10_0004),
]
const regression: Regression = {
  type: 'regression',
  version: 1,
  chainId: 1,
  transactions: [frozen],
  prestate: prestateOf({ [vault]: [1, 2], [token]: [] }),
  gains: [],
  given: [],
  attackers: [],
}

test('slots are unknown where neither the frozen state nor the recorded run has them', () => {
  const recorded = [ran({ [vault]: [1, 7] })]
  expect(unfrozen([ran({ [vault]: [1, 2, 7] })], { regression, recorded })).toEqual([])
  expect(unfrozen([ran({ [vault]: [1, 9], [token]: [4] })], { regression, recorded })).toEqual([
    { address: vault, slot: aHash(9) },
    { address: token, slot: aHash(4) },
  ])
})

test('accounts are strangers where neither has them; precompiles and the code put aside are none', () => {
  const recorded = [ran({ [vault]: [] })]
  const again = [ran({ [vault]: [], [token]: [], [feed]: [], [own]: [], [anAddress(4)]: [] })]
  expect(strangers(again, { regression, recorded, own })).toEqual([feed])
})
