import { expect, test } from 'vitest'
import { address, call, data, log, pull, topicOf, word } from '../../../../test/harness/build.ts'
import { protecting, watchWith } from '../../../../test/harness/detect.ts'
import { TOPICS } from '../../../facts/signatures.ts'
import { approvalDrain } from './approval-drain.ts'

const usdc = address('usdc')
const trap = address('trap')
const thief = address('thief')
const owners = ['a', 'b', 'c', 'd'].map(address)
const approve = (owner: `0x${string}`) => ({
  from: owner,
  root: call(
    usdc,
    { input: data('0x095ea7b3', trap, 1_000n) },
    log(
      usdc,
      [TOPICS['Approval(address,address,uint256)'], topicOf(owner), topicOf(trap)],
      `0x${word(1_000n)}`,
    ),
  ),
})
const pulled = (owner: `0x${string}`, by = thief) => ({
  from: by,
  root: call(trap, { input: '0xc0406226' }, pull(usdc, { from: owner, to: thief, amount: 900n })),
})

test('a spender that three owners approved pulls the second one’s tokens: flagged from there on', () => {
  const [a, b, c] = owners as [`0x${string}`, `0x${string}`, `0x${string}`]
  const found = watchWith(approvalDrain, protecting(usdc), [
    approve(a),
    approve(b),
    approve(c),
    pulled(a),
    pulled(b),
  ])
  expect(found.map((list) => list.length)).toEqual([0, 0, 0, 0, 1])
  expect(found[4]?.[0]).toMatchObject({
    severity: 'high',
    categories: ['approval-drain'],
    victims: [trap, b],
  })
})

test('a router that pulls from those who call it is not', () => {
  const found = watchWith(approvalDrain, protecting(usdc), [
    ...owners.map(approve),
    ...owners.map((owner) => pulled(owner, owner)),
  ])
  expect(found.flat()).toEqual([])
})

test('a relayer who pays the owners for what it pulls is not, nor Permit2 in the owner’s own transaction', () => {
  const settled = (owner: `0x${string}`) => ({
    from: thief,
    root: call(
      trap,
      { input: '0xc0406226' },
      pull(usdc, { from: owner, to: thief, amount: 900n }),
      pull(address('weth'), { from: thief, to: owner, amount: 3n }),
    ),
  })
  const permitted = (owner: `0x${string}`) => ({
    from: owner,
    root: call(
      address('router'),
      { input: '0x24856bc3' },
      call(trap, { input: '0x36c78516' }, pull(usdc, { from: owner, to: address('pool'), amount: 900n })),
    ),
  })
  for (const use of [settled, permitted])
    expect(
      watchWith(approvalDrain, protecting(usdc), [...owners.map(approve), ...owners.map(use)]).flat(),
    ).toEqual([])
})

test('an owner that asks the spender itself, inside somebody’s transaction, is not robbed: a token sells its fees', () => {
  const asks = (owner: `0x${string}`) => ({
    from: thief,
    root: call(
      owner,
      {},
      call(trap, { input: '0xc0406226' }, pull(usdc, { from: owner, to: thief, amount: 900n })),
    ),
  })
  const found = watchWith(approvalDrain, protecting(usdc), [...owners.map(approve), ...owners.map(asks)])
  expect(found.flat()).toEqual([])
})
