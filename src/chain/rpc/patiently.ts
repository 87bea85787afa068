import type { Clock } from '../../kit/clock.ts'
import { CordonError } from '../../kit/error.ts'
import { retry } from '../../kit/retry.ts'

/** An outage of a node or a signer of less than this, about 20 s, does not fail the step. */
const PATIENCE = { attempts: 8, delayMs: 500, maxDelayMs: 4_000 }

/** A node's refusal may come from one that is behind; a refusal of Cordon itself is final. */
export function patiently<T>({ clock }: { clock: Clock }, act: () => Promise<T>): Promise<T> {
  const isRetryable = (thrown: unknown): boolean =>
    !(thrown instanceof CordonError) || thrown.retryable || thrown.code === 'chain.RpcRefused'
  return retry(act, { ...PATIENCE, clock, isRetryable })
}
