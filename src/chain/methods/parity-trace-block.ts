import { z } from 'zod'
import { parsed } from './answer.ts'
import type { Asker } from './asker.ts'
import { tagOf } from './block-tag.ts'

const answerSchema = z.array(z.object({ transactionHash: z.string().nullish() }))

/** The transaction of each trace of a block, null for a reward: Erigon, Nethermind and their kin. Throws `chain.MalformedField`. */
export async function parityTraceBlock(asker: Asker, number: number): Promise<(string | null)[]> {
  const answer = await asker.request('trace_block', [tagOf(number)])
  return parsed(answerSchema, 'trace_block', answer).map(({ transactionHash }) => transactionHash ?? null)
}
