import { expect, test } from 'vitest'
import type { CallNode, TransactionParts } from '../../../../test/harness/build.ts'
import {
  address,
  call,
  create,
  data,
  log,
  pay,
  pull,
  topicOf,
  transferLog,
  view,
  word,
  ZERO,
} from '../../../../test/harness/build.ts'
import { askAbout, protecting, watchWith } from '../../../../test/harness/detect.ts'
import { VALUATIONS } from '../../../facts/signatures.ts'
import type { Address, Hex } from '../../../model/hex.ts'
import { perpAbuse } from './perp-abuse.ts'

const market = address('market')
const engine = address('perp engine')
const fund = address('insurance fund')
const pool = address('pool')
const oracle = address('mark oracle')
const dai = address('dai')
const weth = address('weth')
const eDai = address('eDai')
const eoa = address('eoa')
const bot = address('bot')
const liquidator = address('liquidator')
const victim = address('victim')
const RUN = '0xc0406226'

/** Aave’s own event for a liquidation. */
const LIQUIDATION: Hex = '0xe413a321e8681d831f4dbccbca790d2952b56f977908e45be37335533e005286'
const liquidation = (owner: Address, by: Address): CallNode =>
  call(
    market,
    { input: data('0x00a718a9', weth, dai, owner, 100n, 0n) },
    pull(dai, { from: by, to: market, amount: 100n }),
    pay(weth, { from: market, to: by, amount: 300n }),
    log(
      market,
      [LIQUIDATION, topicOf(weth), topicOf(dai), topicOf(owner)],
      `0x${[100n, 300n].map(word).join('')}${word(by)}${word(0n)}`,
    ),
  )

/** The claims of `owner` go to `by` in a call that names the owner, by a function of no known name. */
const seizure = (owner: Address, by: Address, amount: bigint): CallNode =>
  call(
    market,
    { input: data('0xf4f31de5', owner, amount) },
    call(
      eDai,
      { input: data('0x3e3ea200', owner, by, amount) },
      transferLog(eDai, { from: owner, to: by, amount }),
    ),
  )
const leverage = (owner: Address, amount: bigint): CallNode =>
  call(market, { input: data('0x7bd0e0a1', amount) }, transferLog(eDai, { from: ZERO, to: owner, amount }))

/** Two contracts are made; one gets a position and gives its claims away; the other liquidates it and cashes in. */
const euler = (owner: Address, gain: bigint): CallNode =>
  call(
    bot,
    { input: RUN },
    create(liquidator, {}),
    create(victim, {}),
    call(victim, { input: RUN }, leverage(victim, 900n)),
    call(
      liquidator,
      { input: RUN },
      seizure(owner, liquidator, 500n),
      pay(dai, { from: market, to: eoa, amount: gain }),
    ),
  )

test('a side that liquidates its own fresh position at the cost of the market is told', () => {
  const root = { ...euler(victim, 300n) }
  expect(askAbout(perpAbuse, protecting(market), { from: eoa, root })).toMatchObject([
    { severity: 'high', categories: ['perp-abuse'], victims: [market], protected: [market] },
  ])
})

test('the same by Aave’s own words', () => {
  const cash = call(market, { input: '0x3d18b912' }, pay(weth, { from: market, to: eoa, amount: 9n }))
  const root = call(
    bot,
    { input: RUN },
    create(liquidator, {}),
    create(victim, {}),
    call(victim, { input: RUN }, leverage(victim, 900n)),
    call(liquidator, { input: RUN }, liquidation(victim, liquidator), cash),
  )
  expect(askAbout(perpAbuse, protecting(market), { from: eoa, root })).toMatchObject([{ severity: 'medium' }])
})

test('a position made in an earlier transaction by the same sender is his own all the same', () => {
  const first = call(
    bot,
    { input: RUN },
    create(victim, {}),
    call(victim, { input: RUN }, leverage(victim, 900n)),
  )
  const then = call(bot, { input: RUN }, liquidation(victim, bot))
  const found = watchWith(perpAbuse, protecting(market), [
    { from: eoa, root: first },
    { from: eoa, root: then },
  ])
  expect(found[1]).toMatchObject([{ severity: 'low', detector: 'perp-abuse' }])
  const stranger = watchWith(perpAbuse, protecting(market), [
    { from: address('somebody'), root: first },
    { from: eoa, root: then },
  ])
  expect(stranger.flat()).toEqual([])
})

test('a bot that liquidates a stranger is left alone, with a flash loan, or as a lender of the same market', () => {
  const lender = address('flash lender')
  const act = [
    liquidation(victim, bot),
    call(market, { input: '0x69328dec' }, pay(dai, { from: market, to: bot, amount: 50n })),
  ]
  const loan = call(
    lender,
    { input: data('0x5cffe9de', bot, dai, 1_000n) },
    pay(dai, { from: lender, to: bot, amount: 1_000n }),
    call(bot, { input: '0x23e30c8b' }, ...act),
    pull(dai, { from: bot, to: lender, amount: 1_000n }),
  )
  for (const inner of [[loan], act])
    expect(
      askAbout(perpAbuse, protecting(market), { from: eoa, root: call(bot, { input: RUN }, ...inner) }),
    ).toEqual([])
})

test('two contracts of one owner that hand each other claims are no liquidation', () => {
  const root = call(
    bot,
    { input: RUN },
    create(liquidator, {}),
    create(victim, {}),
    call(victim, { input: RUN }, leverage(victim, 900n)),
    call(liquidator, { input: RUN }, pull(eDai, { from: victim, to: liquidator, amount: 500n })),
    call(liquidator, { input: RUN }, pay(dai, { from: market, to: eoa, amount: 30n })),
  )
  expect(askAbout(perpAbuse, protecting(market), { from: eoa, root })).toEqual([])
})

