import { afterEach, expect, test } from 'vitest'
import { attack, closeStages, said, stage } from '../../../test/harness/stage.ts'

afterEach(closeStages)

test('a fee cap below the base fee is told at once, with the call to make by hand, and people are paged', async () => {
  const it = await stage((config) => ({
    ...config,
    fees: { minPriorityFeePerGas: 1n, maxFeePerGasCap: 1n },
  }))
  await attack(it)
  const begun = await it.until(said('plan', /^Plan: pause\(\)/))
  const told = await it.until(
    said(
      'error',
      /^The fee cap is too low \(pause\(\) on EthReserve\): the fee cap of 0\.000000001 gwei is below the base fee of .* gwei/,
    ),
  )
  expect(told).toMatchObject({
    message: expect.stringMatching(/By hand: pause\(\) on 0x.* with calldata 0x8456cb59/),
  })
  expect(begun.type).toBe('timeline')
  // before anything is said of a wait that is over
  expect(it.events.filter(said('step', /failed|again/))).toEqual([])
  await expect.poll(() => it.written.join(' ').replace(/\s+/g, ' ')).toMatch(/fee cap is too low/i)
})
