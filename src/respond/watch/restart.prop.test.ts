import fc from 'fast-check'
import { expect, test } from 'vitest'
import { accounts, hostileTransactions } from '../../../test/harness/arbitrary.ts'
import { block, type TransactionParts } from '../../../test/harness/build.ts'
import { everything, protecting } from '../../../test/harness/detect.ts'
import { engineFor, expectSameAtEachCut, throughBytes } from '../../../test/harness/restart.ts'
import {
  createEngine,
  type Engine,
  evaluateBlock,
  finalize,
  surprisesOf,
} from '../../detect/engine/engine.ts'
import { detectors } from '../../detect/registry.ts'
import { blockFacts } from '../../facts/facts.ts'
import type { Detector, Scope } from '../../model/detector.ts'
import type { BlockFacts } from '../../model/fact.ts'

/*
 * Restart equals no restart, for every registered detector, on blocks with arbitrary claims: the process may die at any
 * block, the stored state is bytes, and the findings on later blocks are the same.
 */

const scopes: readonly Scope[] = [protecting(accounts[0], accounts[2]), everything]
const optionsOf: Readonly<Record<string, unknown>> = {
  'wallet-sweep': { minAssets: 2 },
  'approval-drain': { minOwners: 2 },
  preparation: { sources: [accounts[5]] },
  activity: { bucketSeconds: 12, minBuckets: 100 },
}

const chain = fc.array(hostileTransactions, { minLength: 2, maxLength: 10 })

function factsOf(transactions: readonly TransactionParts[], number: number): BlockFacts {
  const named = transactions.map((tx, i) => ({ ...tx, name: `${number}/${i}` }))
  return blockFacts(block({ number, transactions: named }))
}

async function assertSame(detector: Detector, blocks: readonly BlockFacts[], scope: Scope): Promise<void> {
  const options = detector.id in optionsOf ? { [detector.id]: optionsOf[detector.id] } : {}
  const fresh = (): Engine => createEngine({ detectors: [detector], scope, options })
  const judge = (engine: Engine, facts: BlockFacts): unknown => ({
    findings: evaluateBlock(engine, facts),
    surprises: surprisesOf(engine),
  })
  const whole = fresh()
  const expected = blocks.map((facts) => judge(whole, facts))
  const final = Math.floor(blocks.length / 2)
  const dying = fresh()
  for (const [i, facts] of blocks.entries()) {
    judge(dying, facts)
    if (i === final) finalize(dying, { number: facts.bundle.number, hash: facts.bundle.hash })
  }
  const restarted = fresh()
  await throughBytes(dying, restarted)
  const again = blocks.slice(final + 1).map((facts) => judge(restarted, facts))
  expect(again).toEqual(expected.slice(final + 1))
  expect(restarted.cells[0]?.state).toEqual(whole.cells[0]?.state)
}

test.each(detectors.map((detector) => [detector.id, detector] as const))(
  '%s: killed and started again from the last final block, it says what it would have said',
  async (_id, detector) => {
    await fc.assert(
      fc.asyncProperty(chain, fc.constantFrom(...scopes), async (contents, scope) => {
        const blocks = contents.map((transactions, i) => factsOf(transactions, i + 1))
        await assertSame(detector, blocks, scope)
      }),
      { seed: 63, numRuns: 60 },
    )
  },
)

test('all detectors together, cut at any block, say the same findings and the same surprises', async () => {
  await fc.assert(
    fc.asyncProperty(chain, fc.nat(9), fc.constantFrom(...scopes), async (contents, cut, scope) => {
      const blocks = contents.map((transactions, i) => factsOf(transactions, i + 1))
      await expectSameAtEachCut(blocks, [Math.min(cut, blocks.length)], () => engineFor(scope, optionsOf))
    }),
    { seed: 64, numRuns: 60 },
  )
})
