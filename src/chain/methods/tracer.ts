/** Geth's tracers by their options. Without a tracer the answer is a list of steps (struct logs). */
export type Tracer =
  | { tracer: 'callTracer'; tracerConfig?: { withLog: true } }
  | { tracer: 'prestateTracer'; tracerConfig?: { diffMode: true } }
  | { enableMemory: true; enableReturnData?: true; disableStorage: true }

/** Calls of a transaction with their logs. */
export const CALL_TRACER = { tracer: 'callTracer', tracerConfig: { withLog: true } } as const satisfies Tracer

/** Options of geth's callTracer with logs; the node gets how long it may take and how far back it may execute. */
export function callTracer({ timeoutMs, reexec }: { timeoutMs: number; reexec: number }): Tracer {
  const patience = { timeout: `${Math.max(1, timeoutMs)}ms`, reexec }
  return { ...CALL_TRACER, ...patience }
}
