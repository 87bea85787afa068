import { expect, test } from 'vitest'
import { capTooLow, escalated, feesFor } from './fees.ts'

const GWEI = 1_000_000_000n
const policy = { minPriorityFeePerGas: 2n * GWEI, maxFeePerGasCap: 500n * GWEI, outbid: null }

test('without a rival the tip is the least one and the ceiling bears two base-fee rises', () => {
  expect(feesFor(policy, 10n * GWEI)).toEqual({ maxFeePerGas: 22n * GWEI, maxPriorityFeePerGas: 2n * GWEI })
})

test('a pending attack is outbid in tip and in ceiling', () => {
  const outbid = { maxFeePerGas: 100n * GWEI, maxPriorityFeePerGas: 40n * GWEI }
  const fees = feesFor({ ...policy, outbid }, 10n * GWEI)
  expect(fees.maxPriorityFeePerGas).toBeGreaterThan(outbid.maxPriorityFeePerGas)
  expect(fees.maxFeePerGas).toBeGreaterThan(outbid.maxFeePerGas)
})

test('the cap holds whatever the rival bids, and the tip never exceeds the ceiling', () => {
  const outbid = { maxFeePerGas: 9_000n * GWEI, maxPriorityFeePerGas: 9_000n * GWEI }
  expect(feesFor({ ...policy, outbid }, 10n * GWEI)).toEqual({
    maxFeePerGas: 500n * GWEI,
    maxPriorityFeePerGas: 500n * GWEI,
  })
})

test('a replacement pays an eighth more in both, which every node takes, and keeps up with the base fee', () => {
  const before = { maxFeePerGas: 22n * GWEI, maxPriorityFeePerGas: 2n * GWEI }
  const calm = escalated(before, policy, 10n * GWEI)
  expect(calm?.maxFeePerGas).toBeGreaterThanOrEqual((before.maxFeePerGas * 1125n) / 1000n)
  expect(calm?.maxPriorityFeePerGas).toBeGreaterThanOrEqual((before.maxPriorityFeePerGas * 1125n) / 1000n)
  expect(escalated(before, policy, 100n * GWEI)?.maxFeePerGas).toBeGreaterThanOrEqual(200n * GWEI)
})

test('a replacement may cost exactly the cap', () => {
  const before = { maxFeePerGas: 80n, maxPriorityFeePerGas: 8n }
  const least = { minPriorityFeePerGas: 1n, outbid: null }
  expect(escalated(before, { ...least, maxFeePerGasCap: 91n }, 1n)).toEqual({
    maxFeePerGas: 91n,
    maxPriorityFeePerGas: 10n,
  })
  expect(escalated(before, { ...least, maxFeePerGasCap: 90n }, 1n)).toBeNull()
})

test('at the cap there is no replacement: half a raise would be refused by every node', () => {
  const before = { maxFeePerGas: 450n * GWEI, maxPriorityFeePerGas: 2n * GWEI }
  expect(escalated(before, policy, 10n * GWEI)).toBeNull()
})

test('a cap below the base fee is told with both, and one at it is enough', () => {
  expect(capTooLow(policy, 501n * GWEI)).toMatch(
    /^the fee cap of 500 gwei is below the base fee of 501 gwei, so nothing is mined: raise fees\.maxFeePerGasCap/,
  )
  expect(capTooLow(policy, 500n * GWEI)).toBeNull()
})
