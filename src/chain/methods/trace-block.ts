import { z } from 'zod'
import type { Hash } from '../../model/hex.ts'
import { parsed } from './answer.ts'
import type { Asker } from './asker.ts'
import { tagOf } from './block-tag.ts'
import type { Tracer } from './tracer.ts'

const answerSchema = z.array(
  z.object({ result: z.record(z.string(), z.unknown()).optional(), error: z.string().optional() }),
)

/** A transaction's trace in the form of the tracer, or why there is none. */
export type BlockTrace = z.infer<typeof answerSchema>[number]

/** The traces of a block's transactions, in their order. Throws `chain.MalformedField`, the refusal of the node. */
export async function traceBlockByHash(asker: Asker, hash: Hash, tracer: Tracer): Promise<BlockTrace[]> {
  const method = 'debug_traceBlockByHash'
  return parsed(answerSchema, method, await asker.request(method, [hash, tracer]))
}

/** As {@link traceBlockByHash}, for nodes that find blocks by number alone. */
export async function traceBlockByNumber(
  asker: Asker,
  number: number,
  tracer: Tracer,
): Promise<BlockTrace[]> {
  const method = 'debug_traceBlockByNumber'
  return parsed(answerSchema, method, await asker.request(method, [tagOf(number), tracer]))
}
