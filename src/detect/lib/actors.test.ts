import { expect, test } from 'vitest'
import { address, type CallNode, call, create, data, pay, transaction } from '../../../test/harness/build.ts'
import { everything, protecting } from '../../../test/harness/detect.ts'
import { blockFacts } from '../../facts/facts.ts'
import type { Scope } from '../../model/detector.ts'
import type { Address } from '../../model/hex.ts'
import { actorCluster } from './actors.ts'

const [eoa, vault, usdc, lender, attack] = ['eoa', 'vault', 'usdc', 'lender', 'attack'].map(address) as [
  Address,
  Address,
  Address,
  Address,
  Address,
]
const RUN = '0xc0406226'

function actors(root: CallNode, scope: Scope = protecting(vault)): string[] {
  const [tx] = blockFacts(transaction({ from: eoa, root })).transactions
  return tx === undefined ? [] : [...actorCluster(tx, scope)]
}
const withdraw = (to: Address, amount = 100n): CallNode =>
  call(vault, { input: data('0x69328dec', usdc, amount, to) }, pay(usdc, { from: vault, to, amount }))
const through = (inner: CallNode, ...contracts: Address[]): CallNode =>
  contracts.reduceRight((node, contract) => call(contract, { input: RUN }, node), inner)

test('every forwarding contract between the sender and the victim acts with the sender', () => {
  const chain = ['one', 'two', 'three'].map(address)
  const found = actors(through(withdraw(attack), ...chain, attack))
  expect(new Set(found)).toEqual(new Set([eoa, ...chain, attack]))
})

test('a forwarder that calls others too, or writes any log, is a forwarder all the same', () => {
  const noise = call(address('somebody'), { input: RUN })
  const found = actors(
    call(address('one'), { input: RUN }, noise, call(attack, { input: RUN }, withdraw(attack))),
  )
  expect(found).toContain(attack)
  expect(found).not.toContain(address('somebody'))
})

test('a lender that only gives control back to who borrowed is none of them', () => {
  const loan = call(lender, { input: RUN }, call(attack, { input: '0x23e30c8b' }, withdraw(attack)))
  const found = actors(through(loan, address('one'), attack))
  expect(found).toContain(attack)
  expect(found).not.toContain(lender)
})

test('what a protected contract calls on its own is not the sender’s', () => {
  const strategy = address('strategy')
  const back = call(strategy, { input: RUN }, call(vault, { input: RUN }))
  expect(actors(call(attack, { input: RUN }, call(vault, { input: RUN }, back)))).not.toContain(strategy)
})

test('a helper that was created on the way acts too, however deep', () => {
  const helper = address('helper')
  const root = call(
    attack,
    { input: RUN },
    create(helper, { type: 'CREATE2' }),
    call(helper, { input: RUN }, withdraw(helper)),
  )
  expect(actors(through(root, address('one')))).toContain(helper)
})

test('whoever ends with it acts with them: a fresh address that was named or paid', () => {
  const fresh = address('fresh')
  expect(actors(through(withdraw(fresh), address('one'), attack))).toContain(fresh)
  const passedOn = call(
    attack,
    { input: RUN },
    withdraw(attack),
    pay(usdc, { from: attack, to: fresh, amount: 100n }),
  )
  expect(actors(through(passedOn, address('one')))).toContain(fresh)
})

test('who gets a hundredth of it, or made the block, is not made to look guilty', () => {
  const root = call(
    attack,
    { input: RUN },
    withdraw(attack),
    pay(usdc, { from: attack, to: address('bystander'), amount: 1n }),
  )
  expect(actors(root)).not.toContain(address('bystander'))
  const tip = call(attack, { input: RUN }, withdraw(attack), call(address('producer'), { value: 5n }))
  const [tx] = blockFacts({
    ...transaction({ from: eoa, root: tip }),
    miner: address('producer'),
  }).transactions
  expect(tx === undefined ? [] : [...actorCluster(tx, protecting(vault))]).not.toContain(address('producer'))
})

test('with nothing named the way leads to whoever is poorer, and who lost is nobody’s helper', () => {
  const found = actors(through(withdraw(attack), address('one'), attack), everything)
  expect(found).toContain(attack)
  expect(found).not.toContain(vault)
})
