import fc from 'fast-check'
import { expect, test } from 'vitest'
import { aPlan } from '../../../test/harness/builders.ts'
import { breadths } from '../../model/lever.ts'
import { type Candidate, rankCandidates } from './rank.ts'

const { lever } = aPlan()

const candidate: fc.Arbitrary<Candidate> = fc
  .record({
    breadth: fc.constantFrom(...breadths),
    undo: fc.constantFrom(null, lever.undo),
    claims: fc.constantFrom(
      {},
      { liquidate: 'open', repay: 'blocked' } as const,
      { borrow: 'blocked', repay: 'open' } as const,
    ),
    attack: fc.constantFrom('stopped', 'reduced', 'not-stopped', 'not-run', 'not-reproduced') as fc.Arbitrary<
      Candidate['attack']
    >,
    saved: fc.constantFrom(0.01, 0.5, 0.9),
    leverSucceeded: fc.boolean(),
    seconds: fc.constantFrom(0, 900, 172_800),
  })
  .map(({ breadth, undo, claims, ...rest }) => ({ ...rest, lever: { ...lever, breadth, undo, claims } }))

const stops = ({ attack, leverSucceeded }: Candidate): boolean => leverSucceeded && attack === 'stopped'

test('a lever that stops the attack comes before every one that does not', () => {
  fc.assert(
    fc.property(fc.array(candidate, { minLength: 1, maxLength: 12 }), (given) => {
      const ranked = rankCandidates(given).map(stops)
      expect(ranked).toEqual([...ranked].sort((a, b) => Number(b) - Number(a)))
    }),
  )
})

test('the order does not depend on the order in which they are given, but among equals', () => {
  fc.assert(
    fc.property(fc.array(candidate, { maxLength: 12 }), (given) => {
      const key = ({ lever: { breadth, undo, claims }, ...rest }: Candidate): string =>
        JSON.stringify([
          rest.attack,
          rest.leverSucceeded,
          rest.leverSucceeded && rest.attack === 'reduced' ? rest.saved : 0,
          rest.seconds,
          breadth,
          undo === null,
          claims,
        ])
      const forwards = rankCandidates(given).map(key)
      const backwards = rankCandidates([...given].reverse()).map(key)
      expect(backwards.map(worth)).toEqual(forwards.map(worth))
    }),
  )
})

/**
 * The values that ranking may distinguish: an attack that was not run and one that was not reproduced are worth the
 * same.
 */
function worth(key: string): string {
  const [attack, leverSucceeded, ...rest] = JSON.parse(key) as [string, boolean, ...unknown[]]
  const word = leverSucceeded ? attack.replace('not-reproduced', 'not-run') : 'fails'
  return JSON.stringify([word, ...rest])
}

test('of two that stop it at once the narrower is taken', () => {
  const of = (breadth: (typeof breadths)[number]): Candidate => ({
    lever: { ...lever, breadth },
    attack: 'stopped',
    saved: 1,
    leverSucceeded: true,
    seconds: 0,
  })
  const ranked = rankCandidates([of('system'), of('operation'), of('market')])
  expect(ranked.map((item) => item.lever.breadth)).toEqual(['operation', 'market', 'system'])
})

const plain: Candidate = {
  lever: { ...lever, claims: {} },
  attack: 'stopped',
  saved: 1,
  leverSucceeded: true,
  seconds: 0,
}
/** The names of candidates, best first, whichever way they are given. */
function rankedNames(named: Readonly<Record<string, Candidate>>): string[] {
  const nameOf = (ranked: Candidate): string =>
    Object.entries(named).find(([, one]) => one === ranked)?.[0] ?? 'another'
  const [forwards, backwards] = [Object.values(named), Object.values(named).reverse()].map((given) =>
    rankCandidates(given).map(nameOf),
  )
  expect(backwards).toEqual(forwards)
  return forwards ?? []
}

test('of two that reduce a loss the one that saves more is better; both beat one that was not tried', () => {
  const reduces = (saved: number): Candidate => ({ ...plain, attack: 'reduced', saved })
  const untried: Candidate = { ...plain, attack: 'not-run', saved: 0 }
  expect(rankedNames({ untried, little: reduces(0.1), much: reduces(0.9) })).toEqual([
    'much',
    'little',
    'untried',
  ])
})

test('the sooner of two equal ones is better, then the one that blocks less, then the one that can be undone', () => {
  const blocking = (claims: (typeof lever)['claims']): Candidate => ({
    ...plain,
    lever: { ...lever, claims },
  })
  const open = { borrow: 'open', repay: 'open', supply: 'open' } as const
  const late = { ...blocking(open), seconds: 60 }
  const one = blocking({ ...open, borrow: 'blocked' })
  const two = blocking({ ...open, borrow: 'blocked', supply: 'blocked' })
  expect(rankedNames({ late, two, one, none: blocking(open) })).toEqual(['none', 'one', 'two', 'late'])
  const forGood = { ...plain, lever: { ...plain.lever, undo: null } }
  expect(rankedNames({ forGood, undone: plain })).toEqual(['undone', 'forGood'])
})

test('equals keep the order in which they are given', () => {
  const [a, b, c] = [{ ...plain }, { ...plain }, { ...plain }]
  const ranked = rankCandidates([a, b, c])
  expect([ranked[0] === a, ranked[1] === b, ranked[2] === c]).toEqual([true, true, true])
})

test('one that leaves people liquidatable and helpless comes after one that does not', () => {
  const of = (claims: (typeof lever)['claims']): Candidate => ({
    lever: { ...lever, claims },
    attack: 'stopped',
    saved: 1,
    leverSucceeded: true,
    seconds: 0,
  })
  const cruel = of({ liquidate: 'open', repay: 'blocked' })
  const fair = of({ liquidate: 'blocked', repay: 'blocked' })
  expect(rankCandidates([cruel, fair])).toEqual([fair, cruel])
})
