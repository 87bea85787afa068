/** Options of geth's callTracer with logs; the node is told how long it may take and how far back it may execute. */
export function callTracer({ timeoutMs, reexec }: { timeoutMs: number; reexec: number }): object {
  return { ...CALL_TRACER, timeout: `${Math.max(1, timeoutMs)}ms`, reexec }
}

export const CALL_TRACER = { tracer: 'callTracer', tracerConfig: { withLog: true } } as const
