import { getContractAddress } from 'viem'
import { expect, test } from 'vitest'
import {
  address,
  block,
  call,
  create,
  data,
  hashOf,
  pay,
  type TransactionParts,
  view,
  word,
  ZERO,
} from '../../test/harness/build.ts'
import { aFinding } from '../../test/harness/builders.ts'
import { blockFacts } from '../facts/facts.ts'
import type { Finding } from '../model/finding.ts'
import type { Address } from '../model/hex.ts'
import type { Tokens } from '../model/token.ts'
import { investigate } from './investigate.ts'

const [eve, tool, child, vault, token] = ['eve', 'tool', 'child', 'vault', 'token'].map(address) as [
  `0x${string}`,
  `0x${string}`,
  `0x${string}`,
  `0x${string}`,
  `0x${string}`,
]

function investigated(
  transactions: TransactionParts[],
  findings: Finding[] = [],
  tokens: Tokens = new Map(),
) {
  const facts = blockFacts(block({ transactions }))
  return investigate({
    suspects: facts.transactions.map((tx) => ({
      facts,
      tx,
      findings: findings.filter(({ transactionHash }) => transactionHash === tx.transaction.hash),
      blind: [],
    })),
    protect: new Set(),
    names: new Map(),
    functions: new Map([['0xaabbccdd', 'withdrawAll(address)']]),
    full: false,
    tokens,
  })
}

const theft = (name: string): TransactionParts => ({
  name,
  from: eve,
  root: call(
    tool,
    {},
    create(child, {}),
    call(
      vault,
      { input: data('0xaabbccdd', address('somebody')) },
      pay(token, { from: vault, to: tool, amount: 100n }),
    ),
  ),
})

test('what the sender deployed in an earlier transaction is the attacker’s too', () => {
  const helper = getContractAddress({ from: eve, nonce: 3n }).toLowerCase() as Address
  const later = getContractAddress({ from: eve, nonce: 8n }).toLowerCase() as Address
  const root = call(
    tool,
    {},
    call(helper, {}, call(later, {})),
    pay(token, { from: vault, to: tool, amount: 1n }),
  )
  const { attackers } = investigated([{ from: eve, nonce: 7, root }])
  expect(attackers.contracts).toEqual([tool, helper])
})

test('sender, his contract and what that made are the attacker’s; who paid is not', () => {
  const { attackers, victims } = investigated([theft('one')])
  expect(attackers).toEqual({ accounts: [eve], contracts: [tool, child] })
  expect(victims).toEqual([
    {
      address: vault,
      loss: [{ asset: token, tokenId: null, amount: 100n }],
      reasons: [
        'it bears 100 % of the losses, at the prices before the attack',
        '100 % of what the attacker took came out by its functions',
      ],
    },
  ])
})

test('the call tree calls a token by its symbol, in quotes where only the contract says so', () => {
  const symbol = (vouched: boolean) =>
    new Map([[token, { asset: token, symbol: 'USD', decimals: 6, source: 'its contract', vouched }]])
  const tree = (vouched: boolean) =>
    investigated([theft('one')], [], symbol(vouched)).transactions[0]?.tree.join('\n')
  expect(tree(false)).toContain(`“USD” (${token})`)
  expect(tree(true)).toMatch(/ USD\b/)
})

test('a balance that fell though no transfer says so is a loss, marked as what it is', () => {
  const balance = (amount: bigint) => view(token, data('0x70a08231', vault), `0x${word(amount)}`)
  const other = pay(address('other'), { from: eve, to: tool, amount: 1n })
  const books = call(vault, { input: '0xaabbccdd' }, call(token, {}))
  const root = call(tool, {}, other, balance(9n), books, balance(4n))
  const { victims, balanceChanges } = investigated([{ from: eve, root }])
  expect(victims.find(({ address }) => address === vault)?.loss).toEqual([
    { asset: token, tokenId: null, amount: 5n, by: 'reads' },
  ])
  expect(balanceChanges.some(({ asset }) => asset === token)).toBe(false)
})

