import { describe, expect, test } from 'vitest'
import {
  address,
  type CallNode,
  call,
  data,
  topicOf,
  transaction,
  word,
  ZERO,
} from '../../test/harness/build.ts'
import type { Frame, Log } from '../model/block.ts'
import type { Address, Hex } from '../model/hex.ts'
import { balanceDeltas } from './deltas.ts'
import { movementFromCall } from './from-calls.ts'
import { movementsFromLog, tellsOfWrap } from './from-logs.ts'
import { SELECTORS, TOPICS } from './signatures.ts'
import type { TokenKind } from './token-kinds.ts'

const [alice, bob, carol, token] = ['alice', 'bob', 'carol', 'token'].map(address) as [
  Address,
  Address,
  Address,
  Address,
]

function framesOf(root: CallNode): readonly Frame[] {
  return transaction({ from: alice, root, logs: 'none' }).transactions[0]?.frames ?? []
}
const entered = framesOf(call(token, { value: 9n }, call(alice, { value: 4n })))

/** The movements that a log shows, in the frame of the token's root call. */
function logged(
  topics: readonly Hex[],
  body: string,
  { frames = entered, kind, frame = 0 }: { frames?: readonly Frame[]; kind?: TokenKind; frame?: number } = {},
) {
  const log: Log = { address: token, topics: [...topics], data: `0x${body}` }
  return movementsFromLog(log, { frame, frames, kinds: { of: () => kind } })
}
/** The movements that a call of the token by alice requests, without logs. */
const requested = (root: CallNode, at = 0) => {
  const frames = framesOf(root)
  const frame = frames[at]
  return frame === undefined ? undefined : movementFromCall(frame, frames)
}
const [a, b, c] = [alice, bob, carol].map(topicOf) as [Hex, Hex, Hex]

describe('approvals', () => {
  const approval = TOPICS['Approval(address,address,uint256)']
  const forAll = TOPICS['ApprovalForAll(address,address,bool)']

  test('of an amount, of one token by its id, and of everything', () => {
    const base = { kind: 'approval', asset: token, owner: alice, spender: bob, frame: 0 }
    expect(logged([approval, a, b], word(70n))).toEqual([{ ...base, amount: 70n }])
    expect(logged([approval, a, b, topicOf(70n)], '')).toEqual([{ ...base, amount: 1n }])
    expect(logged([approval, a, b, topicOf(70n)], '', { kind: 'erc20' })).toEqual([{ ...base, amount: 70n }])
    expect(logged([approval, a, b], word(70n), { kind: 'erc721' })).toEqual([{ ...base, amount: 70n }])
    expect(logged([forAll, a, b], word(1n))).toEqual([{ ...base, amount: 1n }])
    expect(logged([forAll, a, b], word(0n))).toEqual([{ ...base, amount: 0n }])
  })

  test('in another shape are none', () => {
    expect(logged([approval, a], '')).toEqual([])
    expect(logged([approval, a, b], 'ff')).toEqual([])
    for (const topics of [[forAll], [forAll, a]]) expect(logged(topics, word(1n))).toEqual([])
    expect(logged([forAll, a, b], '')).toEqual([])
  })
})

describe('logs of movements', () => {
  const transfer = TOPICS['Transfer(address,address,uint256)']
  const single = TOPICS['TransferSingle(address,address,address,uint256,uint256)']
  const batch = TOPICS['TransferBatch(address,address,address,uint256[],uint256[])']

  test('an amount is the first word, whatever follows it', () => {
    for (const more of ['', word(8n)])
      expect(logged([transfer, a, b], word(7n) + more)).toMatchObject([
        { standard: 'erc20', from: alice, to: bob, amount: 7n, tokenId: null, source: 'log', frame: 0 },
      ])
  })

  test('a log without topics, of another topic, or cut off shows nothing', () => {
    expect(logged([], word(7n))).toEqual([])
    expect(logged([topicOf(1n)], word(7n))).toEqual([])
    expect(logged([transfer, a, b], 'ff')).toEqual([])
    expect(logged([single, c, a, b], word(1n))).toEqual([])
    expect(logged([single, c, a], word(1n) + word(2n))).toEqual([])
    expect(logged([single, c], word(1n) + word(2n))).toEqual([])
  })

  const lists = (ids: readonly bigint[], amounts: readonly bigint[]): string =>
    [64n, 96n + 32n * BigInt(ids.length), BigInt(ids.length), ...ids, BigInt(amounts.length), ...amounts]
      .map(word)
      .join('')

  test('a batch has as many ids as amounts, all of them in the data', () => {
    expect(logged([batch, c, a, b], lists([1n, 2n], [10n, 20n]))).toMatchObject([
      { standard: 'erc1155', tokenId: 1n, amount: 10n, from: alice, to: bob, source: 'log' },
      { standard: 'erc1155', tokenId: 2n, amount: 20n },
    ])
    expect(logged([batch, c, a, b], lists([], []))).toEqual([])
    expect(logged([batch, c, a, b], lists([1n, 2n], [10n]))).toEqual([])
    expect(logged([batch, c, a, b], lists([1n], [10n]).slice(0, -64))).toEqual([])
    expect(logged([batch, c, a, b], '')).toEqual([])
    expect(logged([batch, c, a, b], word(64n))).toEqual([])
    expect(logged([batch, c, a, b], word(2n ** 255n) + word(96n))).toEqual([])
    expect(logged([batch, c, a, b], word(33n) + word(96n) + word(0n))).toEqual([])
  })

  test('a batch of 4,096 is read, and a longer one is an attack on Cordon', () => {
    const ones = (count: number) => Array<bigint>(count).fill(1n)
    expect(logged([batch, c, a, b], lists(ones(4_096), ones(4_096)))).toHaveLength(4_096)
    expect(logged([batch, c, a, b], lists(ones(4_097), ones(4_097)))).toEqual([])
  })
})

