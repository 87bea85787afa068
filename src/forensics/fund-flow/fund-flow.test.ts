import { expect, test } from 'vitest'
import {
  address,
  type CallNode,
  call,
  data,
  log,
  pay,
  pull,
  topicOf,
  transaction,
  transferLog,
  word,
  ZERO,
} from '../../../test/harness/build.ts'
import { cpuMilliseconds } from '../../../test/harness/cpu-time.ts'
import { blockFacts } from '../../facts/facts.ts'
import { TOPICS } from '../../facts/signatures.ts'
import type { AddressLabel } from '../../model/address-label.ts'
import { NATIVE } from '../../model/block.ts'
import type { TransactionFacts } from '../../model/fact.ts'
import type { FundFlow } from '../../model/fund-flow.ts'
import type { Address } from '../../model/hex.ts'
import { type FinishOptions, finishFlow } from './finish.ts'
import { followTheft, followTransaction } from './follow.ts'
import { startFlow } from './state.ts'

const [usdc, dai, weth, pool, vault] = ['usdc', 'dai', 'weth', 'pool', 'vault'].map(address) as [
  Address,
  Address,
  Address,
  Address,
  Address,
]
const [thief, ada, bob, router, lender] = ['thief', 'ada', 'bob', 'router', 'lender'].map(address) as [
  Address,
  Address,
  Address,
  Address,
  Address,
]

function factsOf(from: Address, root: CallNode, number: number, logs?: 'receipts'): TransactionFacts {
  const parts = { from, root, number, ...(logs === undefined ? {} : { logs, traces: 'none' as const }) }
  const [tx] = blockFacts(transaction(parts)).transactions
  if (tx === undefined) throw new Error('one transaction')
  return tx
}

const stolen = (amount: bigint, asset: Address | typeof NATIVE = usdc, account = thief) => ({
  account,
  asset,
  tokenId: null,
  amount,
})

type Sent = { from: Address; root: CallNode }
type Told = FinishOptions & { labels?: readonly AddressLabel[]; sources?: ReturnType<typeof stolen>[] }

/** The flow of 100 stolen dollars of the thief’s. */
function flowOf(
  sent: readonly Sent[],
  { labels = [], sources = [stolen(100n)], ...how }: Told = {},
): FundFlow {
  const known = new Map(labels.map((label) => [label.address, label]))
  const flow = startFlow({ chainId: 1, block: 0, sources, labels: known })
  sent.forEach(({ from, root }, i) => void followTransaction(flow, factsOf(from, root, i + 1), i + 1))
  return finishFlow(flow, how)
}

const send = (from: Address, to: Address, amount: bigint, token = usdc): Sent => ({
  from,
  root: pay(token, { from, to, amount }),
})

/** account → [haircut, fifo] of its holdings in an asset. */
function heldIn(found: FundFlow, asset: Address | typeof NATIVE = usdc): Record<string, [bigint, bigint]> {
  return Object.fromEntries(
    found.nodes.flatMap(({ id, held }) =>
      held.filter((it) => it.asset === asset).map((it) => [id, [it.amount, it.amountFifo]]),
    ),
  )
}

test('haircut carries the share of taint, FIFO what came first', () => {
  const found = flowOf([send(bob, ada, 300n), send(thief, ada, 100n), send(ada, lender, 200n)])
  expect(heldIn(found)).toEqual({ [ada]: [50n, 100n], [lender]: [50n, 0n] })
})

test('FIFO pays the stolen first where it came first, and the order of many lots is kept', () => {
  const found = flowOf([
    send(thief, ada, 40n),
    send(bob, ada, 50n),
    send(thief, ada, 60n),
    send(ada, lender, 70n),
    send(ada, router, 30n),
  ])
  expect(heldIn(found)).toEqual({ [lender]: [46n, 40n], [router]: [20n, 10n], [ada]: [34n, 50n] })
})

test('what division leaves over stays with the payer, and nothing is lost in three ways of a hundred', () => {
  const found = flowOf([
    send(bob, ada, 200n),
    send(thief, ada, 100n),
    send(ada, lender, 100n),
    send(ada, router, 100n),
  ])
  expect(heldIn(found)).toMatchObject({ [lender]: [33n, 0n], [router]: [33n, 0n], [ada]: [34n, 100n] })
})

test('split and merged again, it is the same hundred', () => {
  const found = flowOf([
    send(thief, ada, 30n),
    send(thief, bob, 70n),
    send(ada, lender, 30n),
    send(bob, lender, 70n),
  ])
  expect(heldIn(found)).toEqual({ [lender]: [100n, 100n] })
})

