import fc from 'fast-check'
import { expect, test } from 'vitest'
import { anAddress } from '../../test/harness/builders.ts'
import { type AccountLoss, claimsOf, flawIn, shareOut } from './claims.ts'

const loss: fc.Arbitrary<AccountLoss> = fc.record({
  account: fc.integer({ min: 1, max: 40 }).map(anAddress),
  asset: fc.constantFrom('native' as const, anAddress(100), anAddress(101)),
  amount: fc.bigInt({ min: 1n, max: 10n ** 30n }),
})
const losses = fc.array(loss, { minLength: 1, maxLength: 60 })

test('the same losses in any order give the same root, and nothing is lost on the way', () => {
  fc.assert(
    fc.property(losses, (given) => {
      const claims = claimsOf(given)
      expect(claimsOf([...given].reverse()).root).toBe(claims.root)
      const sum = (list: readonly { amount: bigint }[]): bigint =>
        list.reduce((all, { amount }) => all + amount, 0n)
      expect(sum(claims.claims)).toBe(sum(given))
      expect(sum(claims.totals)).toBe(sum(given))
      expect(flawIn(claims)).toBeNull()
    }),
    { numRuns: 40 },
  )
})

test('a changed amount, account or proof is noticed', () => {
  fc.assert(
    fc.property(losses, fc.nat(), (given, at) => {
      const claims = claimsOf(given)
      const place = at % claims.claims.length
      const changed = (change: Partial<(typeof claims.claims)[number]>) => ({
        ...claims,
        claims: claims.claims.map((claim, i) => (i === place ? { ...claim, ...change } : claim)),
      })
      const claim = claims.claims[place]
      expect(flawIn(changed({ amount: (claim?.amount ?? 0n) + 1n }))).not.toBeNull()
      expect(flawIn(changed({ account: anAddress(99) }))).not.toBeNull()
      if (claims.claims.length > 1) expect(flawIn(changed({ proof: [] }))).not.toBeNull()
    }),
    { numRuns: 25 },
  )
})

test('what is shared out sums to the loss exactly, and nobody with more shares gets less', () => {
  const shares = fc.array(fc.bigInt({ min: 0n, max: 10n ** 24n }), { minLength: 1, maxLength: 40 })
  fc.assert(
    fc.property(shares, fc.bigInt({ min: 1n, max: 10n ** 24n }), (given, amount) => {
      fc.pre(given.some((share) => share > 0n))
      const holders = new Map(given.map((share, i) => [anAddress(i + 1), share]))
      const shared = shareOut({ holders, asset: 'native', amount })
      expect(shared.reduce((sum, part) => sum + part.amount, 0n)).toBe(amount)
      const of = new Map(shared.map((part) => [part.account, part.amount]))
      for (const [a, more] of holders)
        for (const [b, less] of holders)
          if (more > less + 10n ** 18n) expect((of.get(a) ?? 0n) + 1n >= (of.get(b) ?? 0n)).toBe(true)
    }),
    { numRuns: 30 },
  )
})

test('a loss of nothing, of nobody, or beyond a uint256 is refused with its place', () => {
  const good = { account: anAddress(1), asset: 'native' as const, amount: 1n }
  const zero = `0x${'0'.repeat(40)}` as const
  for (const bad of [{ amount: 0n }, { amount: -1n }, { amount: 2n ** 256n }, { account: zero }])
    expect(() => claimsOf([good, { ...good, ...bad }])).toThrow(/place: 2/)
  expect(() => claimsOf([])).toThrow(/nothing to claim/)
})
