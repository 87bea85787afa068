import { expect, test } from 'vitest'
import {
  address,
  call,
  data,
  log,
  pay,
  topicOf,
  transaction,
  transferLog,
  view,
  word,
} from '../../test/harness/build.ts'
import type { BlockBundle } from '../model/block.ts'
import { blockFacts } from './facts.ts'
import { SELECTORS, TOPICS } from './signatures.ts'

const [alice, vault, token, market] = ['alice', 'vault', 'token', 'market'].map(address) as [
  `0x${string}`,
  `0x${string}`,
  `0x${string}`,
  `0x${string}`,
]
const move = (amount: bigint) => ({ from: vault, to: alice, amount })
const factsOf = (root: Parameters<typeof transaction>[0]['root'], logs: 'frames' | 'receipts') => {
  const bundle: BlockBundle = transaction({ from: alice, root, logs })
  return blockFacts(bundle).transactions[0]?.facts
}
const approved = log(
  token,
  [TOPICS['Approval(address,address,uint256)'], topicOf(vault), topicOf(alice)],
  `0x${word(1n)}`,
)
/** A call of the token that does not say what it moves. */
const silently = (...inner: Parameters<typeof call>[2][]) => call(token, { input: '0x01020304' }, ...inner)

test.each([
  [
    'calls that ask for their movement',
    call(vault, { input: '0x1' }, pay(token, move(1n)), pay(token, move(2n))),
  ],
  ['the same movement twice', call(vault, { input: '0x1' }, pay(token, move(1n)), pay(token, move(1n)))],
  [
    'calls that do not say what they move',
    call(
      vault,
      { input: '0x1' },
      silently(transferLog(token, move(1n))),
      silently(transferLog(token, move(2n))),
    ),
  ],
  [
    'two kinds of log in one call',
    call(vault, { input: '0x1' }, silently(transferLog(token, move(1n)), approved)),
  ],
  [
    'a read before, which emits nothing',
    call(
      vault,
      { input: '0x1' },
      view(token, data(SELECTORS['balanceOf(address)'], vault), `0x${word(5n)}`),
      silently(transferLog(token, move(1n))),
    ),
  ],
  [
    'a failed call beside',
    call(
      vault,
      { input: '0x1' },
      call(token, { input: '0x01020304', error: 'execution reverted' }),
      silently(transferLog(token, move(1n))),
    ),
  ],
  [
    'control that comes back',
    call(
      market,
      { input: '0x1' },
      silently(call(vault, { input: '0x2' }, pay(token, move(3n))), transferLog(token, move(1n))),
    ),
  ],
])('%s: logs of the receipt come to stand where the frames had them', (_name, root) => {
  expect(factsOf(root, 'receipts')).toEqual(factsOf(root, 'frames'))
})

test('a log of a contract that nobody called has no place and is kept', () => {
  const stray = call(vault, { input: '0x1' }, transferLog(token, move(9n)))
  expect(factsOf(stray, 'receipts')).toMatchObject([{ kind: 'transfer', amount: 9n, frame: -1 }])
})
