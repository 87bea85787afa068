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
} from '../../../../test/harness/build.ts'
import { askAbout, everything, protecting } from '../../../../test/harness/detect.ts'
import { blockFacts } from '../../../facts/facts.ts'
import { TOPICS } from '../../../facts/signatures.ts'
import type { Address, Hex } from '../../../model/hex.ts'
import { createEngine, evaluateSettled } from '../../engine/engine.ts'
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
    // one movement alone, of accounts that nobody protects, is no page: keepers and custodians pull so too
    const severity = scope === everything ? 'medium' : 'critical'
    expect(found).toMatchObject({ severity, victims: [router, owner] })
    expect(found?.evidence[0]?.amounts).toEqual([{ account: bot, asset: usdc, amount: 900n }])
  }
})

test('a token whose logic is another contract is asked by the caller of the token, not by its logic', () => {
  const logic = address('logic')
  const parts = { from: owner, to: thief, amount: 900n }
  const asked = data('0x23b872dd', owner, thief, 900n)
  const emitted = call(usdc, { input: '0x907dff97' }, transferLog(usdc, parts))
  const root = call(usdc, { input: asked }, call(logic, { input: asked }, emitted))
  for (const scope of [protecting(usdc, logic), everything])
    expect(askAbout(arbitraryCall, scope, { from: thief, root })).toEqual([])
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
  const signed = (signature: bigint, digest = 1n): CallNode =>
    view(ECRECOVER, `0x${[digest, 27n, signature, 2n].map(word).join('')}`, `0x${word(owner)}`)
  const approvedLog = (spender: Address, amount: bigint) =>
    log(
      usdc,
      [TOPICS['Approval(address,address,uint256)'], topicOf(owner), topicOf(spender)],
      `0x${word(amount)}`,
    )
  const approves = (spender: Address, amount: bigint): CallNode =>
    call(usdc, { input: data('0x095ea7b3', spender, amount) }, approvedLog(spender, amount))
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

  const OFFERS: [string, CallNode][] = [
    ['a lender’s offer, taken up with collateral', loan({})],
    ['an offer of a contract (ERC-1271)', loan({ check: erc1271 })],
    ['an offer of a little more, by the fee kept back', loan({ named: 250n })],
  ]
  test.each(OFFERS)('%s, at a desk that nobody knows, is quiet while nothing is protected', (_name, root) => {
    expect(severity(root)).toBe('quiet')
  })
  test.each(OFFERS)('%s, at a desk that is protected, is no theft', (_name, root) => {
    expect(askAbout(arbitraryCall, protecting(desk, vault), { from: thief, root })).toEqual([])
  })
  test.each(OFFERS)('%s, at a desk of whoever wrote it, is a theft from a protected vault', (_name, root) => {
    const [found] = askAbout(arbitraryCall, protecting(vault), { from: thief, root })
    expect(found).toMatchObject({ severity: 'critical' })
  })

  test('at a desk that the lender approved before, an offer that is taken up is no theft', () => {
    const engine = createEngine({ detectors: [arbitraryCall], scope: protecting(vault) })
    const approve = approves(desk, 5n)
    evaluateSettled(engine, blockFacts(transaction({ name: 'approve', from: owner, root: approve })))
    const taken = blockFacts(transaction({ name: 'taken', from: thief, root: loan({}) }))
    expect(evaluateSettled(engine, taken)).toEqual([])
    const withdrawn = createEngine({ detectors: [arbitraryCall], scope: protecting(vault) })
    for (const [name, amount] of [
      ['approve', 5n],
      ['withdraw', 0n],
    ] as const)
      evaluateSettled(withdrawn, blockFacts(transaction({ name, from: owner, root: approves(desk, amount) })))
    expect(evaluateSettled(withdrawn, taken)).toMatchObject([{ severity: 'critical' }])
  })

  test('taken twice on one signature it is a theft', () => {
    const out = call(vault, { input: '0x01020304' }, paidOut(OWES), paidOut(OWES))
    expect(severity(loan({ out }))).toBe('critical')
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

  const WORDS_OF_OFFER = (amount: bigint): Hex => data('0x27b15cb3', amount, owner)
  /** A settlement that checks the signature and moves the tokens itself. */
  const settlement = (parts: { check?: CallNode; given?: CallNode[]; twice?: boolean } = {}): CallNode => {
    const fill = call(
      vault,
      { input: WORDS_OF_OFFER(OWES) },
      parts.check ?? signed(9n),
      pull(usdc, { from: owner, to: thief, amount: OWES }),
    )
    const again = call(vault, { input: WORDS_OF_OFFER(1n) }, parts.check ?? signed(9n))
    return call(bot, { input: RUN }, ...(parts.given ?? [collateral]), ...(parts.twice ? [again] : []), fill)
  }
  const strictly = (root: CallNode) =>
    askAbout(arbitraryCall, protecting(vault), { from: thief, root })[0]?.severity ?? 'quiet'

  test('an order that the contract which moves the tokens has verified itself is no theft', () => {
    expect(strictly(settlement())).toBe('quiet')
    expect(strictly(settlement({ check: erc1271 }))).toBe('quiet')
  })

  test('for nothing in return it is told, lower', () => {
    expect(strictly(settlement({ given: [] }))).toBe('medium')
  })

  test('the same signature verified again in another call of one transaction is a replay', () => {
    expect(strictly(settlement({ twice: true }))).toBe('critical')
  })

  test('a signature that was used in an earlier transaction is no consent to a second, nor is its twin', () => {
    const engine = createEngine({ detectors: [arbitraryCall], scope: protecting(vault) })
    const act = (name: string, root: CallNode) =>
      evaluateSettled(engine, blockFacts(transaction({ name, from: thief, root })))
    // Whichever contract verified it first, and for whichever purpose.
    expect(act('elsewhere', call(forger, { input: RUN }, signed(7n, 2n)))).toEqual([])
    expect(act('replayed', settlement({ check: signed(7n, 2n) }))).toMatchObject([{ severity: 'critical' }])
    expect(act('first', settlement())).toEqual([])
    expect(act('again', settlement())).toMatchObject([{ severity: 'critical' }])
    expect(act('twin', settlement({ check: signed(99n) }))).toMatchObject([{ severity: 'critical' }])
    expect(act('another', settlement({ check: signed(9n, 3n) }))).toEqual([])
  })

  test('a wallet that was upgraded in the transaction has no word of its own', () => {
    const wallet = (change: Hex): CallNode =>
      call(bot, { input: RUN }, log(owner, [change, topicOf(forger)]), settlement({ check: erc1271 }))
    expect(strictly(wallet(TOPICS['Upgraded(address)']))).toBe('critical')
  })

  test('an answer of zero, or of the first bytes of another word, is nobody’s', () => {
    const zero = view(ECRECOVER, `0x${[1n, 27n, 9n, 2n].map(word).join('')}`, `0x${word(0n)}`)
    const empty = view(ECRECOVER, `0x${[1n, 27n, 9n, 2n].map(word).join('')}`, '0x')
    const no = view(owner, data('0x1626ba7e', 1n, 64n, 0n), `0xffffffff${'0'.repeat(56)}`)
    for (const check of [zero, empty, no]) expect(strictly(settlement({ check }))).toBe('critical')
  })

  /** A permit: the token checks the signature and lets the spender have the amount. */
  const permitted = (spender: Address, amount: bigint): CallNode =>
    call(
      usdc,
      { input: data('0xd505accf', owner, spender, amount) },
      signed(9n),
      approvedLog(spender, amount),
    )
  const router2 = (...before: CallNode[]): CallNode =>
    call(
      bot,
      { input: RUN },
      collateral,
      ...before,
      call(
        vault,
        { input: data('0x33333333', owner, OWES) },
        pull(usdc, { from: owner, to: thief, amount: OWES }),
      ),
    )

  test('a permit for the spender that then takes it is consent; one for somebody else, or for less, is none', () => {
    expect(strictly(router2(permitted(vault, OWES)))).toBe('quiet')
    expect(strictly(router2(permitted(desk, OWES)))).toBe('critical')
    expect(strictly(router2(permitted(vault, OWES - 1n)))).toBe('critical')
    expect(strictly(router2())).toBe('critical')
  })

  /** An allowance of Permit2: signed for the account that asks the mover later, over this token. */
  const allowed = (token: Address, spender: Address, amount: bigint): CallNode =>
    call(vault, { input: data('0x2b67b570', owner, token, amount, spender) }, signed(9n))
  const asking = (...before: CallNode[]): CallNode =>
    call(
      bot,
      { input: RUN },
      collateral,
      ...before,
      call(
        desk,
        { input: data('0x44444444', owner) },
        call(
          vault,
          { input: data('0x36c78516', owner, thief, OWES, usdc) },
          pull(usdc, { from: owner, to: thief, amount: OWES }),
        ),
      ),
    )

  test('an allowance of Permit2 is consent for the spender and token that it names, and for no other', () => {
    const MOST = (1n << 160n) - 1n
    expect(strictly(asking(allowed(usdc, desk, MOST)))).toBe('quiet')
    expect(strictly(asking(allowed(usdc, router, MOST)))).toBe('critical')
    expect(strictly(asking(allowed(address('dai'), desk, MOST)))).toBe('critical')
  })

  test('an old signature that the attacker’s own contract looks at says nothing for an unrelated spender', () => {
    const forged = (): CallNode =>
      call(
        forger,
        { input: WORDS_OF_OFFER(OWES) },
        signed(9n),
        collateral,
        call(
          vault,
          { input: data('0x33333333', owner, OWES) },
          pull(usdc, { from: owner, to: thief, amount: OWES }),
        ),
      )
    expect(strictly(forged())).toBe('critical')
    expect(strictly(call(bot, { input: RUN }, forged()))).toBe('critical')
  })
})
