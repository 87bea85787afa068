import fc from 'fast-check'
import { expect, test } from 'vitest'
import { address, call, data, transaction } from '../../../../test/harness/build.ts'
import { blockFacts } from '../../../facts/facts.ts'
import type { BlockBundle } from '../../../model/block.ts'
import type { Scope } from '../../../model/detector.ts'
import type { Finding } from '../../../model/finding.ts'
import type { Address, Hex } from '../../../model/hex.ts'
import { type InvariantState, invariants } from './invariants.ts'

const [one, other, stranger, user] = ['one', 'other', 'stranger', 'user'].map(address) as [
  Address,
  Address,
  Address,
  Address,
]
const SELECTORS: readonly Hex[] = ['0x00000001', '0x00000002', '0x00000003']
const scope: Scope = { kind: 'contracts', addresses: new Set([one, other]) }
const options = invariants.options.parse({
  maxFalseRate: 0.5,
  protocols: [
    { name: 'one', addresses: [one] },
    { name: 'other', addresses: [other] },
  ],
})

type Plan = { protocol: Address; calls: { selector: Hex; value: bigint; nested: boolean }[] }

const plan = (protocol: Address): fc.Arbitrary<Plan> =>
  fc.record({
    protocol: fc.constant(protocol),
    calls: fc.array(
      fc.record({
        selector: fc.constantFrom(...SELECTORS),
        value: fc.bigInt({ min: 0n, max: 10n ** 20n }),
        nested: fc.boolean(),
      }),
      { minLength: 1, maxLength: 3 },
    ),
  })
const plans = fc.array(fc.oneof(plan(one), plan(other)), { minLength: 1, maxLength: 60 })

function bundle({ protocol, calls }: Plan, number: number): BlockBundle {
  const inner = calls.map(({ selector, value, nested }) => {
    const back = nested ? [call(stranger, {}, call(protocol, { input: data(selector) }))] : []
    return call(protocol, { input: data(selector), value }, ...back)
  })
  return transaction({ number, from: user, root: call(stranger, { input: '0x01020304' }, ...inner) })
}

function see(state: InvariantState, bundles: readonly BlockBundle[]): Finding[] {
  return bundles.flatMap((it) =>
    invariants.evaluate({ facts: blockFacts(it), scope, suspects: new Set() }, state, options),
  )
}

test('a snapshot taken anywhere and gone on from equals an uninterrupted run, and is not changed by it', () => {
  fc.assert(
    fc.property(plans, fc.nat(60), (list, cut) => {
      const bundles = list.map((it, i) => bundle(it, i + 1))
      const whole = invariants.init(options)
      const findings = see(whole, bundles)
      const first = invariants.init(options)
      const early = see(first, bundles.slice(0, cut))
      const copy = invariants.snapshot(first)
      const frozen = structuredClone(copy)
      const late = see(first, bundles.slice(cut))
      expect([...early, ...late]).toEqual(findings)
      expect(copy).toEqual(frozen)
      expect(see(copy, bundles.slice(cut))).toEqual(late)
      expect(copy).toEqual(whole)
    }),
    { numRuns: 60 },
  )
})

test('the order in which unrelated protocols are used changes nothing', () => {
  fc.assert(
    fc.property(plans, (list) => {
      const bundles = list.map((it, i) => ({ ...bundle(it, i + 1), protocol: it.protocol }))
      const mixed = invariants.init(options)
      const parted = invariants.init(options)
      const findings = see(mixed, bundles)
      const rest = bundles.filter(({ protocol }) => protocol === other)
      const apart = see(parted, [...bundles.filter(({ protocol }) => protocol === one), ...rest])
      expect(parted).toEqual(mixed)
      expect(new Set(apart.map(({ fingerprint }) => fingerprint))).toEqual(
        new Set(findings.map(({ fingerprint }) => fingerprint)),
      )
    }),
    { numRuns: 60 },
  )
})

test('what was just learned breaks nothing', () => {
  fc.assert(
    fc.property(plans, plan(one), (list, last) => {
      const state = invariants.init(options)
      see(
        state,
        list.map((it, i) => bundle(it, i + 1)),
      )
      const told = see(state, [bundle(last, 100)])
      if (told.length === 0) expect(see(state, [bundle(last, 101)])).toEqual([])
    }),
    { numRuns: 100 },
  )
})
