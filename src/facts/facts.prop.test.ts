import fc from 'fast-check'
import { expect, test } from 'vitest'
import { accounts } from '../../test/harness/arbitrary.ts'
import {
  type CallNode,
  call,
  data,
  log,
  pay,
  rawBlock,
  topicOf,
  transaction,
  transferLog,
  word,
  ZERO,
} from '../../test/harness/build.ts'
import { bundlesOf, corpusFiles, describeCorpus } from '../../test/harness/corpus.ts'
import { type CallTracerNode, toParity } from '../../test/harness/parity.ts'
import { parseBundle } from '../chain/bundle/parse.ts'
import type { BlockBundle } from '../model/block.ts'
import type { TransactionFacts, TransferFact } from '../model/fact.ts'
import type { Address, Hex } from '../model/hex.ts'
import { CALL_PLANS, LOG_PLANS } from './actions/families.ts'
import { assetKey } from './deltas.ts'
import { blockFacts } from './facts.ts'
import { TOPICS } from './signatures.ts'

const sumInto = (sums: Map<string, bigint>, key: string, amount: bigint): void => {
  const sum = (sums.get(key) ?? 0n) + amount
  if (sum === 0n) sums.delete(key)
  else sums.set(key, sum)
}

/**
 * The amounts that the zero address issued less those it took back, by asset, next to the changes of all other
 * accounts.
 */
function bothSides(tx: TransactionFacts): { issued: Map<string, bigint>; held: Map<string, bigint> } {
  const issued = new Map<string, bigint>()
  const held = new Map<string, bigint>()
  for (const fact of tx.facts.filter((it): it is TransferFact => it.kind === 'transfer')) {
    if (fact.from === ZERO) sumInto(issued, assetKey(fact), fact.amount)
    if (fact.to === ZERO) sumInto(issued, assetKey(fact), -fact.amount)
  }
  for (const assets of tx.deltas.values()) for (const [key, amount] of assets) sumInto(held, key, amount)
  return { issued, held }
}

function expectConserved(tx: TransactionFacts): void {
  const { issued, held } = bothSides(tx)
  expect(held).toEqual(issued)
  expect(tx.deltas.has(ZERO)).toBe(false)
}

const account = fc.constantFrom<Address>(...accounts, ZERO)
const amount = fc.oneof(fc.bigInt({ min: 0n, max: 100n }), fc.constant(2n ** 256n - 1n))
const move = fc.record({ from: account, to: account, amount })
const token = fc.constantFrom<Address>(accounts[0], accounts[1])
const single = TOPICS['TransferSingle(address,address,address,uint256,uint256)']
const garbage = fc
  .record({
    topic: fc.constantFrom<Hex>(...Object.values(TOPICS)),
    topics: fc.array(account, { maxLength: 3 }),
    words: fc.array(amount, { maxLength: 5 }),
  })
  .map(({ topic, topics, words }) =>
    log(accounts[2], [topic, ...topics.map(topicOf)], `0x${words.map(word).join('')}`),
  )
const item: fc.Arbitrary<CallNode['inner'][number]> = fc.oneof(
  fc.tuple(token, move).map(([at, it]) => pay(at, it)),
  fc.tuple(token, move).map(([at, it]) => transferLog(at, it)),
  fc
    .tuple(token, move)
    .map(([at, it]) =>
      log(
        at,
        [single, topicOf(it.from), topicOf(it.from), topicOf(it.to)],
        `0x${word(1n)}${word(it.amount)}`,
      ),
    ),
  fc
    .tuple(account, fc.bigInt({ min: 0n, max: 9n }), fc.boolean())
    .map(([to, value, fails]) => call(to, { value, ...(fails ? { error: 'x' } : {}) })),
  garbage,
)
const tree = fc
  .array(fc.tuple(account, fc.array(item, { maxLength: 8 })), { maxLength: 5 })
  .map((calls) => call(accounts[3], {}, ...calls.map(([to, inner]) => call(to, {}, ...inner))))

