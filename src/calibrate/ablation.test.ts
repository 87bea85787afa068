import { expect, test } from 'vitest'
import { attackLabel, evenCalibration, judged, judgement } from '../../test/harness/judged.ts'
import { ablations } from './ablation.ts'

const found = ablations(
  judgement(
    [
      judged('one', {
        label: attackLabel('a'),
        words: [
          { detector: 'drain', severity: 'low', confidence: 0.3 },
          { detector: 'learned', layer: 'invariant', severity: 'high', confidence: 0.8 },
        ],
      }),
      judged('two', { label: attackLabel('b'), words: [{ detector: 'drain', severity: 'high' }] }),
      judged('three', { words: [{ detector: 'learned', layer: 'invariant', severity: 'medium' }] }),
    ],
    2,
  ),
  evenCalibration,
)
const without = (name: string) =>
  found.find(({ without }) => Object.values(without).includes(name)) ?? expect.fail(name)

test('with nothing left out it is what was said', () => {
  expect(without('nothing')).toMatchObject({
    recall: { successes: 2, n: 2 },
    falsePositiveRate: { successes: 1, n: 3 },
    paging: { recall: { successes: 2 }, falsePositiveRate: { successes: 1 } },
  })
})

test('without a layer go its attacks and its false alarms, and what others said weighs as before', () => {
  expect(without('invariant')).toMatchObject({
    recall: { successes: 1 },
    falsePositiveRate: { successes: 0, n: 3 },
    paging: { recall: { successes: 1 } },
  })
  expect(without('pattern')).toMatchObject({ recall: { successes: 1 }, falsePositiveRate: { successes: 1 } })
  expect(without('invariant').area.auc).toBe(1)
  // one attack is silent then, like both benign ones, and below the false alarm
  expect(without('pattern').area.auc).toBeCloseTo((3 + 0 + 1) / 6)
})

test('each layer and each detector that spoke is left out once', () => {
  expect(found.map(({ without }) => Object.values(without).at(-1))).toEqual([
    'nothing',
    'pattern',
    'invariant',
    'baseline',
    'preparation',
    'drain',
    'learned',
  ])
})
