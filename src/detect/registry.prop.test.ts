import fc from 'fast-check'
import { expect, test } from 'vitest'
import { accounts, hostileTransactions } from '../../test/harness/arbitrary.ts'
import { block, type TransactionParts } from '../../test/harness/build.ts'
import { everything, protecting } from '../../test/harness/detect.ts'
import { blockFacts } from '../facts/facts.ts'
import { alertsOf } from '../incidents/alerts.ts'
import type { Scope } from '../model/detector.ts'
import type { BlockFacts } from '../model/fact.ts'
import { findingSchema } from '../model/finding.ts'
import { createEngine, type Engine, evaluateBlock, finalize, rollback } from './engine/engine.ts'
import { detectors } from './registry.ts'

/*
 * The properties of every registered detector, on blocks with arbitrary claims: tokens that lie, keep fees or rebase,
 * no logs, amounts of 2^256 − 1, selectors called by the wrong contract.
 */

const scopes: readonly Scope[] = [protecting(accounts[0], accounts[2]), everything]
const options = {
  'wallet-sweep': { minAssets: 2 },
  'approval-drain': { minOwners: 2 },
  preparation: { sources: [accounts[5]] },
  activity: { bucketSeconds: 12, minBuckets: 100 },
}
const optionsFor = (ids: readonly string[]): Record<string, unknown> =>
  Object.fromEntries(Object.entries(options).filter(([id]) => ids.includes(id)))

type Told = { transactions: readonly TransactionParts[]; logs: 'frames' | 'receipts' | 'none'; bare: boolean }
const told: fc.Arbitrary<Told> = fc.record({
  transactions: hostileTransactions,
  logs: fc.constantFrom('frames', 'frames', 'receipts', 'none'),
  bare: fc.nat(9).map((n) => n === 0),
})
const chain = fc.array(told, { minLength: 1, maxLength: 8 })

const factsOf = ({ transactions, logs, bare }: Told, number: number, fork = ''): BlockFacts =>
  blockFacts(
    block({
      number,
      fork,
      logs,
      traces: bare ? 'none' : 'callTracer',
      transactions: transactions.map((tx, i) => ({ ...tx, name: `${fork}${number}/${i}` })),
    }),
  )
const at = ({ bundle }: BlockFacts) => ({ number: bundle.number, hash: bundle.hash })
const statesOf = ({ cells }: Engine): unknown[] => cells.map(({ state }) => state)

test.each(detectors.map((detector) => [detector.id, detector] as const))(
  '%s: a checkpoint, a reorg and a replay leave it as an uninterrupted run, and nothing makes it throw',
  (id, detector) => {
    fc.assert(
      fc.property(chain, chain, fc.nat(8), fc.constantFrom(...scopes), (kept, removed, final, scope) => {
        const fresh = (): Engine => createEngine({ detectors: [detector], scope, options: optionsFor([id]) })
        const canonical = kept.map((it, i) => factsOf(it, i + 1))
        const forked = removed.map((it, i) => factsOf(it, Math.min(final, kept.length) + i + 1, 'fork '))
        const [whole, broken] = [fresh(), fresh()]
        const findings = canonical.map((facts) => evaluateBlock(whole, facts))
        const early = canonical.slice(0, final)
        const seen = early.map((facts) => evaluateBlock(broken, facts))
        const last = early.at(-1)
        if (last !== undefined) finalize(broken, at(last))
        for (const facts of forked) evaluateBlock(broken, facts)
        rollback(broken, last === undefined ? { number: 0, hash: null } : at(last))
        const late = canonical.slice(final).map((facts) => evaluateBlock(broken, facts))
        expect([...seen, ...late]).toEqual(findings)
        expect(statesOf(broken)).toEqual(statesOf(whole))
        for (const finding of findings.flat()) expect(() => findingSchema.parse(finding)).not.toThrow()
      }),
      { seed: 61, numRuns: 80 },
    )
  },
)

test('the order in which detectors are listed changes no alert', () => {
  const shuffled = fc.shuffledSubarray([...detectors], { minLength: detectors.length })
  const spoken = new Set<string>()
  fc.assert(
    fc.property(chain, shuffled, fc.constantFrom(...scopes), (blocks, order, scope) => {
      const alertsIn = (list: typeof detectors): ReturnType<typeof alertsOf> => {
        const engine = createEngine({ detectors: list, scope, options })
        return blocks
          .flatMap((it, i) => alertsOf(evaluateBlock(engine, factsOf(it, i + 1))))
          .sort((a, b) => (a.fingerprint < b.fingerprint ? -1 : 1))
      }
      const alerts = alertsIn(detectors)
      expect(alertsIn(order)).toEqual(alerts)
      for (const { findings } of alerts) for (const { detector } of findings) spoken.add(detector)
    }),
    { seed: 62, numRuns: 150 },
  )
  // The blocks are not so odd that no detector reports anything.
  expect([...spoken]).toEqual(
    expect.arrayContaining(['arbitrary-call', 'control-takeover', 'drain', 'signature']),
  )
})
