import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { accounts } from '../../../test/harness/arbitrary.ts'
import {
  address,
  type CallNode,
  call,
  log,
  pay,
  pull,
  topicOf,
  transaction,
  transferLog,
  word,
  ZERO,
} from '../../../test/harness/build.ts'
import { bundlesOf, corpusFiles, describeCorpus } from '../../../test/harness/corpus.ts'
import { blockFacts } from '../../facts/facts.ts'
import { TOPICS } from '../../facts/signatures.ts'
import { toJson } from '../../kit/json.ts'
import type { TransactionFacts } from '../../model/fact.ts'
import { type FundFlow, fundFlowSchema } from '../../model/fund-flow.ts'
import type { Address } from '../../model/hex.ts'
import { finishFlow } from './finish.ts'
import { followTheft, followTransaction } from './follow.ts'
import { keyOf } from './key.ts'
import { restoreFlow, saveFlow } from './snapshot.ts'
import { type Flow, startFlow } from './state.ts'

const methods = ['haircut', 'fifo'] as const

/** The invariant of every flow, at every account and for every stolen asset, to the unit. */
function expectConserved(found: FundFlow): void {
  for (const { stolen, at, unexplained } of found.totals)
    for (const method of methods) {
      const ends = Object.values(at).reduce((sum, both) => sum + (both?.[method] ?? 0n), 0n)
      expect(ends + unexplained[method]).toBe(stolen)
    }
  if (found.cut.edges + found.cut.accounts + found.cut.assets > 0) return
  for (const method of methods) {
    const balance = new Map<string, bigint>()
    const add = (account: Address, asset: string, amount: bigint): unknown =>
      balance.set(account + asset, (balance.get(account + asset) ?? 0n) + amount)
    for (const source of found.sources) add(source.account, keyOf(source), source.amount)
    for (const { from, to, stolen } of found.edges)
      for (const part of stolen) {
        add(from, keyOf(part), -part[method])
        add(to, keyOf(part), part[method])
      }
    for (const { id, held } of found.nodes)
      for (const { stolen } of held) for (const part of stolen) add(id, keyOf(part), -part[method])
    expect([...balance.values()].filter((left) => left !== 0n)).toEqual([])
  }
  for (const { amount, tainted, taintedFifo } of found.edges) {
    expect(tainted <= amount && taintedFifo <= amount).toBe(true)
    expect(tainted >= 0n && taintedFifo >= 0n).toBe(true)
  }
}

const weth = address('weth')
const vault = address('vault')
const pool = address('pool')
const tokens = [address('token a'), address('token b')] as const
const person = fc.constantFrom<Address>(...accounts)
const anyone = fc.constantFrom<Address>(...accounts, ZERO, pool, vault)
const amount = fc.oneof(
  fc.bigInt({ min: 0n, max: 300n }),
  fc.constantFrom(1n, 10n ** 18n, 10n ** 77n, 2n ** 256n - 1n),
)
const token = fc.constantFrom(...tokens, vault)
const direct: fc.Arbitrary<CallNode> = fc
  .record({ at: token, from: anyone, to: anyone, amount })
  .map(({ at, ...move }) => pull(at, move))
/** Pays first or is paid first; the trader is any account. */
const swap: fc.Arbitrary<CallNode> = fc
  .record({ who: person, given: amount, got: amount, first: fc.boolean(), back: fc.boolean() })
  .map(({ who, given, got, first, back }) => {
    const [a, b] = back ? [tokens[1], tokens[0]] : tokens
    const into = pull(a, { from: who, to: pool, amount: given })
    const out = pay(b, { from: pool, to: who, amount: got })
    return call(pool, { input: '0x022c0d9f' }, ...(first ? [into, out] : [out, into]))
  })
const wrap: fc.Arbitrary<CallNode> = fc.record({ who: person, amount, back: fc.boolean() }).map((it) => {
  const name = it.back ? 'Withdrawal(address,uint256)' : 'Deposit(address,uint256)'
  const said = log(weth, [TOPICS[name], topicOf(it.who)], `0x${word(it.amount)}`)
  return it.back
    ? call(weth, { from: it.who, input: '0x2e1a7d4d' }, call(it.who, { value: it.amount }), said)
    : call(weth, { from: it.who, input: '0xd0e30db0', value: it.amount }, said)
})
/** Shares for a deposit, and back. */
const shares: fc.Arbitrary<CallNode> = fc
  .record({ who: person, assets: amount, issued: amount, back: fc.boolean() })
  .map(({ who, assets, issued, back }) =>
    back
      ? call(
          vault,
          { from: who, input: '0xba087652' },
          transferLog(vault, { from: who, to: ZERO, amount: issued }),
          pay(tokens[0], { from: vault, to: who, amount: assets }),
        )
      : call(
          vault,
          { from: who, input: '0x6e553f65' },
          pull(tokens[0], { from: who, to: vault, amount: assets }),
          transferLog(vault, { from: ZERO, to: who, amount: issued }),
        ),
  )
