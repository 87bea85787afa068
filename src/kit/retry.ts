import type { Clock } from './clock.ts'
import { systemClock } from './clock.ts'
import { CordonError } from './error.ts'

export type RetryOptions = {
  /** Total number of calls, the first included. */
  attempts: number
  /** First wait in milliseconds; doubles each time. */
  delayMs: number
  /** Longest wait in milliseconds. */
  maxDelayMs?: number
  clock?: Clock
  signal?: AbortSignal
  /** Which errors justify another attempt; by default all except a CordonError that is not retryable. */
  isRetryable?: (thrown: unknown) => boolean
}

/** Calls `act` until it resolves, at most `attempts` times with exponential backoff, then throws its last error. */
export async function retry<T>(act: (attempt: number) => Promise<T>, options: RetryOptions): Promise<T> {
  const clock = options.clock ?? systemClock
  const worthIt = options.isRetryable ?? isRetryableByDefault
  for (let attempt = 1; ; attempt++) {
    try {
      return await act(attempt)
    } catch (thrown) {
      if (attempt >= options.attempts || !worthIt(thrown) || options.signal?.aborted) throw thrown
      const wait = Math.min(options.delayMs * 2 ** (attempt - 1), options.maxDelayMs ?? 30_000)
      await clock.sleep(wait, options.signal)
    }
  }
}

function isRetryableByDefault(thrown: unknown): boolean {
  return !(thrown instanceof CordonError) || thrown.retryable
}
