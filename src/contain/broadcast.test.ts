import { expect, test } from 'vitest'
import { feesFor } from './broadcast.ts'

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
