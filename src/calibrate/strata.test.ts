import { expect, test } from 'vitest'
import { attackLabel, judged, judgement, pot } from '../../test/harness/judged.ts'
import type { Judgement } from './judged.ts'
import { strata } from './strata.ts'

const loud = [{ severity: 'high' as const }]
const rows = [
  judged('a', { label: attackLabel('a'), size: 'complex', words: loud }),
  judged('b', { label: attackLabel('b'), chainId: 56 }),
  judged('c', { size: 'complex', mev: true, words: loud, file: 'known.ndjson' }),
  judged('d', { words: loud, train: true }),
]
const silent = { file: 'new.ndjson', chainId: 1, mev: false, train: false }
const open: Judgement = {
  ...judgement(rows),
  silent: { train: 0, test: 40 },
  silentKinds: [
    { ...silent, size: 'simple', count: 30 },
    { ...silent, size: 'complex', mev: true, count: 9 },
    { ...silent, size: 'complex', chainId: 56, count: 1 },
  ],
}
const own: Judgement = {
  ...open,
  rows: rows.map((row) =>
    row.alert === null ? row : { ...row, alert: { ...row.alert, protected: row.mev ? [] : [pot] } },
  ),
}

/** hits/attacks and alarms/benign of each stratum */
function countsOf(
  mode: 'protected' | 'open',
  judgements: { protected: Judgement | null; open: Judgement | null },
) {
  return Object.fromEntries(
    strata({ ...judgements, calibrated: ['known.ndjson'] }).map(({ of, [mode]: rates }) => [
      Object.values(of).join(' '),
      rates === null
        ? null
        : [rates.recall, rates.falsePositiveRate].map(({ successes, n }) => `${successes}/${n}`).join(' '),
    ]),
  )
}

test('transactions are counted by size, MEV, chain and split, silent ones with them', () => {
  expect(countsOf('open', { protected: null, open })).toEqual({
    all: '1/2 1/41',
    'size simple': '0/1 0/30',
    'size complex': '1/1 1/11',
    mev: '0/0 1/10',
    'chain 1': '1/1 1/40',
    'chain 56': '0/1 0/1',
    'split held-out': '1/2 0/40',
    'split in-sample': '0/0 1/1',
    'split taught': '0/0 1/1',
  })
})

test('with contracts protected, an alert counts only if it concerns one of them', () => {
  const counts = countsOf('protected', { protected: own, open })
  expect(counts).toMatchObject({ all: '1/2 0/41', mev: '0/0 0/10', 'size complex': '1/1 0/11' })
  expect(countsOf('open', { protected: own, open })).toMatchObject({ all: '1/2 1/41' })
})

test('a way that was not run has no rates, and strata without transactions are left out', () => {
  const few = judgement([judged('a', { label: attackLabel('a'), words: loud })])
  expect(countsOf('open', { protected: few, open: null })).toEqual({
    all: null,
    'size simple': null,
    'chain 1': null,
    'split held-out': null,
  })
})
