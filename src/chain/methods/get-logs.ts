import { z } from 'zod'
import type { Address, Hash } from '../../model/hex.ts'
import { parsed } from './answer.ts'
import type { Asker } from './asker.ts'
import { type BlockTag, tagOf } from './block-tag.ts'

export type LogFilter = {
  address?: Address
  /** By position: one topic, one of several, or any (null). */
  topics: readonly (Hash | readonly Hash[] | null)[]
  fromBlock: BlockTag
  toBlock: BlockTag
}

/** The logs that a filter matches, each in the given shape. Throws `chain.MalformedField` where one has another. */
export async function getLogs<T>(asker: Asker, log: z.ZodType<T>, filter: LogFilter): Promise<T[]> {
  const wire = { ...filter, fromBlock: tagOf(filter.fromBlock), toBlock: tagOf(filter.toBlock) }
  return parsed(z.array(log), 'eth_getLogs', await asker.request('eth_getLogs', [wire]))
}
