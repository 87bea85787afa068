import { keccak256 } from 'viem'
import { expect, test } from 'vitest'
import type { CallNode, TransactionParts } from '../../../../test/harness/build.ts'
import {
  address,
  call,
  data,
  pay,
  pull,
  transferLog,
  view,
  word,
  ZERO,
} from '../../../../test/harness/build.ts'
import { askAbout, everything, protecting, watchWith } from '../../../../test/harness/detect.ts'
import type { Address, Hex } from '../../../model/hex.ts'
import { drain } from '../drain/drain.ts'
import { bridgeForgery } from './bridge-forgery.ts'

const bridge = address('bridge')
const custody = address('custody')
const keys = address('key store')
const dai = address('dai')
const wrapped = address('wrapped')
const RECOVER = '0x0000000000000000000000000000000000000001'
const scope = protecting(bridge)

const messageOf = (nonce: bigint, to: Address, amount: bigint): Hex =>
  `0x${word(0xbeefn)}${word(nonce)}${word(dai)}${word(to)}${word(amount)}`

/** `relay(bytes message, bytes signatures)`, the signatures left to the calls. */
function calldata(selector: Hex, message: Hex, ...words: bigint[]): Hex {
  const tail = message.slice(2)
  return `${selector}${word(32n * BigInt(1 + words.length))}${words.map(word).join('')}${word(BigInt(tail.length / 2))}${tail}`
}
const signature = (signer: bigint, digest: Hex): CallNode =>
  view(RECOVER, `0x${digest.slice(2)}${word(27n)}${word(signer)}${word(signer)}`, `0x${word(signer)}`)
const payout = (to: Address, amount: bigint): CallNode =>
  call(custody, { input: '0x77777777' }, pay(dai, { from: custody, to, amount }))

type Relay = { from: Address; to?: Address; nonce: bigint; amount?: bigint; signers?: readonly bigint[] }
function relay({
  from,
  to = from,
  nonce,
  amount = 500n,
  signers = [11n, 12n, 13n],
}: Relay): TransactionParts {
  const message = messageOf(nonce, to, amount)
  const checks = signers.map((signer) => signature(signer, keccak256(message)))
  return {
    from,
    root: call(bridge, { input: calldata('0xaaaa0001', message, nonce) }, ...checks, payout(to, amount)),
  }
}

const user = (n: number): Address => address(`user ${n}`)
const named = (acts: readonly TransactionParts[]): TransactionParts[] =>
  acts.map((act, i) => ({ ...act, name: `act ${i}` }))
const watch = (...acts: TransactionParts[]) => watchWith(bridgeForgery, scope, named(acts))
const life = [1, 2, 3, 4, 5].map((n) => relay({ from: user(n), nonce: BigInt(n), amount: BigInt(n) * 100n }))

test('honest relays by whomever, with other signers and amounts, are left alone', () => {
  const more = relay({ from: address('relayer'), to: user(9), nonce: 6n, signers: [12n, 13n, 14n, 15n] })
  expect(watch(...life, more, relay({ from: user(1), nonce: 7n })).flat()).toEqual([])
})

test('a release that nobody signed is told once all others were signed', () => {
  const found = watch(...life, relay({ from: user(8), nonce: 8n, signers: [] }))
  expect(found.at(-1)).toMatchObject([
    { severity: 'critical', categories: ['bridge-forgery'], victims: [bridge, dai], protected: [bridge] },
  ])
  expect(found.slice(0, -1).flat()).toEqual([])
})

test('fewer signers than ever are recorded, and do not call anybody', () => {
  expect(watch(...life, relay({ from: user(8), nonce: 8n, signers: [11n] })).at(-1)).toMatchObject([
    { severity: 'medium' },
  ])
})

test('signatures that recover to nobody are told without any past', () => {
  expect(watch(relay({ from: user(8), nonce: 8n, signers: [0n] })).flat()).toMatchObject([
    { severity: 'high' },
  ])
})

test('the same message with another recipient, sent by somebody else, is told; the crowd after him more surely', () => {
  const copies = [21, 22].map((n) => relay({ from: user(n), nonce: 3n, amount: 300n }))
  const found = watch(...life, ...copies)
  expect(found.slice(-2)).toMatchObject([[{ severity: 'high' }], [{ severity: 'critical' }]])
})

test('the very message a second time is told', () => {
  expect(watch(...life, life[2] ?? relay({ from: user(3), nonce: 3n })).at(-1)).toMatchObject([
    { severity: 'critical' },
  ])
})

/** Two steps, as optimistic bridges have them: the hash is proved, later the message is processed. */
const prove = (message: Hex): TransactionParts => ({
  from: address('relayer'),
  root: call(bridge, { input: `0xbbbb0001${keccak256(message).slice(2)}${word(7n)}` }),
})
const processed = (nonce: bigint, to: Address): TransactionParts => ({
  from: to,
  root: call(bridge, { input: calldata('0xbbbb0002', messageOf(nonce, to, 900n)) }, payout(to, 900n)),
})
const twoStep = (n: number): TransactionParts[] => [
  prove(messageOf(BigInt(n), user(n), 900n)),
  processed(BigInt(n), user(n)),
]

