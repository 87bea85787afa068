import { expect, test } from 'vitest'
import { address, call, data, delegate, transaction } from '../../../../test/harness/build.ts'
import { askAbout, everything, protecting } from '../../../../test/harness/detect.ts'
import { blockFacts } from '../../../facts/facts.ts'
import { createEngine, evaluateBlock } from '../../engine/engine.ts'
import { safeSpoof } from './safe-spoof.ts'

const owner = address('owner')
const safe = address('safe')
const MULTISEND_141 = '0x38869bf66a61cf6bdb996a6ae40d5853fd43b526'
const exec = (to: `0x${string}`, operation: bigint) =>
  call(safe, { input: data('0x6a761202', to, 0n, 320n, operation) }, delegate(to, '0xdeadbeef'))

test('a protected Safe that runs unlisted code as its own is flagged', () => {
  expect(
    askAbout(safeSpoof, protecting(safe), { from: owner, root: exec(address('evil'), 1n) }),
  ).toMatchObject([{ severity: 'high', protected: [safe] }])
})

test('MultiSend, an ordinary call, and Safes that nobody named are not', () => {
  expect(askAbout(safeSpoof, protecting(safe), { from: owner, root: exec(MULTISEND_141, 1n) })).toEqual([])
  expect(askAbout(safeSpoof, protecting(safe), { from: owner, root: exec(address('vault'), 0n) })).toEqual([])
  expect(askAbout(safeSpoof, everything, { from: owner, root: exec(address('evil'), 1n) })).toEqual([])
})

test('a migration library that was put on the list is not; before that it is flagged', () => {
  const migration = address('migration library')
  const engineWith = (allowed: readonly string[]) =>
    createEngine({ detectors: [safeSpoof], scope: protecting(safe), options: { 'safe-spoof': { allowed } } })
  const facts = blockFacts(transaction({ from: owner, root: exec(migration, 1n) }))
  expect(evaluateBlock(engineWith([migration]), facts)).toEqual([])
  expect(evaluateBlock(engineWith([MULTISEND_141]), facts)).toHaveLength(1)
})
