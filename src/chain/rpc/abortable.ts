import { CordonError } from '../../kit/error.ts'
import type { Rpc } from './rpc.ts'

/** The same nodes, but a question still open when the signal aborts fails at once with `chain.Aborted`. */
export function abortable(rpc: Rpc, signal: AbortSignal): Rpc {
  return {
    ...rpc,
    request(method, params) {
      if (signal.aborted) return Promise.reject(aborted(method))
      return new Promise((resolve, reject) => {
        const giveUp = (): void => reject(aborted(method))
        signal.addEventListener('abort', giveUp, { once: true })
        rpc
          .request(method, params)
          .then(resolve, reject)
          .finally(() => signal.removeEventListener('abort', giveUp))
      })
    },
  }
}

function aborted(method: string): CordonError {
  return new CordonError({
    code: 'chain.Aborted',
    message: `Stopped while waiting for ${method}.`,
    facts: { method },
    fix: 'Nothing to do: Cordon was told to stop.',
  })
}
