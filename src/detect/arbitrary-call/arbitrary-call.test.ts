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
  view,
  word,
} from '../../../test/harness/build.ts'
import { askAbout, everything, protecting } from '../../../test/harness/detect.ts'
import { blockFacts } from '../../facts/facts.ts'
import { TOPICS } from '../../facts/signatures.ts'
import type { Address, Hex } from '../../model/hex.ts'
import { createEngine, evaluateSettled } from '../engine.ts'
import { arbitraryCall } from './arbitrary-call.ts'

const [thief, bot, proxy, router, owner, usdc, library] = [
  'thief',
  'bot',
  'proxy',
  'router',
  'owner',
  'usdc',
  'library',
].map(address) as [
  `0x${string}`,
  `0x${string}`,
  `0x${string}`,
  `0x${string}`,
  `0x${string}`,
  `0x${string}`,
  `0x${string}`,
]
const RUN = '0xc0406226'

test('a contract that runs its caller’s code as its own is flagged', () => {
  const root = call(bot, { input: RUN }, call(proxy, { input: '0x11111111' }, delegate(bot, '0x22222222')))
  const [found] = askAbout(arbitraryCall, protecting(proxy), { from: thief, root })
  expect(found).toMatchObject({
    severity: 'critical',
    protected: [proxy],
    categories: ['arbitrary-call', 'context-hijacking'],
  })
})

test('a proxy that runs its implementation, and a wallet that runs a library, are not', () => {
  const root = call(
    bot,
    { input: RUN },
    call(proxy, { input: '0x11111111' }, delegate(library, '0x22222222')),
  )
  expect(askAbout(arbitraryCall, protecting(proxy), { from: thief, root })).toEqual([])
})

test('a router that moves a stranger’s tokens to its caller is flagged, protected or not', () => {
  const root = call(
    bot,
    { input: RUN },
    call(router, { input: '0x33333333' }, pull(usdc, { from: owner, to: bot, amount: 900n })),
  )
  for (const scope of [protecting(router), everything]) {
    const [found] = askAbout(arbitraryCall, scope, { from: thief, root })
    expect(found).toMatchObject({ severity: 'critical', victims: [router, owner] })
    expect(found?.evidence[0]?.amounts).toEqual([{ account: bot, asset: usdc, amount: 900n }])
  }
})

test('a settlement that gives the stranger something in return is not', () => {
  const root = call(
    bot,
    { input: RUN },
    call(
      router,
      { input: '0x33333333' },
      pull(usdc, { from: owner, to: bot, amount: 900n }),
      pull(address('dai'), { from: bot, to: owner, amount: 890n }),
    ),
  )
  expect(askAbout(arbitraryCall, protecting(router), { from: thief, root })).toEqual([])
})

test('a router that moves its own caller’s tokens is not', () => {
  const root = call(
    router,
    { input: '0x33333333' },
    pull(usdc, { from: owner, to: address('pool'), amount: 5n }),
    pay(usdc, { from: router, to: owner, amount: 4n }),
  )
  expect(askAbout(arbitraryCall, protecting(router), { from: owner, root })).toEqual([])
})

test('a multicall that runs its own functions is not', () => {
  const root = call(
    router,
    { input: '0xac9650d8' },
    delegate(router, '0x11111111', pull(usdc, { from: owner, to: address('pool'), amount: 5n })),
    delegate(router, '0x22222222'),
  )
  for (const scope of [protecting(router), everything])
    expect(askAbout(arbitraryCall, scope, { from: owner, root })).toEqual([])
})

