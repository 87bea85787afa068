import { privateKeyToAccount } from 'viem/accounts'
import { expect, test } from 'vitest'
import { malleated } from '../../../test/harness/signing.ts'
import type { Address, Hash, Hex } from '../../model/hex.ts'
import { isCanonical, isSignedBy } from './canonical.ts'

const HALF_ORDER = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0n
const withS = (s: bigint): Hex => `0x${'11'.repeat(32)}${s.toString(16).padStart(64, '0')}1b`

test('s may be as high as half the order and no higher', () => {
  expect([
    isCanonical(withS(HALF_ORDER)),
    isCanonical(withS(HALF_ORDER + 1n)),
    isCanonical(withS(1n)),
  ]).toEqual([true, false, true])
})

test('a compact signature is canonical by its form; other lengths and other text are not', () => {
  const compact: Hex = `0x${'ff'.repeat(64)}`
  expect(isCanonical(compact)).toBe(true)
  for (const bad of ['0x', '0x12', `${compact}f`, `00${compact}`, `${withS(1n)}00`, `00${withS(1n)}`])
    expect(isCanonical(bad as Hex)).toBe(false)
  expect(isCanonical(`0x${'zz'.repeat(64)}`)).toBe(false)
  expect(isCanonical(`0x${'zz'.repeat(65)}`)).toBe(false)
})

test('a hash is signed by an account where the canonical signature gives its address', async () => {
  const account = privateKeyToAccount(`0x${'11'.repeat(32)}`)
  const address = account.address.toLowerCase() as Address
  const hash: Hash = `0x${'ab'.repeat(32)}`
  const signature = await account.sign({ hash })
  expect(await isSignedBy(address, hash, signature)).toBe(true)
  expect(await isSignedBy(address, `0x${'ac'.repeat(32)}`, signature)).toBe(false)
  expect(await isSignedBy(`0x${'00'.repeat(20)}`, hash, signature)).toBe(false)
  expect(await isSignedBy(address, hash, malleated(signature))).toBe(false)
})
