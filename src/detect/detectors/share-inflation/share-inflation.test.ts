import { expect, test } from 'vitest'
import { type Act, buyShares, redeem, usdc, vault, vaultScope } from '../../../../test/harness/acts.ts'
import { address, block, call, create, pay, pull, transferLog } from '../../../../test/harness/build.ts'
import { blockFacts } from '../../../facts/facts.ts'
import type { Scope } from '../../../model/detector.ts'
import type { Finding } from '../../../model/finding.ts'
import type { Address } from '../../../model/hex.ts'
import { createEngine, evaluateSettled } from '../../engine/engine.ts'
import { shareInflation } from './share-inflation.ts'

const [thief, saver, other] = [address('thief'), address('saver'), address('other')]

/** An amount sent to the vault without a call of it. */
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

/** Everything in one transaction, on a market whose shares come from itself and go back to itself, as Compound's do. */
const market = address('market')
function inOne({ giver = thief, given = 1_000n, lent = 500n, to = thief } = {}): string[] {
  const shares = (from: Address, to: Address, amount: bigint) => transferLog(vault, { from, to, amount })
  const act: Act = {
    from: thief,
    root: call(
      thief,
      { input: '0xc0406226' },
      call(
        vault,
        { input: '0xa0712d68' },
        pull(usdc, { from: thief, to: vault, amount: 2n }),
        shares(vault, thief, 2n),
      ),
      pay(usdc, { from: giver, to: vault, amount: given }),
      call(market, { input: '0xc5ebeaec' }, pay(usdc, { from: market, to, amount: lent })),
      call(
        vault,
        { input: '0x852a12e3' },
        pay(usdc, { from: vault, to: thief, amount: given }),
        shares(thief, vault, 1n),
      ),
    ),
  }
  const scope: Scope = { kind: 'contracts', addresses: new Set([vault, market]) }
  const engine = createEngine({ detectors: [shareInflation], scope })
  return evaluateSettled(engine, blockFacts(block({ number: 1, transactions: [act] }))).map(
    ({ severity, victims }) => `${severity} ${victims.map((it) => (it === market ? 'market' : 'vault'))}`,
  )
}

test('in one transaction: a loan on shares that a gift made dear, and the gift taken back', () => {
  expect(inOne()).toEqual(['critical vault,market'])
})

test.each([
  ['nobody lends', { lent: 0n }],
  ['what is lent goes to somebody else', { to: saver }],
  ['somebody else gives', { giver: other, lent: 0n }],
  ['the gift makes no share dearer', { given: 1n }],
])('in one transaction, but %s: nothing is said', (_, parts) => {
  expect(inOne(parts)).toEqual([])
})
