import { describe, expect, test } from 'vitest'
import {
  address,
  type CallNode,
  call,
  create,
  data,
  delegate,
  log,
  pay,
  pull,
  topicOf,
  transaction,
  transferLog,
  view,
  word,
  ZERO,
} from '../../test/harness/build.ts'
import type { Fact } from '../model/fact.ts'
import type { Address, Hex } from '../model/hex.ts'
import { blockFacts } from './facts.ts'
import { SELECTORS, TOPICS, VALUATIONS } from './signatures.ts'

const [alice, bob, token, nft, weth, pool, usd] = ['alice', 'bob', 'token', 'nft', 'weth', 'pool', 'usd'].map(
  address,
) as [Address, Address, Address, Address, Address, Address, Address]
const MAX = 2n ** 256n - 1n
const TRANSFER = TOPICS['Transfer(address,address,uint256)']

type Sources = { logs?: 'frames' | 'receipts' | 'none' }

function factsOf(root: CallNode, { logs = 'frames' }: Sources = {}): readonly Fact[] {
  return lifted(root, { logs }).facts
}
function lifted(root: CallNode, { logs = 'frames' }: Sources = {}) {
  const [tx] = blockFacts(transaction({ from: alice, root, logs })).transactions
  if (tx === undefined) throw new Error('one transaction was built')
  return tx
}
/** Facts in few words. */
const brief = (facts: readonly Fact[]): string[] =>
  facts.map((fact) => {
    if (fact.kind === 'transfer')
      return `${fact.standard} ${nameOf(fact.asset)} ${nameOf(fact.from)}>${nameOf(fact.to)} ${fact.amount}${fact.tokenId === null ? '' : `#${fact.tokenId}`}`
    if (fact.kind === 'swap')
      return `swap ${nameOf(fact.pool)} ${fact.amountIn} ${nameOf(fact.assetIn)} for ${fact.amountOut} ${nameOf(fact.assetOut)}`
    if (fact.kind === 'control') return `${fact.change} ${fact.subject === null ? '?' : nameOf(fact.subject)}`
    return fact.kind
  })
const names = new Map<string, string>([
  ...['alice', 'bob', 'token', 'nft', 'weth', 'pool', 'usd', 'zap', 'owner', 'lender', 'router'].map(
    (it) => [address(it), it] as const,
  ),
  [ZERO, 'zero'],
])
const nameOf = (it: string): string => names.get(it) ?? it
const all: Sources['logs'][] = ['frames', 'receipts', 'none']