const swapCall = (who: Address, given: bigint, got: bigint): CallNode =>
  call(
    pool,
    { input: '0x022c0d9f' },
    pay(dai, { from: pool, to: who, amount: got }),
    pull(usdc, { from: who, to: pool, amount: given }),
  )

test('a trade passes taint on in proportion, also where the pool pays first, and the pool keeps none', () => {
  const found = flowOf([
    send(bob, thief, 100n),
    { from: thief, root: call(router, {}, swapCall(thief, 200n, 1_000n)) },
  ])
  expect(heldIn(found, dai)).toEqual({ [thief]: [500n, 500n] })
  expect(found.nodes.find(({ id }) => id === pool)?.held).toEqual([])
  expect(found.totals[0]).toMatchObject({ stolen: 100n, at: { victim: { haircut: 100n, fifo: 100n } } })
  expect(found.edges.map(({ kind }) => kind)).toEqual(['swap', 'swap'])
})

test('without a trace a trade is still seen by who gained and who lost', () => {
  const flow = startFlow({ chainId: 1, block: 0, sources: [stolen(100n)] })
  followTransaction(flow, factsOf(thief, call(router, {}, swapCall(thief, 100n, 7n)), 1, 'receipts'), 1)
  expect(heldIn(finishFlow(flow), dai)).toEqual({ [thief]: [7n, 7n] })
})

test('coins are wrapped, paid and unwrapped by whatever contract does it', () => {
  const wrapped = log(weth, [TOPICS['Deposit(address,uint256)'], topicOf(thief)], `0x${word(100n)}`)
  const unwrapped = log(weth, [TOPICS['Withdrawal(address,uint256)'], topicOf(bob)], `0x${word(60n)}`)
  const found = flowOf(
    [
      { from: thief, root: call(weth, { input: '0xd0e30db0', value: 100n }, wrapped) },
      send(thief, bob, 60n, weth),
      {
        from: bob,
        root: call(weth, { input: data('0x2e1a7d4d', 60n) }, call(bob, { value: 60n }), unwrapped),
      },
    ],
    { sources: [stolen(100n, NATIVE)] },
  )
  expect(heldIn(found, NATIVE)).toEqual({ [bob]: [60n, 60n] })
  expect(heldIn(found, weth)).toEqual({ [thief]: [40n, 40n] })
  expect(new Set(found.edges.map(({ kind }) => kind))).toEqual(new Set(['wrap', 'transfer', 'unwrap']))
})

test('a deposit becomes its shares, and the shares the deposit again', () => {
  const into = call(
    vault,
    { input: '0x6e553f65' },
    pull(usdc, { from: thief, to: vault, amount: 100n }),
    transferLog(vault, { from: ZERO, to: thief, amount: 90n }),
  )
  const back = call(
    vault,
    { input: '0xba087652' },
    transferLog(vault, { from: bob, to: ZERO, amount: 90n }),
    pay(usdc, { from: vault, to: bob, amount: 101n }),
  )
  const first = [{ from: thief, root: into }, send(thief, bob, 90n, vault)]
  expect(heldIn(flowOf(first), vault)).toEqual({ [bob]: [90n, 90n] })
  const found = flowOf([...first, { from: bob, root: back }])
  expect(heldIn(found)).toEqual({ [bob]: [101n, 101n] })
  expect(found.totals[0]?.at).toEqual({ account: { haircut: 100n, fifo: 100n } })
})

test('a contract that passes funds on in one transaction is told as the way, not as a stop', () => {
  const root = call(
    router,
    {},
    pull(usdc, { from: thief, to: router, amount: 100n }),
    pay(usdc, { from: router, to: ada, amount: 25n }),
    pay(usdc, { from: router, to: bob, amount: 75n }),
  )
  const found = flowOf([{ from: thief, root }])
  expect(found.edges.map(({ from, to, tainted, through }) => [from, to, tainted, through])).toEqual([
    [thief, ada, 25n, [router]],
    [thief, bob, 75n, [router]],
  ])
})

test('at an exchange, a bridge or a mixer the way ends: what they pay out is not what came in', () => {
  const label = {
    address: lender,
    name: 'Some exchange',
    kind: 'exchange',
    source: 'a test',
    chainId: null,
  } as const
  const found = flowOf([send(thief, lender, 60n), send(lender, bob, 60n)], { labels: [label] })
  expect(found.totals[0]?.at).toMatchObject({ exchange: { haircut: 60n, fifo: 60n } })
  expect(heldIn(found)[bob]).toBeUndefined()
  expect(found.nodes.find(({ id }) => id === lender)?.label).toEqual({
    name: 'Some exchange',
    source: 'a test',
  })
})

