import type { Rpc } from './rpc.ts'

/** The number of the latest block, as the node has it. */
export async function headOf(rpc: Pick<Rpc, 'request'>): Promise<number> {
  return Number(await rpc.request('eth_blockNumber', []))
}