test('a message whose hash was never proved is told where all others’ were', () => {
  const past = [1, 2, 3, 4, 5].flatMap(twoStep)
  const found = watch(...past, processed(77n, user(7)))
  expect(found.at(-1)).toMatchObject([{ severity: 'critical', categories: ['bridge-forgery'] }])
  expect(watch(...past, ...twoStep(8)).flat()).toEqual([])
})

test('claims that users bundle into bytes have no habit of proofs and may be made again', () => {
  const claim = (from: Address): TransactionParts => ({
    from,
    root: call(
      bridge,
      { input: calldata('0xac9650d8', `0x${word(1n)}${word(from)}`, 5n) },
      pay(dai, { from: bridge, to: from, amount: 3n }),
    ),
  })
  const acts = [1, 2, 3, 4, 5, 6, 1, 2, 7].map((n) => claim(user(n)))
  expect(watch(...acts).flat()).toEqual([])
})

test('a swap whose path is in bytes is paid for', () => {
  const swap = (n: number): TransactionParts => ({
    from: user(n),
    root: call(
      bridge,
      { input: calldata('0xc04b8d59', messageOf(1n, user(n), 5n), 1n) },
      pull(wrapped, { from: user(n), to: bridge, amount: 5n }),
      signature(BigInt(n), keccak256('0x01')),
      pay(dai, { from: bridge, to: user(n), amount: 5n }),
    ),
  })
  expect(watch(...[1, 2, 3, 4, 5, 6].map(swap), swap(1)).flat()).toEqual([])
})

const keyRead = view(keys, '0x69d48074', `0x${word(32n)}${word(20n)}`)
const mark = call(keys, {
  input: data('0xe90bfdcf', 2n, 0xdead0000beef0000dead0000beef0000dead0000beef0000dead0000beef0000n),
})
const NEW_KEYS = 0x1d01000000000000001400112233445566778899aabbccddeeff001122334455n
const message = (target: Address): Hex => `0x${word(9n)}${word(target)}${word(NEW_KEYS)}`
const execute = (target: Address, ...inner: CallNode[]): TransactionParts => ({
  from: user(1),
  root: call(bridge, { input: calldata('0xd450e04c', message(target), 1n) }, ...inner),
})

test('a message that rewrites the contract by which messages are believed is told without any past', () => {
  const forged = execute(
    keys,
    keyRead,
    signature(5n, keccak256('0x02')),
    mark,
    call(keys, { input: data('0x41973cd9', 32n, NEW_KEYS) }),
  )
  for (const it of [scope, everything])
    expect(askAbout(bridgeForgery, it, forged)).toMatchObject([
      { severity: 'critical', victims: [bridge, keys], categories: ['bridge-forgery', 'access-control'] },
    ])
})

test('a message that mints, and a mark in the key store that it was used, are what a bridge does', () => {
  const mint = call(
    wrapped,
    { input: data('0x40c10f19', user(1), NEW_KEYS) },
    transferLog(wrapped, { from: ZERO, to: user(1), amount: NEW_KEYS }),
  )
  const decimals = view(wrapped, '0x313ce567', `0x${word(18n)}`)
  const relayed = execute(wrapped, keyRead, signature(5n, keccak256('0x02')), mark, decimals, mint)
  for (const it of [scope, everything]) expect(askAbout(bridgeForgery, it, relayed)).toEqual([])
})

test('a contract that is asked for the hash to sign, and then runs what was signed, is no store of keys', () => {
  const hash = view(keys, '0x69d48074', keccak256('0x02'))
  const run = call(keys, { input: data('0x41973cd9', 32n, NEW_KEYS) })
  const signed = execute(keys, hash, signature(5n, keccak256('0x02')), run)
  for (const it of [scope, everything]) expect(askAbout(bridgeForgery, it, signed)).toEqual([])
})

test('what leaves for nothing on the word of an unproved message is a bridge’s drain; signed, it is a drain', () => {
  const seen = view(dai, data('0x70a08231', custody), `0x${word(900n)}`)
  const drained = (...checks: CallNode[]) => {
    const root = call(
      bridge,
      { input: calldata('0xbbbb0002', messageOf(1n, user(1), 900n)) },
      ...checks,
      seen,
      payout(user(1), 900n),
    )
    return askAbout(drain, protecting(bridge, custody), { from: user(1), root, nonce: 0 })
  }
  expect(drained()).toMatchObject([{ categories: ['bridge-forgery', 'drain'] }])
  expect(drained(signature(5n, keccak256('0x02')))).toMatchObject([{ categories: ['drain'] }])
})
