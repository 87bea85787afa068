import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  type Act,
  birth,
  buyShares,
  deposit,
  look,
  redeem,
  reenter,
  vaultScope,
  withdraw,
} from '../../../test/harness/acts.ts'
import { address, block } from '../../../test/harness/build.ts'
import { blockFacts } from '../../facts/facts.ts'
import type { BlockFacts } from '../../model/fact.ts'
import type { Finding } from '../../model/finding.ts'
import { detectors } from '../registry.ts'
import { createEngine, type Engine, evaluateBlock, evaluatePending, finalize, rollback } from './engine.ts'

const [alice, bob, thief] = ['alice', 'bob', 'thief'].map(address) as [Act['from'], Act['from'], Act['from']]

const acts: readonly Act[] = [
  birth,
  deposit(alice, 1_000n),
  deposit(bob, 300n),
  withdraw(alice, 400n),
  withdraw(bob, 300n),
  withdraw(thief, 900n),
  buyShares(alice, 500n, 500n),
  redeem(alice, 50n, 50n),
  redeem(thief, 200n, 50n),
  look(2_000n),
  reenter(thief, 100n),
  { ...deposit(thief, 10n), nonce: 0 },
]

type Step =
  | { kind: 'block'; contents: readonly number[] }
  | { kind: 'pending'; contents: readonly number[] }
  | { kind: 'reorg'; depth: number }
  | { kind: 'finalize'; behind: number }

const contents = fc.array(fc.nat(acts.length - 1), { maxLength: 4 })
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: contents.map((contents): Step => ({ kind: 'block', contents })) },
  { weight: 1, arbitrary: contents.map((contents): Step => ({ kind: 'pending', contents })) },
  { weight: 2, arbitrary: fc.integer({ min: 1, max: 5 }).map((depth): Step => ({ kind: 'reorg', depth })) },
  { weight: 1, arbitrary: fc.nat(3).map((behind): Step => ({ kind: 'finalize', behind })) },
)

/** A canonical chain and an engine that has lived through all that happened to it. */
type World = {
  engine: Engine
  canonical: BlockFacts[]
  findings: Finding[][]
  finalised: number
  forks: number
}

const fresh = (): Engine => createEngine({ detectors, scope: vaultScope })
const factsOf = (number: number, fork: string, contents: readonly number[], pending = false): BlockFacts =>
  blockFacts(
    block({
      number,
      fork,
      pending,
      transactions: contents.map((i) => acts[i]).filter((act) => act !== undefined),
    }),
  )
const refOf = ({ bundle }: BlockFacts) => ({ number: bundle.number, hash: bundle.hash })

function take(world: World, happens: Step): void {
  const { engine, canonical, findings } = world
  const next = canonical.length + 1
  switch (happens.kind) {
    case 'block': {
      const facts = factsOf(next, `/${world.forks}`, happens.contents)
      canonical.push(facts)
      findings.push(evaluateBlock(engine, facts))
      return
    }
    case 'pending':
      evaluatePending(engine, factsOf(next, 'p', happens.contents, true))
      return
    case 'reorg': {
      const keep = Math.max(world.finalised, canonical.length - happens.depth)
      const ancestor = canonical[keep - 1]
      canonical.length = keep
      findings.length = keep
      world.forks++
      rollback(engine, ancestor === undefined ? { number: 0, hash: null } : refOf(ancestor))
      return
    }
    case 'finalize': {
      const number = canonical.length - happens.behind
      const final = canonical[number - 1]
      if (final === undefined || number < world.finalised) return
      world.finalised = number
      finalize(engine, refOf(final))
    }
  }
}

test('an engine that lived through reorgs is one that never saw the removed blocks', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 25 }), (history) => {
      const world: World = { engine: fresh(), canonical: [], findings: [], finalised: 0, forks: 0 }
      for (const happens of history) take(world, happens)
      const engine = fresh()
      const findings = world.canonical.map((facts) => evaluateBlock(engine, facts))
      expect(world.findings).toEqual(findings)
      expect(world.engine.cells.map(({ state }) => state)).toEqual(engine.cells.map(({ state }) => state))
      expect(world.engine.unfinalised.map(({ ref }) => ref)).toEqual(
        world.canonical.slice(world.finalised).map(refOf),
      )
      // The checkpoint too: a rollback to finality gives what only the final blocks give.
      rollback(world.engine, { number: world.finalised, hash: null })
      const settled = fresh()
      for (const facts of world.canonical.slice(0, world.finalised)) evaluateBlock(settled, facts)
      expect(world.engine.cells.map(({ state }) => state)).toEqual(settled.cells.map(({ state }) => state))
    }),
    { seed: 21, numRuns: 150 },
  )
})