const swap = (
  trader: Address,
  [assetIn, amountIn]: [Address, bigint],
  [assetOut, amountOut]: [Address, bigint],
): TransactionParts => ({
  from: trader,
  root: call(
    pool,
    { input: data('0x022c0d9f', amountOut, 0n, trader) },
    pull(assetIn, { from: trader, to: pool, amount: amountIn }),
    pay(assetOut, { from: pool, to: trader, amount: amountOut }),
  ),
})

/** Closes a position by a known name (Lyra’s settlement, which pays); the engine asks the source for its mark. */
const close = (trader: Address, source: Address, mark: bigint): TransactionParts => ({
  from: trader,
  root: call(
    engine,
    { input: data('0xbc0d6c57', 32n, 1n, 7n) },
    view(source, source === pool ? VALUATIONS['slot0()'] : data('0x12341234', weth), `0x${word(mark)}`),
    pay(dai, { from: engine, to: trader, amount: 5_000n }),
  ),
})
const named = (acts: TransactionParts[]): TransactionParts[] =>
  acts.map((act, i) => ({ ...act, name: `act ${i}` }))
const watch = (...acts: TransactionParts[]) => watchWith(perpAbuse, protecting(engine, fund), named(acts))
const whale = address('whale')
const trader = address('trader')

const market1 = swap(trader, [dai, 1_000n], [weth, 1_000n])
const push = swap(whale, [dai, 100_000n], [weth, 60_000n])
const back = swap(whale, [weth, 60_000n], [dai, 95_000n])

test('a mark that was moved, settled by and moved back within a few blocks is told', () => {
  const found = watch(market1, push, close(whale, pool, 3n), back)
  expect(found.at(-1)).toMatchObject([
    { severity: 'high', categories: ['perp-abuse', 'price-manipulation'], victims: [engine, pool] },
  ])
})

test('who is paid after a big move that others made, or trades and does not trade back, is left alone', () => {
  expect(watch(market1, push, close(trader, pool, 3n), back).flat()).toEqual([])
  expect(watch(market1, push, close(whale, pool, 3n), market1).flat()).toEqual([])
})

test('the way back comes too late to belong to it', () => {
  const quiet = Array.from({ length: 6 }, () => market1)
  expect(watch(market1, push, close(whale, pool, 3n), ...quiet, back).flat()).toEqual([])
})

const tell = (from: Address, price: bigint, ...inner: CallNode[]): TransactionParts => ({
  from,
  root: call(oracle, { input: data('0x7c25f260', weth, price) }, ...inner),
})

test('a price that its beneficiary told the oracle is told when he is paid on it', () => {
  const acts = (teller: Address, price: bigint) => [
    close(trader, oracle, 2_000n),
    tell(teller, price),
    close(whale, oracle, price),
  ]
  expect(watch(...acts(whale, 9_000n)).at(-1)).toMatchObject([
    { severity: 'high', victims: [engine, oracle] },
  ])
  expect(watch(...acts(address('keeper'), 9_000n)).flat()).toEqual([])
  expect(watch(...acts(whale, 2_010n)).flat()).toEqual([])
})

test('a price that a third party signed is nobody’s own, whoever brings it', () => {
  const signed = view('0x0000000000000000000000000000000000000001', `0x${word(1n)}`, `0x${word(7n)}`)
  const acts = [close(trader, oracle, 2_000n), tell(whale, 9_000n, signed), close(whale, oracle, 9_000n)]
  expect(watch(...acts).flat()).toEqual([])
})

const covered = (name: string, others: boolean): TransactionParts => ({
  from: address(name),
  root: call(
    bot,
    { input: RUN },
    liquidation(victim, bot),
    call(fund, { input: '0x5a5a5a5a' }, pay(dai, { from: fund, to: market, amount: 40n })),
    ...(others ? [log(engine, [CLOSE], `0x${word(9n)}${word(whale)}${word(0n).repeat(7)}`)] : []),
  ),
})
/** GMX’s event for a position that was made smaller. */
const CLOSE: Hex = '0x93d75d64d1f84fc6f430a64fc578bdd4c1e090e90ea2d51773e626d19de56d30'
const keepers = ['a', 'b', 'c', 'd', 'e'].map((name) => covered(name, false))
const raid: TransactionParts = {
  from: whale,
  root: call(fund, { input: data('0x2e1a7d4d', 900n) }, pay(dai, { from: fund, to: whale, amount: 900n })),
}

test('a fund that only ever paid for liquidations pays somebody without one', () => {
  expect(watch(...keepers, raid).at(-1)).toMatchObject([
    { severity: 'high', victims: [fund], categories: ['perp-abuse', 'drain'] },
  ])
  expect(watch(raid, ...keepers, { ...raid, from: whale }).flat()).toEqual([])
})

test('the fund’s next payment for a liquidation is what it is for', () => {
  expect(watch(...keepers, covered('f', false)).flat()).toEqual([])
})

test('nobody was deleveraged where somebody always was: a remark', () => {
  const always = ['a', 'b', 'c', 'd', 'e'].map((name) => covered(name, true))
  expect(watch(...always, covered('f', true)).flat()).toEqual([])
  expect(watch(...always, covered('f', false)).at(-1)).toMatchObject([{ severity: 'low', victims: [fund] }])
})
