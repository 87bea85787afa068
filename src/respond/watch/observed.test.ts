import { expect, test } from 'vitest'
import { block } from '../../../test/harness/build.ts'
import { unknownCapabilities } from '../../chain/rpc/capabilities.ts'
import { blockFacts } from '../../facts/facts.ts'
import { keptOf, restoreArrival } from './observed.ts'

const facts = blockFacts(block({ number: 40, transactions: [] }))
const capabilities = unknownCapabilities(1, 'not probed')

test('the arrival of a block at the head is kept, that of one that was caught up with is not', () => {
  const arrivalAt = (head: number | null): number | undefined =>
    restoreArrival(keptOf(facts, { capabilities, now: 7_000, head }))?.at
  expect([arrivalAt(null), arrivalAt(40), arrivalAt(41), arrivalAt(42)]).toEqual([
    7_000,
    7_000,
    7_000,
    undefined,
  ])
})