describe('wrapping the coin', () => {
  const deposit = TOPICS['Deposit(address,uint256)']
  const withdrawal = TOPICS['Withdrawal(address,uint256)']

  test('a deposit mints exactly what the call paid', () => {
    expect(logged([deposit, b], word(9n))).toMatchObject([
      { standard: 'erc20', asset: token, from: ZERO, to: bob, amount: 9n, source: 'log' },
    ])
    expect(logged([deposit, b], word(8n))).toEqual([])
    expect(logged([deposit, b, c], word(9n))).toEqual([])
    expect(logged([deposit], word(9n))).toEqual([])
    expect(logged([deposit, b], '')).toEqual([])
    expect(logged([deposit, b], word(9n), { frame: 7 })).toEqual([])
  })

  test('a withdrawal burns only what the same call pays out itself', () => {
    expect(logged([withdrawal, b], word(4n))).toMatchObject([
      { standard: 'erc20', from: bob, to: ZERO, amount: 4n },
    ])
    expect(logged([withdrawal, b], word(5n))).toEqual([])
    const paid = (...inner: CallNode['inner']) => ({ frames: framesOf(call(token, {}, ...inner)) })
    const failed = call(alice, { value: 4n, error: 'out of gas' })
    const deeper = call(bob, {}, call(alice, { value: 4n }))
    expect(logged([withdrawal, b], word(4n), paid(failed))).toEqual([])
    expect(logged([withdrawal, b], word(4n), paid(deeper))).toEqual([])
    expect(logged([withdrawal, b], word(4n), paid(failed, deeper, call(alice, { value: 4n })))).toHaveLength(
      1,
    )
    const later = framesOf(call(bob, {}, call(token, {}), call(alice, { value: 4n })))
    expect(logged([withdrawal, b], word(4n), { frames: later, frame: 1 })).toEqual([])
  })

  test('a log tells of a mint or burn where token, account and amount are the same', () => {
    const fact = (from: Address, to: Address, amount = 4n) =>
      ({
        kind: 'transfer',
        standard: 'erc20',
        asset: token,
        from,
        to,
        amount,
        tokenId: null,
        frame: 0,
        source: 'call',
      }) as const
    const log = (topic: Hex, account: Hex, body = word(4n), at = token): Log => ({
      address: at,
      topics: [topic, account],
      data: `0x${body}`,
    })
    expect(tellsOfWrap(log(deposit, b), fact(ZERO, bob))).toBe(true)
    expect(tellsOfWrap(log(withdrawal, b), fact(bob, ZERO))).toBe(true)
    for (const other of [
      log(withdrawal, b),
      log(deposit, c),
      log(deposit, b, word(5n)),
      log(deposit, b, ''),
      log(deposit, b, word(4n), carol),
    ])
      expect(tellsOfWrap(other, fact(ZERO, bob))).toBe(false)
    expect(tellsOfWrap(log(deposit, b), fact(bob, ZERO))).toBe(false)
  })
})