describe('transfers', () => {
  test.each(all)('of ERC-20, both ways to ask, with logs from %s', (logs) => {
    const root = call(
      pool,
      {},
      pull(token, { from: alice, to: pool, amount: 5n }),
      pay(usd, { from: pool, to: bob, amount: MAX }),
    )
    expect(
      brief(factsOf(root, logs === undefined ? {} : { logs })).filter((it) => it.startsWith('erc20')),
    ).toEqual(['erc20 token alice>pool 5', `erc20 usd pool>bob ${MAX}`])
  })

  test.each(all)('of the coin, by call, creation and self-destruction, with logs from %s', (logs) => {
    const root = call(
      pool,
      { value: 10n },
      create(bob, { value: 3n }),
      call(usd, { type: 'SELFDESTRUCT', value: 7n }),
      call(token, { type: 'DELEGATECALL', value: 10n }),
      call(token, { value: 4n, error: 'out of gas' }),
    )
    expect(brief(factsOf(root, logs === undefined ? {} : { logs }))).toEqual([
      'native native alice>pool 10',
      'native native pool>bob 3',
      'native native pool>usd 7',
    ])
  })

  test('of ERC-721: the id is not an amount', () => {
    const root = call(nft, {}, log(nft, [TRANSFER, topicOf(alice), topicOf(bob), topicOf(77n)]))
    expect(brief(factsOf(root))).toEqual(['erc721 nft alice>bob 1#77'])
    expect([...(lifted(root).deltas.get(bob) ?? [])]).toEqual([[`${nft}/77`, 1n]])
  })

  test('of ERC-1155, one and many', () => {
    const single = TOPICS['TransferSingle(address,address,address,uint256,uint256)']
    const batch = TOPICS['TransferBatch(address,address,address,uint256[],uint256[])']
    const root = call(
      nft,
      {},
      log(nft, [single, topicOf(pool), topicOf(alice), topicOf(bob)], `0x${word(9n)}${word(2n)}`),
      log(nft, [batch, topicOf(pool), topicOf(bob), topicOf(alice)], batchData([1n, 2n], [10n, 20n])),
    )
    expect(brief(factsOf(root))).toEqual([
      'erc1155 nft alice>bob 2#9',
      'erc1155 nft bob>alice 10#1',
      'erc1155 nft bob>alice 20#2',
    ])
  })

  test.each(all)('into and out of WETH, with logs from %s', (logs) => {
    const wrap = call(
      weth,
      { input: SELECTORS['deposit()'], value: 8n },
      log(weth, [TOPICS['Deposit(address,uint256)'], topicOf(pool)], `0x${word(8n)}`),
    )
    const unwrap = call(
      weth,
      { input: data(SELECTORS['withdraw(uint256)'], 3n) },
      call(pool, { value: 3n }),
      log(weth, [TOPICS['Withdrawal(address,uint256)'], topicOf(pool)], `0x${word(3n)}`),
    )
    const facts = factsOf(call(pool, { value: 8n }, wrap, unwrap), logs === undefined ? {} : { logs })
    expect(
      brief(facts)
        .filter((it) => it.startsWith('erc20'))
        .sort(),
    ).toEqual(['erc20 weth pool>zero 3', 'erc20 weth zero>pool 8'])
  })

  test('into WETH through a contract whose own function has the same name', () => {
    const wrap = call(weth, { input: SELECTORS['deposit()'], value: 8n })
    const root = call(address('zap'), { input: SELECTORS['deposit()'], value: 8n }, wrap)
    expect(brief(factsOf(root, { logs: 'none' }))).toContain('erc20 weth zero>zap 8')
  })

  test('asked of a token that forwards to its implementation are one movement', () => {
    const input = data(SELECTORS['transfer(address,uint256)'], bob, 5n)
    const root = call(token, { input }, call(address('implementation'), { input }))
    expect(brief(factsOf(root, { logs: 'none' }))).toEqual(['erc20 token alice>bob 5'])
  })

  test('asked of a token that said no did not happen', () => {
    const input = data(SELECTORS['transfer(address,uint256)'], bob, 5n)
    expect(factsOf(call(token, { input, output: `0x${word(0n)}` }), { logs: 'none' })).toEqual([])
  })

  test('logged by a proxy’s implementation belong to the proxy', () => {
    const root = call(
      token,
      { input: '0x11223344' },
      delegate(
        address('implementation'),
        '0x11223344',
        transferLog(token, { from: alice, to: bob, amount: 1n }),
      ),
    )
    expect(brief(factsOf(root))).toEqual(['erc20 token alice>bob 1'])
  })
})

function batchData(ids: readonly bigint[], amounts: readonly bigint[]): Hex {
  const list = (items: readonly bigint[]): string => [BigInt(items.length), ...items].map(word).join('')
  return `0x${word(64n)}${word(64n + 32n * BigInt(ids.length + 1))}${list(ids)}${list(amounts)}`
}

describe('lies', () => {
  const deposit = TOPICS['Deposit(address,uint256)']
  const withdrawal = TOPICS['Withdrawal(address,uint256)']
  const batch = TOPICS['TransferBatch(address,address,address,uint256[],uint256[])']
  const three = [batch, topicOf(pool), topicOf(bob), topicOf(alice)]
  test.each<[string, ReturnType<typeof log>]>([
    ['a Deposit without the value', log(weth, [deposit, topicOf(bob)], `0x${word(8n)}`)],
    ['a Withdrawal that pays nothing', log(weth, [withdrawal, topicOf(bob)], `0x${word(8n)}`)],
    ['a Transfer without an amount', log(weth, [TRANSFER, topicOf(alice), topicOf(bob)])],
    ['a Transfer without accounts', log(weth, [TRANSFER], `0x${word(1n)}`)],
    ['a Transfer of half a word', log(weth, [TRANSFER, topicOf(alice), topicOf(bob)], '0x0001')],
    ['no topics', log(weth, [], `0x${word(1n)}`)],
    ['a batch with an offset beyond the end', log(weth, three, `0x${word(MAX)}${word(MAX)}`)],
    [
      'a batch with an offset between words',
      log(weth, three, `0x${word(65n)}${word(65n)}${word(1n)}${word(1n)}${word(1n)}`),
    ],
    ['a batch that claims 2^255 items', log(weth, three, `0x${word(64n)}${word(64n)}${word(2n ** 255n)}`)],
    ['a batch of five thousand', log(weth, three, batchData(Array(5_000).fill(1n), Array(5_000).fill(1n)))],
    ['a batch with fewer amounts than ids', log(weth, three, batchData([1n, 2n], [1n]))],
  ])('%s says nothing', (_name, lie) => {
    expect(factsOf(call(weth, { input: '0x11223344' }, lie))).toEqual([])
  })

  test('what a failed frame logged did not happen', () => {
    const lie = call(
      token,
      { error: 'execution reverted' },
      transferLog(token, { from: alice, to: bob, amount: 1n }),
    )
    expect(factsOf(call(pool, {}, lie))).toEqual([])
  })

  test('a failed transaction has no facts', () => {
    const root = call(
      pool,
      { value: 5n, error: 'out of gas' },
      pay(token, { from: pool, to: bob, amount: 1n }),
    )
    expect(lifted(root)).toMatchObject({ facts: [], deltas: new Map() })
  })
})

