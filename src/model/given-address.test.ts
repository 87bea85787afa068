import { checksumAddress } from 'viem'
import { expect, test } from 'vitest'
import { address } from '../../test/harness/build.ts'
import { givenAddressSchema } from './given-address.ts'

const some = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].map(address)

test('the checksum, all lower and all upper case are taken, and come out in lower case', () => {
  for (const lower of some)
    for (const text of [
      checksumAddress(lower),
      checksumAddress(lower, 30),
      lower,
      `0x${lower.slice(2).toUpperCase()}`,
    ])
      expect(givenAddressSchema.parse(text)).toBe(lower)
})

test('a letter of the other case, a digit mistyped and a digit too few are not', () => {
  for (const lower of some) {
    const right = checksumAddress(lower)
    const letter = right.search(/[a-f](?=.*[A-F])/)
    const flipped = right.slice(0, letter) + right.charAt(letter).toUpperCase() + right.slice(letter + 1)
    const typo = `${right.slice(0, -1)}${right.endsWith('1') ? '2' : '1'}`
    for (const text of [flipped, typo, right.slice(0, -1)])
      expect(givenAddressSchema.safeParse(text).success).toBe(false)
    // with what it should be
    expect(givenAddressSchema.safeParse(flipped).error?.issues[0]?.message).toContain(right)
    expect(givenAddressSchema.safeParse(typo).error?.issues[0]?.message).toContain(
      checksumAddress(typo.toLowerCase() as typeof lower),
    )
  }
})
