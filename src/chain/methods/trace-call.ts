import type { Asker } from './asker.ts'
import { type BlockTag, tagOf } from './block-tag.ts'
import type { Tracer } from './tracer.ts'
import { type TransactionRequest, wire } from './transaction-request.ts'

/** The trace of a call on the state after a block, in the form of the tracer: `chain/trace/` parses it. Throws the refusal of the node. */
export async function traceCall(
  asker: Asker,
  request: TransactionRequest,
  { block, tracer }: { block: BlockTag; tracer: Tracer },
): Promise<unknown> {
  return asker.request('debug_traceCall', [wire(request), tagOf(block), tracer])
}
