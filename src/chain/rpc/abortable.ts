import { CordonError } from '../../kit/error.ts'
import type { Rpc } from './rpc.ts'

/** The same nodes, but a request that is still open when the signal aborts fails at once with `chain.Aborted`. */
export function abortable(rpc: Rpc, signal: AbortSignal): Rpc {
  // One listener for all requests: dozens may be in progress at the same time.
  const waiting = new Set<() => void>()
  const abortAll = (): void => {
    for (const giveUp of waiting) giveUp()
  }
  signal.addEventListener('abort', abortAll, { once: true })
  return {
    ...rpc,
    request(method, params, options) {
      if (signal.aborted) return Promise.reject(aborted(method))
      return new Promise((resolve, reject) => {
        const giveUp = (): void => reject(aborted(method))
        waiting.add(giveUp)
        rpc
          .request(method, params, options)
          .then(resolve, reject)
          .finally(() => waiting.delete(giveUp))
      })
    },
  }
}

function aborted(method: string): CordonError {
  return new CordonError({
    code: 'chain.Aborted',
    message: `Stopped while waiting for ${method}.`,
    facts: { method },
    fix: 'Nothing to do: Cordon is stopping.',
  })
}