describe('requests, where no logs were recorded', () => {
  const safe = SELECTORS['safeTransferFrom(address,address,uint256)']
  const safeWithData = SELECTORS['safeTransferFrom(address,address,uint256,bytes)']
  const multi = SELECTORS['safeTransferFrom(address,address,uint256,uint256,bytes)']
  const base = { kind: 'transfer', asset: token, frame: 0, source: 'call' }

  test.each([
    ['transfer', data(SELECTORS['transfer(address,uint256)'], bob, 5n), alice, bob],
    ['transferFrom', data(SELECTORS['transferFrom(address,address,uint256)'], carol, bob, 5n), carol, bob],
    ['mint', data(SELECTORS['mint(address,uint256)'], bob, 5n), ZERO, bob],
    ['burn of one’s own', data(SELECTORS['burn(uint256)'], 5n), alice, ZERO],
    ['burn', data(SELECTORS['burn(address,uint256)'], bob, 5n), bob, ZERO],
    ['burnFrom', data(SELECTORS['burnFrom(address,uint256)'], bob, 5n), bob, ZERO],
  ] as const)('%s of an amount', (_name, input, from, to) => {
    expect(requested(call(token, { input }))).toEqual({
      ...base,
      ...{ standard: 'erc20', from, to, amount: 5n, tokenId: null },
    })
    expect(requested(call(token, { input: input.slice(0, -2) as Hex }))).toBeUndefined()
    expect(requested(call(token, { input: input.slice(0, 10) as Hex }))).toBeUndefined()
  })

  test('of one token, and of an amount of one token', () => {
    const moved = { ...base, from: carol, to: bob, tokenId: 77n }
    for (const selector of [safe, safeWithData])
      expect(requested(call(token, { input: data(selector, carol, bob, 77n) }))).toEqual({
        ...moved,
        ...{ standard: 'erc721', amount: 1n },
      })
    expect(requested(call(token, { input: data(multi, carol, bob, 77n, 3n) }))).toEqual({
      ...moved,
      ...{ standard: 'erc1155', amount: 3n },
    })
    expect(requested(call(token, { input: data(multi, carol, bob, 77n) }))).toBeUndefined()
    expect(requested(call(token, { input: data(safe, carol, bob) }))).toBeUndefined()
    expect(requested(call(token, { input: data(safe, carol) }))).toBeUndefined()
    const dirty = `${safe}${'ff'.repeat(32)}${word(bob)}${word(77n)}` as Hex
    expect(requested(call(token, { input: dirty }))).toBeUndefined()
    const dirtyReceiver = `${safe}${word(bob)}${'ff'.repeat(32)}${word(77n)}` as Hex
    expect(requested(call(token, { input: dirtyReceiver }))).toBeUndefined()
  })

  test('only a call that was not answered with false, of a known function, moves something', () => {
    const input = data(SELECTORS['transfer(address,uint256)'], bob, 5n)
    expect(requested(call(token, { input, output: `0x${word(0n)}` }))).toBeUndefined()
    expect(requested(call(token, { input, output: `0x${word(1n)}` }))).toBeDefined()
    expect(requested(call(bob, {}, call(token, { input, type: 'STATICCALL' })), 1)).toBeUndefined()
    expect(requested(call(bob, {}, call(token, { input, type: 'DELEGATECALL' })), 1)).toBeUndefined()
    for (const other of ['0x', '0x12345678'] as const)
      expect(requested(call(token, { input: other }))).toBeUndefined()
  })

  test('an inner call with other arguments is another movement; with the same ones it is forwarded', () => {
    const send = (amount: bigint) => data(SELECTORS['transfer(address,uint256)'], bob, amount)
    expect(requested(call(token, { input: send(5n) }, call(carol, { input: send(5n) })), 1)).toBeUndefined()
    expect(requested(call(token, { input: send(5n) }, call(carol, { input: send(4n) })), 1)).toMatchObject({
      amount: 4n,
      asset: carol,
    })
    const appended = `${send(5n)}ff` as Hex
    expect(requested(call(token, { input: appended }, call(carol, { input: send(5n) })), 1)).toBeUndefined()
  })

  test('deposit() wraps what it is paid, unless it calls on', () => {
    const input = SELECTORS['deposit()']
    expect(requested(call(token, { input, value: 8n }))).toMatchObject({ from: ZERO, to: alice, amount: 8n })
    expect(requested(call(token, { input }))).toBeUndefined()
    expect(requested(call(token, { input, value: 8n }, call(bob, {})))).toBeUndefined()
  })

  test('withdraw() unwraps where the token pays the caller exactly that', () => {
    const input = data(SELECTORS['withdraw(uint256)'], 3n)
    const paying = (to: Address, value: bigint) => requested(call(token, { input }, call(to, { value })))
    expect(paying(alice, 3n)).toMatchObject({ standard: 'erc20', from: alice, to: ZERO, amount: 3n })
    expect(paying(bob, 3n)).toBeUndefined()
    expect(paying(alice, 2n)).toBeUndefined()
    expect(requested(call(token, { input }))).toBeUndefined()
    const none = data(SELECTORS['withdraw(uint256)'], 0n)
    expect(requested(call(token, { input: none }, call(alice, {})))).toBeUndefined()
    const after = call(bob, {}, call(token, { input }), call(bob, { value: 3n }))
    expect(requested(after, 1)).toBeUndefined()
  })
})

test('deltas count each id apart, and leave out what moves nothing', () => {
  const move = (from: Address, to: Address, amount: bigint, tokenId: bigint | null = null) =>
    ({
      kind: 'transfer',
      standard: 'erc20',
      asset: token,
      from,
      to,
      amount,
      tokenId,
      frame: 0,
      source: 'log',
    }) as const
  const deltas = balanceDeltas([
    move(alice, bob, 5n),
    move(bob, carol, 5n),
    move(carol, carol, 9n),
    move(ZERO, alice, 0n),
    move(ZERO, alice, 1n, 7n),
    { kind: 'approval', asset: token, owner: bob, spender: carol, amount: 1n, frame: 0 },
  ])
  expect(Object.fromEntries([...deltas].map(([account, assets]) => [account, [...assets]]))).toEqual({
    [alice]: [
      [token, -5n],
      [`${token}/7`, 1n],
    ],
    [bob]: [],
    [carol]: [[token, 5n]],
  })
})
