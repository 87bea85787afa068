import { expect, test } from 'vitest'
import {
  address,
  type CallNode,
  call,
  data,
  delegate,
  pay,
  pull,
  transaction,
} from '../../test/harness/build.ts'
import { blockFacts } from '../facts/facts.ts'
import type { Address } from '../model/hex.ts'
import { attackersOf } from './attackers.ts'
import { netChanges } from './changes.ts'

const [eve, called, vault, usdc, lender, owner] = ['eve', 'called', 'vault', 'usdc', 'lender', 'owner'].map(
  address,
) as [Address, Address, Address, Address, Address, Address]
const RUN = '0xc0406226'
type Sets = { spared?: Address[]; protect?: Address[] }

function contractsIn(root: CallNode, { spared = [], protect = [] }: Sets = {}): Address[] {
  const { transactions } = blockFacts(transaction({ from: eve, root }))
  const sets = { spared: new Set([...spared, ...protect]), protect: new Set(protect) }
  return attackersOf({ transactions, net: netChanges(transactions), ...sets }).contracts
}

const robs = pay(usdc, { from: vault, to: called, amount: 9n })
const robbery = call(called, { input: RUN }, call(vault, { input: RUN }, robs))

test('a contract through which the sender robs others is the sender’s', () => {
  expect(contractsIn(robbery)).toEqual([called])
})

test('a proxy, and a contract that calls nobody, are not: what happened is their own doing', () => {
  const input = data('0xe46dcfeb', eve)
  expect(contractsIn(call(called, { input }, delegate(vault, input)))).toEqual([])
  expect(contractsIn(call(called, { input }, call(eve, { value: 5n })))).toEqual([])
})

test('an attacker’s contract may be a proxy: it is told by what calls it back', () => {
  const input = data('0xe46dcfeb', eve)
  const callback = call(called, { input: RUN }, call(vault, { input: RUN }, robs))
  const root = call(called, { input }, delegate(vault, input, call(lender, { input: RUN }, callback)))
  expect(contractsIn(root)).toEqual([called])
})

test('a finding that calls the attacker’s tool the victim is overruled where lenders call it back, a protected contract never', () => {
  const root = call(
    called,
    { input: RUN },
    call(
      lender,
      { input: RUN },
      pay(usdc, { from: lender, to: called, amount: 9n }),
      call(called, { input: RUN }, pay(usdc, { from: called, to: lender, amount: 9n })),
    ),
  )
  expect(contractsIn(root, { spared: [called] })).toEqual([called])
  expect(contractsIn(root, { protect: [called] })).toEqual([])
  expect(contractsIn(robbery, { spared: [called] })).toEqual([])
})

test('a router that a finding calls the victim stays one: it pulled what it passed on', () => {
  const root = call(
    called,
    { input: RUN },
    pull(usdc, { from: owner, to: called, amount: 9n }),
    call(lender, { input: RUN }, call(called, { input: RUN })),
    pay(usdc, { from: called, to: eve, amount: 9n }),
  )
  expect(contractsIn(root, { spared: [called] })).toEqual([])
})