test('of every asset, what accounts gained is what was minted less what was burned', () => {
  fc.assert(
    fc.property(
      tree,
      fc.constantFrom('frames' as const, 'receipts' as const, 'none' as const),
      (root, logs) => {
        for (const tx of blockFacts(transaction({ from: accounts[0], root, logs })).transactions)
          expectConserved(tx)
      },
    ),
    { seed: 41, numRuns: 300 },
  )
})

test('facts name only frames that are there, in order where logs are in frames', () => {
  fc.assert(
    fc.property(tree, (root) => {
      for (const { facts, transaction: tx } of blockFacts(transaction({ from: accounts[0], root }))
        .transactions)
        for (const fact of facts) expect(tx.frames[fact.frame]).toBeDefined()
    }),
    { seed: 42, numRuns: 100 },
  )
})

const claim = fc
  .record({
    plan: fc.constantFrom(...LOG_PLANS.entries()),
    accounts: fc.array(account, { minLength: 0, maxLength: 3 }),
    words: fc.array(fc.oneof(amount, fc.bigInt({ min: 0n, max: 200n })), { maxLength: 10 }),
    at: token,
  })
  .map(({ plan: [topic, plans], accounts: topics, words, at }) => {
    const plan = plans[0]
    const exact = words.slice(0, plan?.words ?? 0)
    while (exact.length < (plan?.words ?? 0)) exact.push(32n)
    return log(at, [topic, ...topics.map(topicOf)], `0x${exact.map(word).join('')}`)
  })

const wish = fc
  .record({
    selector: fc.constantFrom(...CALL_PLANS.keys()),
    words: fc.array(amount, { maxLength: 8 }),
    to: account,
  })
  .map(({ selector, words, to }) => call(to, { input: data(selector, ...words) }))

const claims = fc
  .array(fc.tuple(account, fc.array(fc.oneof(item, claim, wish), { maxLength: 8 })), { maxLength: 5 })
  .map((calls) => call(accounts[3], {}, ...calls.map(([to, inner]) => call(to, {}, ...inner))))

test('whatever contracts claim to have done, amounts are above zero and balances only follow transfers', () => {
  fc.assert(
    fc.property(
      claims,
      fc.constantFrom('frames' as const, 'receipts' as const, 'none' as const),
      (root, logs) => {
        for (const tx of blockFacts(transaction({ from: accounts[0], root, logs })).transactions) {
          expectConserved(tx)
          for (const fact of tx.facts) {
            if (fact.kind !== 'action') continue
            for (const { amount: told } of [...fact.given, ...fact.taken]) expect(told).toBeGreaterThan(0n)
            expect(fact.source === 'shape').toBe(fact.source !== 'call' && fact.protocol === null)
          }
        }
      },
    ),
    { seed: 43, numRuns: 300 },
  )
})

test('a Parity node and a callTracer node tell the same facts of the same transaction', () => {
  fc.assert(
    fc.property(claims, (root) => {
      const raw = rawBlock({ transactions: [{ from: accounts[0], root }], logs: 'none' })
      const traces = raw['traces'] as { txHash: string; result: CallTracerNode }[]
      const flat = traces.flatMap(({ txHash, result }) => toParity(result, txHash))
      const parity = parseBundle({ ...raw, traceFormat: 'parity', traces: flat })
      const factsOf = (bundle: BlockBundle) => blockFacts(bundle).transactions.map(({ facts }) => facts)
      expect(factsOf(parity)).toEqual(factsOf(parseBundle(raw)))
    }),
    { seed: 44, numRuns: 150 },
  )
})

describeCorpus('recorded chains', () => {
  test.each(['attacks', 'mev', 'blocks'])('nothing appears or vanishes in %s', async (folder) => {
    let transactions = 0
    for (const { path } of [...corpusFiles(folder, '.ndjson'), ...corpusFiles(folder, '.ndjson.gz')]) {
      for (const bundle of await bundlesOf(path)) {
        for (const tx of blockFacts(bundle).transactions) {
          transactions++
          const { issued, held } = bothSides(tx)
          if (held.size !== issued.size) expect(held).toEqual(issued)
          for (const [key, sum] of held) if (issued.get(key) !== sum) expect(held).toEqual(issued)
        }
      }
    }
    expect(transactions).toBeGreaterThan(15)
  })
})