test('a movement that no log shows is taken from calls only where no logs were recorded', () => {
  const silent = call(token, { input: data(SELECTORS['transfer(address,uint256)'], bob, 5n) })
  const root = call(pool, {}, silent, pay(usd, { from: pool, to: bob, amount: 1n }))
  expect(brief(factsOf(root))).toEqual(['erc20 usd pool>bob 1'])
  expect(brief(factsOf(root, { logs: 'receipts' }))).toEqual(['erc20 usd pool>bob 1'])
  expect(brief(factsOf(root, { logs: 'none' }))).toEqual(['erc20 token pool>bob 5', 'erc20 usd pool>bob 1'])
})

test('what a name means is asked of calls and views, not of code that is borrowed', () => {
  const price = { input: VALUATIONS['getReserves()'], output: `0x${word(5n)}` } as const
  const kinds = (type: CallNode['type']) =>
    factsOf(call(bob, {}, call(pool, { ...price, type }))).map(({ kind }) => kind)
  expect([kinds('STATICCALL'), kinds('CALL'), kinds('DELEGATECALL'), kinds('CALLCODE')]).toEqual([
    ['valuation'],
    ['valuation'],
    [],
    [],
  ])
})

test('logs and calls stand in the order of execution', () => {
  const note = (amount: bigint) => transferLog(token, { from: alice, to: bob, amount })
  const root = call(
    token,
    { value: 1n },
    note(1n),
    call(pool, { value: 2n }, note(2n)),
    note(3n),
    call(pool, { value: 4n }),
    note(4n),
  )
  expect(brief(factsOf(root)).map((it) => it.split(' ').at(-1))).toEqual(['1', '1', '2', '2', '3', '4', '4'])
})

describe('control', () => {
  const owner = address('owner')
  test.each<[keyof typeof TOPICS, readonly Hex[], Hex, string]>([
    ['OwnershipTransferred(address,address)', [topicOf(alice), topicOf(owner)], '0x', 'owner-changed owner'],
    ['OwnershipTransferred(address,address)', [], `0x${word(alice)}${word(owner)}`, 'owner-changed owner'],
    [
      'RoleGranted(bytes32,address,address)',
      [topicOf(1n), topicOf(owner), topicOf(alice)],
      '0x',
      'role-granted owner',
    ],
    [
      'RoleRevoked(bytes32,address,address)',
      [topicOf(1n), topicOf(owner), topicOf(alice)],
      '0x',
      'role-revoked owner',
    ],
    ['Upgraded(address)', [topicOf(owner)], '0x', 'implementation-changed owner'],
    ['AdminChanged(address,address)', [], `0x${word(alice)}${word(owner)}`, 'admin-changed owner'],
    ['BeaconUpgraded(address)', [topicOf(owner)], '0x', 'beacon-changed owner'],
    ['Paused(address)', [], `0x${word(owner)}`, 'paused owner'],
    ['Unpaused(address)', [], '0x', 'unpaused ?'],
    ['Paused()', [], '0x', 'paused ?'],
    ['Unpaused()', [], '0x', 'unpaused ?'],
  ])('%s', (signature, topics, logged, expected) => {
    expect(brief(factsOf(call(pool, {}, log(pool, [TOPICS[signature], ...topics], logged))))).toEqual([
      expected,
    ])
  })
})

