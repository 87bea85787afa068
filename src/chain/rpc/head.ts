import { integer, object } from '../trace/fields.ts'
import type { Rpc } from './rpc.ts'

/** The number of the latest block, as the node has it. */
export async function headOf(rpc: Pick<Rpc, 'request'>): Promise<number> {
  return Number(await rpc.request('eth_blockNumber', []))
}

/** Number and time (seconds since the epoch; null where it has none) of a block, the latest by default. Throws `chain.MalformedField`. */
export async function headTime(
  rpc: Pick<Rpc, 'request'>,
  block: number | 'latest' = 'latest',
): Promise<{ number: number; timestamp: number | null }> {
  const tag = block === 'latest' ? block : `0x${block.toString(16)}`
  const raw = object(await rpc.request('eth_getBlockByNumber', [tag, false]), 'block')
  const time = raw['timestamp']
  return {
    number: integer(raw['number'], 'block.number'),
    timestamp: time === undefined || time === null ? null : integer(time, 'block.timestamp'),
  }
}