const coin = fc.record({ from: person, to: person, value: amount }).map(({ to, ...parts }) => call(to, parts))
const tree = fc
  .tuple(person, fc.array(fc.oneof(direct, swap, wrap, shares, coin), { minLength: 1, maxLength: 6 }))
  .map(([to, inner]) => call(to, {}, ...inner))
const history = fc.array(fc.tuple(tree, fc.constantFrom('frames' as const, 'receipts' as const)), {
  minLength: 1,
  maxLength: 12,
})

function factsOf(root: CallNode, number: number, logs: 'frames' | 'receipts' = 'frames'): TransactionFacts {
  const [tx] = blockFacts(transaction({ from: accounts[0], root, number, logs })).transactions
  if (tx === undefined) throw new Error('one transaction')
  return tx
}

describe('generated histories', () => {
  const sources = fc.array(
    fc.record({
      account: person,
      asset: fc.constantFrom<Address | 'native'>(...tokens, 'native'),
      tokenId: fc.constant(null),
      amount: fc.oneof(fc.bigInt({ min: 1n, max: 200n }), fc.constant(10n ** 77n)),
    }),
    { minLength: 1, maxLength: 4 },
  )

  test('taint sums to what was stolen at every hop, to the unit, by both methods', () => {
    fc.assert(
      fc.property(sources, history, fc.boolean(), (stolen, trees, isTheft) => {
        const flow = startFlow({ chainId: 1, block: 0, sources: stolen })
        trees.forEach(([root, logs], i) => {
          const tx = factsOf(root, i, logs)
          if (isTheft && i === 0) followTheft(flow, tx, i)
          else followTransaction(flow, tx, i)
          expectConserved(finishFlow(flow))
        })
      }),
      { seed: 51, numRuns: 200 },
    )
  })

  test('limits cut what is kept, and the sums say so and stay exact', () => {
    fc.assert(
      fc.property(sources, history, (stolen, trees) => {
        const limits = { tainted: 2, clean: 3, edges: 2, lineages: 1, accounts: 2 }
        const flow = startFlow({ chainId: 1, block: 0, sources: stolen, limits })
        trees.forEach(([root], i) => void followTransaction(flow, factsOf(root, i), i))
        const found = finishFlow(flow)
        expectConserved(found)
        expect(found.edges.length).toBeLessThanOrEqual(2)
        for (const method of methods) expect(flow.tainted[method].size).toBeLessThanOrEqual(2)
      }),
      { seed: 52, numRuns: 100 },
    )
  })

  test('what is saved after each transaction and taken up again tells the same sums', () => {
    fc.assert(
      fc.property(sources, history, (stolen, trees) => {
        let flow = startFlow({ chainId: 1, block: 0, sources: stolen })
        trees.forEach(([root], i) => {
          followTransaction(flow, factsOf(root, i), i)
          const again = restoreFlow(JSON.parse(toJson(saveFlow(flow))), new Map())
          expect(finishFlow(again).totals).toEqual(finishFlow(flow).totals)
          flow = again
        })
      }),
      { seed: 54, numRuns: 50 },
    )
  })

  test('what is printed is read back as it was', () => {
    fc.assert(
      fc.property(sources, history, (stolen, trees) => {
        const flow = startFlow({ chainId: 1, block: 0, sources: stolen })
        trees.forEach(([root], i) => void followTransaction(flow, factsOf(root, i), i))
        const found = finishFlow(flow)
        expect(fundFlowSchema.parse(JSON.parse(toJson(found)))).toEqual(found)
      }),
      { seed: 53, numRuns: 50 },
    )
  })
})

/** The largest net losers of a transaction stand in for victims: nothing is known of the case. */
function losersOf(tx: TransactionFacts): Flow | undefined {
  const lost = [...tx.deltas].flatMap(([account, assets]) =>
    [...assets].flatMap(([key, amount]) => {
      const [asset, id] = key.split('/')
      return amount < 0n && id === undefined
        ? [{ account, asset: asset as Address, tokenId: null, amount: -amount }]
        : []
    }),
  )
  if (lost.length === 0) return undefined
  return startFlow({ chainId: 1, block: 0, sources: lost.slice(0, 8) })
}

describeCorpus('recorded transactions', () => {
  const files = [...corpusFiles('attacks', '.ndjson'), ...corpusFiles('mev', '.ndjson.gz').slice(0, 3)]
  test.each(files)(
    'taint sums to what was stolen in $name, and through all that follows',
    async ({ path }) => {
      for (const bundle of await bundlesOf(path)) {
        const { transactions } = blockFacts(bundle)
        let standing: Flow | undefined
        for (const tx of transactions) {
          const flow = losersOf(tx)
          if (flow === undefined) continue
          followTheft(flow, tx, bundle.number)
          expectConserved(finishFlow(flow))
          standing ??= flow
          if (standing === flow) continue
          followTransaction(standing, tx, bundle.number)
        }
        if (standing !== undefined) expectConserved(finishFlow(standing))
      }
    },
    120_000,
  )
})