test('a view that prices something is a valuation, with its first words', () => {
  const read = view(pool, VALUATIONS['getReserves()'], `0x${word(5n)}${word(7n)}${word(9n)}`)
  const [fact] = factsOf(call(bob, {}, read))
  expect(fact).toEqual({
    kind: 'valuation',
    source: pool,
    reader: bob,
    selector: VALUATIONS['getReserves()'],
    answer: [5n, 7n, 9n],
    frame: 1,
  })
})

describe('swaps by shape', () => {
  const router = address('router')
  const swapsOf = (root: CallNode): string[] => brief(factsOf(root).filter(({ kind }) => kind === 'swap'))

  test('paid ahead (Uniswap v2)', () => {
    const root = call(
      router,
      {},
      pull(usd, { from: alice, to: pool, amount: 100n }),
      call(pool, { input: '0x022c0d9f' }, pay(token, { from: pool, to: alice, amount: 50n })),
    )
    expect(swapsOf(root)).toEqual(['swap pool 100 usd for 50 token'])
  })

  test('paid in a callback (Uniswap v3)', () => {
    const root = call(
      router,
      {},
      call(
        pool,
        { input: '0x128acb08' },
        pay(token, { from: pool, to: alice, amount: 50n }),
        call(router, { input: '0xfa461e33' }, pull(usd, { from: alice, to: pool, amount: 100n })),
      ),
    )
    expect(swapsOf(root)).toEqual(['swap pool 100 usd for 50 token'])
  })

  test('a swap stands before the transfers that it consists of, and after those before it', () => {
    const before = pay(weth, { from: address('router'), to: bob, amount: 1n })
    const swap = call(
      pool,
      { input: '0x128acb08' },
      pay(token, { from: pool, to: alice, amount: 50n }),
      pull(usd, { from: alice, to: pool, amount: 100n }),
    )
    const after = pay(weth, { from: address('router'), to: bob, amount: 2n })
    expect(brief(factsOf(call(router, {}, before, swap, after)))).toEqual([
      'erc20 weth router>bob 1',
      'swap pool 100 usd for 50 token',
      'erc20 token pool>alice 50',
      'erc20 usd alice>pool 100',
      'erc20 weth router>bob 2',
    ])
  })

  test('through two pools, both are told', () => {
    const root = call(
      router,
      {},
      pull(usd, { from: alice, to: pool, amount: 100n }),
      call(pool, { input: '0x022c0d9f' }, pay(token, { from: pool, to: bob, amount: 50n })),
      call(bob, { input: '0x022c0d9f' }, pay(weth, { from: bob, to: alice, amount: 2n })),
    )
    expect(swapsOf(root)).toEqual(['swap pool 100 usd for 50 token', 'swap bob 50 token for 2 weth'])
  })

  test('adding or taking out liquidity is no swap', () => {
    const add = call(
      pool,
      { input: '0x6a627842' },
      pull(usd, { from: alice, to: pool, amount: 100n }),
      pull(token, { from: alice, to: pool, amount: 50n }),
      transferLog(pool, { from: ZERO, to: alice, amount: 7n }),
    )
    const remove = call(
      pool,
      { input: '0x89afcb44' },
      transferLog(pool, { from: pool, to: ZERO, amount: 7n }),
      pay(usd, { from: pool, to: alice, amount: 100n }),
      pay(token, { from: pool, to: alice, amount: 50n }),
    )
    expect(swapsOf(call(router, {}, add, remove))).toEqual([])
  })

  test('a deposit for shares is no swap', () => {
    const root = call(
      pool,
      { input: '0xb6b55f25' },
      pull(usd, { from: alice, to: pool, amount: 100n }),
      transferLog(pool, { from: ZERO, to: alice, amount: 99n }),
    )
    expect(swapsOf(root)).toEqual([])
  })

  test('a flash loan is no swap, with or without a fee', () => {
    for (const fee of [0n, 1n]) {
      const root = call(
        address('lender'),
        { input: '0x5cffe9de' },
        pay(usd, { from: address('lender'), to: bob, amount: 100n }),
        call(bob, { input: '0x23e30c8b' }),
        pull(usd, { from: bob, to: address('lender'), amount: 100n + fee }),
      )
      expect(swapsOf(root)).toEqual([])
    }
  })
})
