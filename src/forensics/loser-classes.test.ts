import { expect, test } from 'vitest'
import { address, call, pay, transaction } from '../../test/harness/build.ts'
import type { ActionFact, Fact, TransactionFacts } from '../model/fact.ts'
import type { Address } from '../model/hex.ts'
import { exposureOf } from './exposure.ts'
import { lossByClass } from './loser-classes.ts'

const [pool, vault, lp, debtor, writer, trader, silent, token] = [
  'pool',
  'vault',
  'lp',
  'debtor',
  'writer',
  'trader',
  'silent',
  'token',
].map(address) as [Address, Address, Address, Address, Address, Address, Address, Address]

const action = (name: ActionFact['action'], actor: Address): ActionFact => ({
  kind: 'action',
  action: name,
  contract: vault,
  implementation: null,
  actor,
  beneficiary: actor,
  given: [],
  taken: [],
  protocol: null,
  source: 'log',
  frame: 0,
})

function seen(...facts: Fact[]): TransactionFacts[] {
  const root = call(vault, {}, pay(token, { from: vault, to: lp, amount: 1n }))
  const [tx] = transaction({ from: trader, root }).transactions
  if (tx === undefined) throw new Error('no transaction')
  return [{ transaction: tx, facts, deltas: new Map() }]
}

const lost = (who: Address, amount: bigint, usd?: string) => ({
  address: who,
  loss: [{ asset: token, tokenId: null, amount, ...(usd === undefined ? {} : { usd }) }],
})

test('losers are classed by what they were seen doing, and one of whom nothing was seen is unknown', () => {
  const swap: Fact = {
    kind: 'swap',
    pool,
    trader,
    assetIn: token,
    assetOut: 'native',
    amountIn: 1n,
    amountOut: 1n,
    protocol: null,
    frame: 0,
  }
  const facts = seen(
    swap,
    action('deposit', lp),
    action('deposit', debtor),
    action('borrow', debtor),
    action('exercise', writer),
  )
  const losers = [pool, vault, lp, debtor, writer, trader, silent].map((who) => lost(who, 1n))
  expect(lossByClass(losers, facts).map(({ class: name, accounts }) => `${name} ${accounts}`)).toEqual([
    'pool 1',
    'protocol 1',
    'derivatives-trader 1',
    'borrower 1',
    'liquidity-provider 1',
    'user 1',
    'unknown 1',
  ])
})

test('losses of a class are summed by asset, in dollars only where every part has a price', () => {
  const facts = seen(action('deposit', lp), action('deposit', debtor))
  expect(lossByClass([lost(lp, 5n, '1.50'), lost(debtor, 7n, '2.75')], facts)).toEqual([
    {
      class: 'liquidity-provider',
      accounts: 2,
      loss: [{ asset: token, tokenId: null, amount: 12n, usd: '4.25' }],
    },
  ])
  expect(lossByClass([lost(lp, 5n, '1.50'), lost(debtor, 7n)], facts)[0]?.loss).toEqual([
    { asset: token, tokenId: null, amount: 12n },
  ])
})

test('an owner who let two spenders take the same coins can lose them once', () => {
  const approval = (spender: Address, amount: bigint, exposed: bigint) => ({
    owner: lp,
    spender,
    asset: token,
    amount,
    exposed,
  })
  const approvals = [
    approval(pool, 100n, 60n),
    approval(vault, 50n, 50n),
    { owner: debtor, spender: pool, asset: token, amount: 9n },
  ]
  expect(exposureOf(approvals, new Map([[`${lp}/${token}`, 60n]]))).toEqual([
    { asset: token, amount: 60n, owners: 1 },
  ])
})
