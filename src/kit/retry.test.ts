import { expect, test } from 'vitest'
import { type Clock, fakeClock } from './clock.ts'
import { CordonError } from './error.ts'
import { type RetryOptions, retry } from './retry.ts'

/** Fails `failures` times with `thrown`, then gives its attempt; `waits` are the sleeps between. */
async function tried(
  { failures, thrown = new Error('not now') }: { failures: number; thrown?: unknown },
  options: Partial<RetryOptions> = {},
): Promise<{ result: unknown; waits: number[]; calls: number }> {
  const waits: number[] = []
  const clock: Clock = {
    ...fakeClock(),
    sleep: async (ms) => {
      waits.push(ms)
    },
  }
  let calls = 0
  const act = async (attempt: number): Promise<number> => {
    calls++
    if (attempt <= failures) throw thrown
    return attempt
  }
  const result = await retry(act, { attempts: 5, delayMs: 100, clock, ...options }).catch(
    (last: unknown) => last,
  )
  return { result, waits, calls }
}

test('the result of the first attempt that passes is given, after waits that double', async () => {
  expect(await tried({ failures: 3 })).toEqual({ result: 4, waits: [100, 200, 400], calls: 4 })
  expect(await tried({ failures: 0 })).toEqual({ result: 1, waits: [], calls: 1 })
})

test('after the last attempt its error is thrown, without another wait', async () => {
  const thrown = new Error('never')
  expect(await tried({ failures: 9, thrown }, { attempts: 3 })).toEqual({
    result: thrown,
    waits: [100, 200],
    calls: 3,
  })
})

test('no wait is longer than the longest', async () => {
  const { waits } = await tried({ failures: 4 }, { maxDelayMs: 250 })
  expect(waits).toEqual([100, 200, 250, 250])
  const { waits: byDefault } = await tried({ failures: 2 }, { delayMs: 20_000 })
  expect(byDefault).toEqual([20_000, 30_000])
})

test('an error of ours is tried again only where it is retryable', async () => {
  const error = (retryable: boolean) =>
    new CordonError({ code: 'kit.Example', message: 'No.', fix: 'Wait.', retryable })
  expect((await tried({ failures: 1, thrown: error(false) })).calls).toBe(1)
  expect((await tried({ failures: 1, thrown: error(true) })).calls).toBe(2)
  const isRetryable = () => true
  expect((await tried({ failures: 1, thrown: error(false) }, { isRetryable })).calls).toBe(2)
})

test('once aborted, nothing more is tried', async () => {
  expect((await tried({ failures: 9 }, { signal: AbortSignal.abort() })).calls).toBe(1)
})
