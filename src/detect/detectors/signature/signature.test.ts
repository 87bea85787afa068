import { expect, test } from 'vitest'
import { address, call, pay, view, word } from '../../../../test/harness/build.ts'
import { askAbout, protecting, watchWith } from '../../../../test/harness/detect.ts'
import { signature } from './signature.ts'

const alice = address('alice')
const vault = address('vault')
const usdc = address('usdc')
const ECRECOVER = '0x0000000000000000000000000000000000000001'
const signed = (n: bigint) => `0x${word(n)}${word(27n)}${word(n * 7n)}${word(n * 11n)}` as const
const claim = (n: bigint, signer: bigint | null = 0xabcn) =>
  call(
    vault,
    { input: '0x12345678' },
    view(ECRECOVER, signed(n), signer === null ? '0x' : `0x${word(signer)}`),
    pay(usdc, { from: vault, to: alice, amount: 5n }),
  )

test('the same signature accepted in a second transaction is a replay', () => {
  const found = watchWith(signature, protecting(vault), [
    { from: alice, root: claim(1n) },
    { from: alice, root: claim(2n) },
    { from: alice, root: claim(1n) },
  ])
  expect(found.map((list) => list.map(({ categories }) => categories[0]))).toEqual([
    [],
    [],
    ['signature-replay'],
  ])
})

test('checked twice within one transaction it is checked twice', () => {
  const twice = call(
    vault,
    { input: '0x12345678' },
    view(ECRECOVER, signed(1n), `0x${word(9n)}`),
    view(ECRECOVER, signed(1n), `0x${word(9n)}`),
    pay(usdc, { from: vault, to: alice, amount: 5n }),
  )
  expect(askAbout(signature, protecting(vault), { from: alice, root: twice })).toEqual([])
})

test('a signature that recovers to nobody and is paid on is a bypass; refused, it is not', () => {
  expect(askAbout(signature, protecting(vault), { from: alice, root: claim(1n, null) })).toMatchObject([
    { severity: 'high' },
  ])
  const refused = call(
    vault,
    { input: '0x12345678', error: 'execution reverted' },
    view(ECRECOVER, signed(1n), '0x'),
  )
  expect(askAbout(signature, protecting(vault), { from: alice, root: refused })).toEqual([])
})

test('a user operation that failed and is sent again is a retry', () => {
  const operation = (fails: boolean) =>
    call(
      address('entry point'),
      { input: '0x1fad948c' },
      call(
        vault,
        { input: '0x19822f7c', ...(fails ? { error: 'execution reverted' } : {}) },
        view(ECRECOVER, signed(5n), `0x${word(9n)}`),
        pay(usdc, { from: vault, to: alice, amount: 5n }),
      ),
    )
  const found = watchWith(signature, protecting(vault), [
    { from: alice, root: operation(true) },
    { from: alice, root: operation(false) },
  ])
  expect(found.flat()).toEqual([])
})
