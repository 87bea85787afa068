import { expect, test } from 'vitest'
import type { CallNode, TransactionParts } from '../../../../test/harness/build.ts'
import { address, block, call, data, log, pay, pull, topicOf, word } from '../../../../test/harness/build.ts'
import { everything, protecting } from '../../../../test/harness/detect.ts'
import { blockFacts } from '../../../facts/facts.ts'
import { assert } from '../../../kit/assert.ts'
import type { Scope } from '../../../model/detector.ts'
import type { BlockFacts, TransactionFacts } from '../../../model/fact.ts'
import type { Finding } from '../../../model/finding.ts'
import type { Address, Hex } from '../../../model/hex.ts'
import { actorCluster } from '../../lib/actors.ts'
import { buildFinding } from '../../lib/build-finding.ts'
import { changesOf } from '../../lib/flows.ts'
import { looksLikeMev } from './mev.ts'
import { reweigh } from './reweigh.ts'

const eoa = address('eoa')
const bot = address('bot')
const one = address('pool one')
const two = address('pool two')
const vault = address('vault')
const market = address('market')
const lender = address('flash lender')
const dai = address('dai')
const weth = address('weth')
const owner = address('owner')
const RUN = '0xc0406226'

type Side = [Address, bigint]
const swap = (pool: Address, trader: Address, [assetIn, paid]: Side, [assetOut, got]: Side): CallNode =>
  call(
    pool,
    { input: data('0x022c0d9f', got, 0n, trader) },
    pull(assetIn, { from: trader, to: pool, amount: paid }),
    pay(assetOut, { from: pool, to: trader, amount: got }),
  )
const run = (...inner: CallNode[]): TransactionParts => ({
  from: eoa,
  root: call(bot, { input: RUN }, ...inner),
})
const cycle = [swap(one, bot, [weth, 100n], [dai, 900n]), swap(two, bot, [dai, 900n], [weth, 110n])]
const facts = (...transactions: TransactionParts[]): BlockFacts => blockFacts(block({ transactions }))
const txAt = (in_: BlockFacts, n: number): TransactionFacts => {
  const tx = in_.transactions[n]
  assert(tx !== undefined, 'the block has that many transactions')
  return tx
}
const kindOf = (in_: BlockFacts, n = 0, scope: Scope = everything) =>
  looksLikeMev(txAt(in_, n), { scope, block: in_.transactions })

test('a closed cycle through two pools is arbitrage', () => {
  expect(kindOf(facts(run(...cycle)))).toBe('arbitrage')
})

test('a way that does not close, or goes there and back through one pool, is none', () => {
  expect(kindOf(facts(run(...cycle.slice(0, 1))))).toBe(null)
  const back = swap(one, bot, [dai, 900n], [weth, 99n])
  expect(kindOf(facts(run(...cycle.slice(0, 1), back)))).toBe(null)
  expect(kindOf(facts(run(...cycle, swap(one, bot, [dai, 9n], [weth, 1n]))))).toBe(null)
})

test('a cycle beside which a vault pays the actors, or anybody only loses, is none', () => {
  const gift = call(vault, { input: '0x3d18b912' }, pay(dai, { from: vault, to: bot, amount: 5n }))
  const theft = call(vault, { input: '0x3d18b912' }, pay(dai, { from: vault, to: owner, amount: 5n }))
  expect(kindOf(facts(run(...cycle, gift)))).toBe(null)
  expect(kindOf(facts(run(...cycle, theft)))).toBe(null)
})

/** Every account trades through a contract of its own. */
const viaOwn = (from: Address, act: (contract: Address) => CallNode): TransactionParts => {
  const own = address(`contract of ${from}`)
  return { from, root: call(own, { input: RUN }, act(own)) }
}
const buy = (from: Address): TransactionParts =>
  viaOwn(from, (it) => swap(one, it, [weth, 100n], [dai, 900n]))
const sell = (from: Address): TransactionParts =>
  viaOwn(from, (it) => swap(one, it, [dai, 900n], [weth, 101n]))

test('both ends of a sandwich are told by the trade between them', () => {
  const sandwich = facts(buy(eoa), buy(owner), sell(eoa))
  expect([0, 1, 2].map((n) => kindOf(sandwich, n))).toEqual(['sandwich', null, 'sandwich'])
  expect([0, 1].map((n) => kindOf(facts(buy(eoa), sell(eoa)), n))).toEqual([null, null])
  expect([0, 2].map((n) => kindOf(facts(buy(eoa), sell(owner), sell(eoa)), n))).toEqual([null, null])
})