test('what is burned is lost, and says so', () => {
  const burn = call(usdc, { input: '0x42966c68' }, transferLog(usdc, { from: thief, to: ZERO, amount: 40n }))
  expect(flowOf([{ from: thief, root: burn }]).totals[0]?.at).toMatchObject({
    burn: { haircut: 40n, fifo: 40n },
  })
})

test('an account that holds taint and does not move is dormant after a while', () => {
  const later = [send(thief, ada, 100n), send(bob, router, 1n), send(bob, router, 1n)]
  const kindOf = (dormantBlocks: number) =>
    flowOf(later, { dormantBlocks }).nodes.find(({ id }) => id === ada)?.kind
  expect([kindOf(2), kindOf(3)]).toEqual(['dormant', 'account'])
})

test('in the theft itself what returns to the victim is not what is stolen', () => {
  const root = call(
    router,
    {},
    pull(usdc, { from: vault, to: router, amount: 1_000n }),
    pull(usdc, { from: router, to: vault, amount: 900n }),
    pay(usdc, { from: router, to: thief, amount: 100n }),
  )
  const flow = startFlow({ chainId: 1, block: 0, sources: [stolen(100n, usdc, vault)] })
  followTheft(flow, factsOf(thief, root, 1), 1)
  expect(heldIn(finishFlow(flow))).toEqual({ [thief]: [100n, 100n] })
})

test('a flash loan is paid back with what was lent', () => {
  const root = call(
    router,
    {},
    call(
      lender,
      { input: data('0x5cffe9de', router) },
      pay(usdc, { from: lender, to: router, amount: 1_000n }),
      call(router, { input: '0x23e30c8b' }, pull(usdc, { from: thief, to: router, amount: 100n })),
      pull(usdc, { from: router, to: lender, amount: 1_000n }),
    ),
    pay(usdc, { from: router, to: bob, amount: 100n }),
  )
  expect(heldIn(flowOf([{ from: thief, root }]))).toEqual({ [bob]: [100n, 100n] })
})

test('a lender that nobody knows, and that has its loan and a fee back, holds nothing stolen', () => {
  const root = call(
    router,
    {},
    call(
      lender,
      { input: data('0x12345678', router) },
      pay(usdc, { from: lender, to: router, amount: 1_000n }),
      call(router, { input: '0x87654321' }, pull(usdc, { from: thief, to: router, amount: 100n })),
      pull(usdc, { from: router, to: lender, amount: 1_001n }),
    ),
    pay(usdc, { from: router, to: bob, amount: 99n }),
  )
  const held = heldIn(flowOf([{ from: thief, root }]))
  expect(held[bob]?.[1]).toBe(99n)
  // The fee alone.
  expect(held[lender]?.[1] ?? 0n).toBeLessThanOrEqual(1n)
})

test('what is paid beyond what was known was there before, and is clean', () => {
  const found = flowOf([send(thief, ada, 250n)])
  expect(found.edges[0]).toMatchObject({ amount: 250n, tainted: 100n, taintedFifo: 100n })
})

test('a token without sense changes nothing: all of 256 bits, nothing, to itself, ten thousand times round', () => {
  const round = Array.from({ length: 10_000 }, (_, i): CallNode => {
    const [from, to] = [[thief, ada, bob][i % 3], [thief, ada, bob][(i + 1) % 3]]
    return pay(usdc, {
      from: from ?? thief,
      to: to ?? ada,
      amount: i % 7 === 0 ? 2n ** 256n - 1n : BigInt(i % 5),
    })
  })
  const self = pay(usdc, { from: thief, to: thief, amount: 10n ** 77n })
  const found = flowOf([{ from: thief, root: call(router, {}, self, ...round) }])
  const held = Object.values(heldIn(found))
  expect(held.reduce((sum, [haircut]) => sum + haircut, 0n)).toBe(100n)
  expect(held.reduce((sum, [, fifo]) => sum + fifo, 0n)).toBe(100n)
})

test('three thousand trades at one pool in one transaction take no more than a moment', () => {
  const trades = Array.from({ length: 3_000 }, () => swapCall(thief, 1n, 1n))
  const began = cpuMilliseconds()
  const found = flowOf([{ from: thief, root: call(router, {}, ...trades) }])
  expect(found.totals[0]?.at).toMatchObject({ victim: { haircut: 100n } })
  expect(cpuMilliseconds() - began).toBeLessThan(5_000)
})
