import { expect, test } from 'vitest'
import { isStateGone } from './state-gone.ts'

test.each([
  'missing trie node 0xab (path ) state 0xcd is not available, not found',
  'historical state 0x12 is not available',
  'header not found',
  'header for hash not found',
  'state is pruned',
  'No state available for block 0x1',
  'World state unavailable',
  'distance to target block exceeds maximum proof window',
])('a node that says “%s” has no state of that block', (words) => {
  expect(isStateGone(new Error(`The node refused.\n  because: ${words}`))).toBe(true)
})

test.each(['execution reverted', 'out of gas', 'rate limited', 'method not found'])(
  'a node that says “%s” has it',
  (words) => {
    expect(isStateGone(new Error(words))).toBe(false)
  },
)
