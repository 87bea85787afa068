import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { anAddress } from '../../../test/harness/builders.ts'
import { NATIVE } from '../../model/block.ts'
import type { LossCompared } from '../../model/containment.ts'
import { type Address, ZERO_ADDRESS } from '../../model/hex.ts'
import { compareLosses, isReduced, isStopped, lossesIn, savedShare, stopsLoss } from './losses.ts'
import type { Movement } from './movements.ts'

const vault = anAddress(1)
const user = anAddress(2)
const thief = anAddress(3)
const helper = anAddress(4)
const usdc = anAddress(5)
const dai = anAddress(6)
const sides = { owned: [vault], attackers: [thief, helper] }

const move = (from: Address, to: Address, amount: bigint, asset: Movement['asset'] = usdc): Movement => ({
  asset,
  from,
  to,
  amount,
})

describe('the losses of a transaction', () => {
  test('a protected contract loses what it has less of at the end, asset by asset', () => {
    const movements = [
      move(vault, thief, 100n),
      move(thief, vault, 30n),
      move(vault, thief, 7n, NATIVE),
      move(vault, user, 5n, dai),
      move(user, vault, 5n, dai),
    ]
    expect(lossesIn(movements, sides)).toEqual([
      { account: vault, asset: usdc, amount: 70n },
      { account: vault, asset: NATIVE, amount: 7n },
    ])
  })

  test('a user whose approval is used loses; one who gets another asset for it trades', () => {
    expect(lossesIn([move(user, thief, 9n)], sides)).toEqual([{ account: user, asset: usdc, amount: 9n }])
    expect(lossesIn([move(user, thief, 9n), move(thief, user, 1n, dai)], sides)).toEqual([])
  })

  test('a protected contract that gets another asset for what it gives still loses', () => {
    const bad = [move(vault, thief, 9n), move(thief, vault, 1n, dai)]
    expect(lossesIn(bad, sides)).toEqual([{ account: vault, asset: usdc, amount: 9n }])
  })

  test('what attackers give away is no loss', () => {
    expect(lossesIn([move(thief, user, 9n), move(helper, user, 4n, dai)], sides)).toEqual([])
  })

  test('a protected token that is minted is a loss of its holders; a stranger’s token or coin is not', () => {
    const minted = move(ZERO_ADDRESS, thief, 50n, vault)
    expect(lossesIn([minted], sides)).toEqual([{ account: vault, asset: vault, amount: 50n }])
    expect(
      lossesIn([move(ZERO_ADDRESS, thief, 50n, dai), move(ZERO_ADDRESS, thief, 1n, NATIVE)], sides),
    ).toEqual([])
    expect(lossesIn([move(thief, ZERO_ADDRESS, 50n, vault)], sides)).toEqual([])
  })

  test('moving money in a circle loses nothing, in whatever order', () => {
    const accounts = [vault, user, thief, helper]
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            from: fc.constantFrom(...accounts),
            to: fc.constantFrom(...accounts),
            asset: fc.constantFrom(usdc, dai, NATIVE),
            amount: fc.bigInt(0n, 10n ** 30n),
          }),
          { maxLength: 20 },
        ),
        (movements) => {
          const back = movements.map(({ from, to, ...rest }) => ({ ...rest, from: to, to: from })).reverse()
          expect(lossesIn([...movements, ...back], sides)).toEqual([])
          for (const { amount } of lossesIn(movements, sides)) expect(amount).toBeGreaterThan(0n)
        },
      ),
    )
  })
})

describe('losses without and with a lever', () => {
  const loss = (without: bigint, left: bigint, account = vault, asset = usdc): LossCompared => ({
    account,
    asset,
    without,
    with: left,
  })

  test('a loss of one side alone is 0 on the other', () => {
    const without = [
      { account: vault, asset: usdc, amount: 10n },
      { account: vault, asset: dai, amount: 3n },
    ]
    const withLever = [
      { account: vault, asset: usdc, amount: 4n },
      { account: user, asset: usdc, amount: 2n },
    ]
    expect(compareLosses(without, withLever)).toEqual([
      loss(10n, 4n),
      loss(3n, 0n, vault, dai),
      loss(0n, 2n, user),
    ])
  })

  test('the saved share is that of the asset saved best, of the protected contract alone', () => {
    expect(savedShare([loss(100n, 75n), loss(100n, 40n, vault, dai), loss(100n, 0n, user)], vault)).toBe(0.6)
  })

  test('where the protected contract itself loses nothing, the others’ losses count', () => {
    expect(savedShare([loss(0n, 5n), loss(100n, 90n, user)], vault)).toBe(0.1)
    expect(savedShare([], vault)).toBe(0)
  })

  test('a lever that makes a loss larger saves nothing of it', () => {
    expect(savedShare([loss(100n, 300n)], vault)).toBe(0)
    expect(savedShare([loss(100n, 100n)], vault)).toBe(0)
  })

  test('from one percent on a loss is reduced', () => {
    expect([isReduced(loss(100n, 99n)), isReduced(loss(1_000n, 991n))]).toEqual([true, false])
  })

  test('up to one percent of what would be lost is dust, and the loss counts as stopped', () => {
    expect([isStopped(loss(1_000n, 10n)), isStopped(loss(1_000n, 11n)), isStopped(loss(0n, 0n))]).toEqual([
      true,
      false,
      true,
    ])
  })

  test('every loss of the protected contract must end, one that the lever itself causes included', () => {
    expect(stopsLoss([loss(100n, 0n), loss(5n, 0n, vault, dai)], vault)).toBe(true)
    expect(stopsLoss([loss(100n, 0n), loss(5n, 5n, vault, dai)], vault)).toBe(false)
    expect(stopsLoss([loss(100n, 0n), loss(0n, 5n, vault, dai)], vault)).toBe(false)
    expect(stopsLoss([loss(100n, 0n), loss(100n, 100n, user)], vault)).toBe(true)
  })

  test('where others alone lose, one of their losses must end', () => {
    expect(stopsLoss([loss(100n, 100n, helper), loss(50n, 0n, user)], vault)).toBe(true)
    expect(stopsLoss([loss(100n, 100n, helper)], vault)).toBe(false)
    expect(stopsLoss([loss(0n, 0n, user)], vault)).toBe(false)
    expect(stopsLoss([loss(0n, 0n), loss(50n, 0n, user)], vault)).toBe(true)
  })

  test('a lever never saves less than nothing or more than everything', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.bigInt(0n, 10n ** 27n), fc.bigInt(0n, 10n ** 27n))), (pairs) => {
        const share = savedShare(
          pairs.map(([without, left]) => loss(without, left)),
          vault,
        )
        expect(share).toBeGreaterThanOrEqual(0)
        expect(share).toBeLessThanOrEqual(1)
      }),
    )
  })
})
