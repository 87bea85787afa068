import { expect, test } from 'vitest'
import { anAddress, aPlan } from '../../../test/harness/builders.ts'
import { describeLevers } from './lever-text.ts'
import type { FoundLever } from './levers.ts'

const nothing = {
  type: 'levers' as const,
  ...{ chainId: 1, target: anAddress(1), implementation: anAddress(1), block: 7 },
  ...{ levers: [], elsewhere: [], related: [], besides: [], operations: 1, missing: [], hasCode: true },
}

test('a contract without levers is told so; an address without code is told to be none', () => {
  expect(describeLevers(nothing)).toEqual([
    `${anAddress(1)} at block 7: 0 levers that can be tried, 1 function used lately`,
  ])
  const [line] = describeLevers({ ...nothing, hasCode: false })
  expect(line).toBe(
    `${anAddress(1)} has no code at block 7 of chain 1, so there are no levers to find. Check the address and the chain.`,
  )
})

test('a function is called what the ABIs of the configuration call it', () => {
  const lever = {
    ...aPlan().lever,
    authorityDetail: null,
    givenUp: [],
    opEffects: { '0x12345678': 'blocked' },
  }
  const functions = new Map([['0x12345678', 'settle(uint256)']])
  const lines = describeLevers({ ...nothing, levers: [lever as FoundLever] }, functions)
  expect(lines.at(-1)).toBe('    settle(uint256)  blocked')
})
