import type { Hash } from '../../model/hex.ts'
import type { Asker, RequestOptions } from './asker.ts'
import type { Tracer } from './tracer.ts'

/** The trace of a mined transaction in the form of the tracer: `chain/trace/` parses it. Throws the refusal of the node. */
export async function traceTransaction(
  asker: Asker,
  { hash, tracer }: { hash: Hash; tracer: Tracer },
  options?: RequestOptions,
): Promise<unknown> {
  return asker.request('debug_traceTransaction', [hash, tracer], options)
}
