import { required } from '../methods/answer.ts'
import type { Asker } from '../methods/asker.ts'
import { getBlock } from '../methods/get-block.ts'

/** Number and time (seconds since the epoch; null where it has none) of a block, the latest by default. Throws `chain.MalformedField`. */
export async function headTime(
  asker: Asker,
  block: number | 'latest' = 'latest',
): Promise<{ number: number; timestamp: number | null }> {
  const { number, timestamp } = required(await getBlock(asker, block), 'block')
  return { number: required(number, 'block.number'), timestamp }
}
