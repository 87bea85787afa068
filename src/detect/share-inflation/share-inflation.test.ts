import { expect, test } from 'vitest'
import { type Act, buyShares, redeem, usdc, vault, vaultScope } from '../../../test/harness/acts.ts'
import { address, block, call, create, pay } from '../../../test/harness/build.ts'
import { blockFacts } from '../../facts/facts.ts'
import type { Finding } from '../../model/finding.ts'
import { createEngine, evaluateSettled } from '../engine.ts'
import { shareInflation } from './share-inflation.ts'

const [thief, saver, other] = [address('thief'), address('saver'), address('other')]

/** What is sent to the vault without a call of it. */
const gift = (from: `0x${string}`, amount: bigint): Act => ({
  from,
  root: call(usdc, { input: '0xa9059cbb' }, pay(usdc, { from, to: vault, amount })),
})

function watch(...acts: readonly Act[]): Finding[][] {
  const engine = createEngine({ detectors: [shareInflation], scope: vaultScope })
  return acts.map((act, i) =>
    evaluateSettled(engine, blockFacts(block({ number: i + 1, transactions: [act] }))),
  )
}
const severities = (...acts: readonly Act[]): string[] =>
  watch(...acts).map((found) => found.map(({ severity }) => severity).join())

test('the saver who is rounded down, and the thief who cashes in, are told of, in transactions of their own', () => {
  const found = watch(
    buyShares(thief, 1n, 1n),
    gift(thief, 10_000n),
    buyShares(saver, 19_000n, 1n),
    redeem(thief, 14_500n, 1n),
  )
  expect(found.map((one) => one.map(({ severity }) => severity).join())).toEqual(['', '', 'high', 'critical'])
  expect(found[2]?.[0]).toMatchObject({ categories: ['donation'], victims: [vault, saver], actors: [thief] })
  expect(found[3]?.[0]?.evidence[0]?.amounts).toEqual([{ account: vault, asset: usdc, amount: 4_499n }])
})

test('many small gifts, and a vault that has savers already, do not hide it', () => {
  const gifts = Array.from({ length: 5 }, () => gift(thief, 40n))
  const acts = [
    buyShares(other, 1n, 1n),
    buyShares(thief, 9n, 9n),
    ...gifts,
    buyShares(saver, 60n, 2n),
    redeem(thief, 210n, 9n),
  ]
  expect(severities(...acts).slice(-2)).toEqual(['high', 'critical'])
})

test.each<[string, Act[]]>([
  [
    'rewards that are sent to the vault',
    [buyShares(saver, 1_000n, 1_000n), gift(other, 100n), redeem(saver, 1_100n, 1_000n)],
  ],
  ['a price that doubled without a gift', [buyShares(saver, 1_000n, 1_000n), redeem(saver, 2_000n, 1_000n)]],
  [
    'a small gift beside it',
    [buyShares(saver, 1_000n, 1_000n), gift(other, 1n), redeem(saver, 2_000n, 1_000n)],
  ],
  [
    'savers who cash in what somebody else gave',
    [buyShares(saver, 10n, 10n), gift(other, 90n), redeem(saver, 100n, 10n)],
  ],
  ['whoever takes back his own gift', [buyShares(thief, 1n, 1n), gift(thief, 100n), redeem(thief, 101n, 1n)]],
  ['the first saver of a new vault', [gift(other, 5n), buyShares(saver, 1_000n, 1_000n)]],
  ['a contract that is made', [{ from: thief, root: create(vault, {}) }]],
])('%s: nothing is said', (_, acts) => {
  expect(severities(...acts).filter((severity) => severity !== '')).toEqual([])
})
