import { expect, test } from 'vitest'
import { block } from '../../../test/harness/build.ts'
import { blockFacts } from '../../facts/facts.ts'
import { emptySignals, noteSignal, withSignals } from './signals.ts'

const facts = blockFacts(block({ number: 100, transactions: [] }))
const ref = (number: number) => ({ number, hash: null })

test('a reorg, a disagreement and finality are told with the next block, and only with that one', () => {
  const memory = emptySignals()
  expect(withSignals(facts, memory).network).toEqual({ reorgDepth: 0, disagreement: 0 })
  noteSignal(memory, { kind: 'reorg', ancestor: ref(97), removed: [ref(99), ref(98)] })
  noteSignal(memory, {
    kind: 'notice',
    notice: { code: 'endpoints-disagree', message: 'they differ', facts: {} },
  })
  noteSignal(memory, { kind: 'finalized', block: ref(40) })
  expect(withSignals(facts, memory).network).toEqual({ reorgDepth: 2, disagreement: 1, finalityLag: 60 })
  expect(withSignals(facts, memory).network).toEqual({ reorgDepth: 0, disagreement: 0, finalityLag: 60 })
})