describe('a third party that signed', () => {
  const [desk, vault, escrow, kitten, forger] = ['desk', 'vault', 'escrow', 'kitten', 'forger'].map(
    address,
  ) as [`0x${string}`, `0x${string}`, `0x${string}`, `0x${string}`, `0x${string}`]
  const ECRECOVER: Address = `0x${'0'.repeat(39)}1`
  const OWES = 240n
  const offer = (amount: bigint): Hex => data('0x27b15cb3', amount, owner)
  const signed = (signature: bigint): CallNode =>
    view(ECRECOVER, `0x${[1n, 27n, signature, 2n].map(word).join('')}`, `0x${word(owner)}`)
  const erc1271 = view(owner, data('0x1626ba7e', 1n, 64n, 0n), `0x1626ba7e${'0'.repeat(56)}`)
  const collateral = call(
    escrow,
    { input: '0x7b49f5bf' },
    call(kitten, { input: data('0x42842e0e', thief, escrow, 7n) }, log(kitten, nft(thief, escrow, 7n))),
  )
  function nft(from: Address, to: Address, id: bigint): Hex[] {
    return [TOPICS['Transfer(address,address,uint256)'], topicOf(from), topicOf(to), topicOf(id)]
  }
  const paidOut = (amount: bigint) =>
    call(
      vault,
      { input: data('0xf18d03cc', usdc, owner, thief, amount) },
      pull(usdc, { from: owner, to: thief, amount }),
    )
  const loan = (parts: {
    check?: CallNode
    named?: bigint
    given?: CallNode[]
    out?: CallNode
    at?: Address
  }) =>
    call(
      parts.at ?? desk,
      { input: offer(parts.named ?? OWES) },
      parts.check ?? signed(9n),
      ...(parts.given ?? [collateral]),
      parts.out ?? paidOut(OWES),
    )
  const severity = (root: CallNode) =>
    askAbout(arbitraryCall, everything, { from: thief, root })[0]?.severity ?? 'quiet'

  test.each([
    ['a lender’s offer, taken up with collateral', loan({})],
    ['an offer of a contract (ERC-1271)', loan({ check: erc1271 })],
    ['an offer of a little more, by the fee kept back', loan({ named: 250n })],
  ])('%s is no theft', (_name, root) => {
    expect(severity(root)).toBe('quiet')
  })

  test.each([
    ['nothing given for it', loan({ given: [] })],
    [
      'taken twice on one signature',
      loan({ out: call(vault, { input: '0x01020304' }, paidOut(OWES), paidOut(OWES)) }),
    ],
  ])('with %s it is told, lower', (_name, root) => {
    expect(severity(root)).not.toBe('quiet')
  })

  const other = view(ECRECOVER, `0x${[1n, 27n, 9n, 2n].map(word).join('')}`, `0x${word(address('other'))}`)
  const embedded = data('0x23b872dd', owner, thief, OWES)
  test.each([
    ['of somebody else', loan({ check: other })],
    ['that says nothing of the amount', loan({ named: 1n })],
    ['that came after', call(desk, { input: offer(OWES) }, collateral, paidOut(OWES), signed(9n))],
    [
      'verified by a bystander',
      call(
        bot,
        { input: offer(OWES) },
        call(forger, { input: offer(OWES) }, signed(9n)),
        collateral,
        paidOut(OWES),
      ),
    ],
    [
      'beside a ready-made call of the token',
      loan({
        out: call(
          vault,
          { input: `0x11111111${embedded.slice(2)}` },
          pull(usdc, { from: owner, to: thief, amount: OWES }),
        ),
      }),
    ],
    [
      'verified by a contract made for it',
      call(bot, { input: offer(OWES) }, create(forger, {}), loan({ at: forger })),
    ],
  ])('a signature %s excuses nothing', (_name, root) => {
    expect(severity(root)).toBe('critical')
  })

  test('a signature that was used in an earlier transaction is no consent to a second', () => {
    const engine = createEngine({ detectors: [arbitraryCall], scope: everything })
    const act = (name: string, parts: Parameters<typeof loan>[0]) =>
      blockFacts(transaction({ name, from: thief, root: loan(parts) }))
    expect(evaluateSettled(engine, act('first', {}))).toEqual([])
    expect(evaluateSettled(engine, act('again', {}))).toMatchObject([{ severity: 'medium' }])
    expect(evaluateSettled(engine, act('for nothing', { given: [] }))).toMatchObject([
      { severity: 'critical' },
    ])
    expect(evaluateSettled(engine, act('another', { check: signed(10n) }))).toEqual([])
  })
})
