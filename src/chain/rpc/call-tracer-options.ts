/** Options of geth's callTracer with logs, including the node's time limit and how far back it may re-execute. */
export function callTracer({ timeoutMs, reexec }: { timeoutMs: number; reexec: number }): object {
  return { ...CALL_TRACER, timeout: `${Math.max(1, timeoutMs)}ms`, reexec }
}

export const CALL_TRACER = { tracer: 'callTracer', tracerConfig: { withLog: true } } as const