test('a pool that gave much more than it got has lost, all in all; one that traded with a little slippage has not', () => {
  const [usdt, busd] = [
    '0xdac17f958d2ee523a2206206994597c13d831ec7',
    '0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48',
  ] as const
  const million = 1_000_000n
  const trade = (pool: `0x${string}`, got: bigint) => [
    pay(usdt, { from: tool, to: pool, amount: got * million }),
    pay(busd, { from: pool, to: tool, amount: 100n * million }),
  ]
  const [moved, fair] = [address('moved pool'), address('fair pool')]
  const root = call(tool, {}, ...trade(moved, 40n), ...trade(fair, 99n), call(vault, { input: '0xaabbccdd' }))
  const { victims } = investigated([{ from: eve, root }])
  expect(victims.find((victim) => victim.address === moved)?.netUsd).toBe('-60.00')
  expect(victims.some((victim) => victim.address === fair)).toBe(false)
})

test('what wraps the coin lost nothing when it paid the coin out', () => {
  const coin = address('wrapper')
  const root = call(
    tool,
    {},
    pay(coin, { from: vault, to: tool, amount: 7n }),
    call(coin, {}, pay(coin, { from: tool, to: ZERO, amount: 7n }), call(tool, { value: 7n })),
  )
  const { victims } = investigated([{ from: eve, root }])
  expect(victims.map((victim) => victim.address)).toEqual([vault])
})

test('two transactions are one story: losses are summed, steps are in order', () => {
  const { victims, transactions, steps } = investigated([theft('one'), theft('two')])
  expect(transactions.map(({ hash }) => hash)).toEqual([hashOf('one'), hashOf('two')])
  expect(victims[0]?.loss).toEqual([{ asset: token, tokenId: null, amount: 200n }])
  expect(steps.map(({ transactionHash }) => transactionHash)).toEqual([hashOf('one'), hashOf('two')])
})

test('a cause stands before an effect that is a little surer, each with contract, function and weakness', () => {
  const found = (category: string, confidence: number): Finding =>
    aFinding({
      transactionHash: hashOf('one'),
      categories: [category],
      confidence,
      victims: [vault],
      evidence: [{ statement: 'here', frames: [2], amounts: [] }],
    })
  const { rootCause } = investigated([theft('one')], [found('drain', 0.8), found('access-control', 0.6)])
  expect(rootCause.hypotheses.map(({ category }) => category)).toEqual(['access-control', 'drain'])
  expect(rootCause).toMatchObject({
    category: 'access-control',
    contract: vault,
    function: 'withdrawAll(address)',
    weakness: { id: 'SC01:2025' },
    confidence: 0.6,
  })
  expect(rootCause.hypotheses[0]?.evidence[0]).toMatchObject({ transactionHash: hashOf('one'), frames: [2] })
})

test('without a rule there is a suspicion only, and it says that it is no more', () => {
  const { rootCause, unexplained } = investigated([theft('one')])
  expect(rootCause).toMatchObject({ category: 'drain', contract: vault, confidence: 0.4 })
  expect(unexplained.join()).toMatch(/no more than a suspicion/)
})

test('the price of a token with eighteen decimals is not rounded away', () => {
  const busd = '0xe9e7cea3dedca5984780bafc599bd69add087d56'
  const facts = blockFacts({ ...block({ transactions: [theft('one')] }), chainId: 56 })
  const paid = {
    ...facts,
    transactions: facts.transactions.map((tx) => ({
      ...tx,
      deltas: new Map([[vault, new Map([[busd, -5n]])]]),
    })),
  }
  const suspects = paid.transactions.map((tx) => ({ facts: paid, tx, findings: [], blind: [] }))
  const { prices } = investigate({
    suspects,
    protect: new Set(),
    names: new Map(),
    functions: new Map(),
    full: false,
    prices: new Map([[busd, { usdE36: 92n * 10n ** 16n, source: 'a file', confidence: 0.9 }]]),
  })
  expect(prices).toEqual([
    { asset: busd, usdPerUnitE36: 92n * 10n ** 16n, source: 'a file', confidence: 0.9 },
  ])
})

test('a transaction that called nothing has no cause, no victims and no contract to blame', () => {
  const { rootCause, victims, attackers } = investigated([{ from: eve, root: call(address('bob'), {}) }])
  expect(rootCause).toMatchObject({ category: 'unknown', contract: null, hypotheses: [] })
  expect(victims).toEqual([])
  expect(attackers.contracts).toEqual([])
})