const LIQUIDATION: Hex = '0xe413a321e8681d831f4dbccbca790d2952b56f977908e45be37335533e005286'
const liquidate = (of: Address, repaid: bigint): CallNode =>
  call(
    market,
    { input: data('0x00a718a9', weth, dai, of, 100n, 0n) },
    pull(dai, { from: bot, to: market, amount: 100n }),
    pay(weth, { from: market, to: bot, amount: 110n }),
    log(
      market,
      [LIQUIDATION, topicOf(weth), topicOf(dai), topicOf(of)],
      `0x${word(repaid)}${word(110n)}${word(bot)}${word(0n)}`,
    ),
  )

test('a stranger’s liquidation, repaid, is one; one’s own, or one for nothing, or with a payment beside it, is not', () => {
  expect(kindOf(facts(run(liquidate(owner, 100n))))).toBe('liquidation')
  expect(kindOf(facts(run(liquidate(eoa, 100n))))).toBe(null)
  expect(kindOf(facts(run(liquidate(owner, 0n))))).toBe(null)
  const gift = call(vault, { input: '0x3d18b912' }, pay(dai, { from: vault, to: bot, amount: 5n }))
  expect(kindOf(facts(run(liquidate(owner, 100n), gift)))).toBe(null)
})

function finding(in_: BlockFacts, victim: Address, scope: Scope): Finding {
  const tx = txAt(in_, 0)
  const actors = actorCluster(tx, scope)
  return buildFinding(tx, in_.bundle, {
    detector: 'any',
    severity: 'critical',
    confidence: 0.88,
    categories: ['drain'],
    protected: scope.kind === 'contracts' ? [victim] : [],
    victims: [victim],
    actors: [...actors],
    profit: changesOf(tx, actors).profit,
    loss: changesOf(tx, [victim]).loss,
    evidence: [],
    message: 'something',
  })
}
const weigh = (in_: BlockFacts, victim: Address, { scope = everything as Scope, yieldsToMev = true } = {}) =>
  reweigh([{ finding: finding(in_, victim, scope), yieldsToMev }], in_, scope)

test('a detector that yields is believed half, in a low voice, and says why', () => {
  expect(weigh(facts(run(...cycle)), one)).toMatchObject([
    {
      confidence: 0.44,
      severity: 'low',
      evidence: [{ statement: 'the transaction looks like an arbitrage cycle: half as sure' }],
    },
  ])
})

test('a detector that does not yield, and a transaction that is no such thing, keep their weight', () => {
  expect(weigh(facts(run(...cycle)), one, { yieldsToMev: false })).toMatchObject([
    { confidence: 0.88, severity: 'critical' },
  ])
  expect(weigh(facts(run(...cycle.slice(0, 1))), one)).toMatchObject([
    { confidence: 0.88, severity: 'critical' },
  ])
})

test('nothing is said where protected contracts lost nothing; a protected pool that traded did', () => {
  expect(weigh(facts(run(...cycle)), vault, { scope: protecting(vault) })).toEqual([])
  expect(weigh(facts(run(...cycle)), one, { scope: protecting(one) })).toMatchObject([{ confidence: 0.44 }])
})

/** Lent, called back, paid back; the vault pays for nothing meanwhile. */
const loan = (back: bigint, ...during: CallNode[]): CallNode =>
  call(
    lender,
    { input: data('0x5cffe9de', bot, dai, 1_000n) },
    pay(dai, { from: lender, to: bot, amount: 1_000n }),
    call(bot, { input: '0x23e30c8b' }, ...during),
    pull(dai, { from: bot, to: lender, amount: back }),
  )
const theft = call(vault, { input: '0x3d18b912' }, pay(weth, { from: vault, to: bot, amount: 5n }))

test('a loan that was given back makes a rule a little surer and no louder, and is evidence', () => {
  const [found] = weigh(facts(run(loan(1_001n, theft))), vault)
  expect(found?.confidence).toBeCloseTo(0.93)
  expect(found).toMatchObject({
    severity: 'critical',
    evidence: [{ statement: `funded by a flash loan of 1000 of ${dai} from ${lender}` }],
  })
})

test('without a loan, or without a loss, nothing changes', () => {
  expect(weigh(facts(run(theft)), vault)).toMatchObject([{ confidence: 0.88, evidence: [] }])
  expect(weigh(facts(run(loan(1_001n, theft))), owner)).toMatchObject([{ confidence: 0.88, evidence: [] }])
})

test('a finding about no transaction of the block is handed on as it is', () => {
  const in_ = facts(run(theft))
  const strange = { ...finding(in_, vault, everything), transactionHash: `0x${'9'.repeat(64)}` as Hex }
  expect(reweigh([{ finding: strange, yieldsToMev: true }], in_, everything)).toEqual([strange])
})
