import { object } from '../../src/chain/trace/fields.ts'

type Node = { request(method: string, params: unknown[]): Promise<unknown> }

/**
 * The receipt of a transaction that was just sent: a node answers before it has mined. Throws if it stays missing or
 * reverts.
 */
export async function receiptOf(node: Node, hash: unknown): Promise<Record<string, unknown>> {
  for (let tries = 0; tries < 500; tries++) {
    const found = await node.request('eth_getTransactionReceipt', [hash])
    if (found !== null) {
      const receipt = object(found, 'receipt')
      if (receipt['status'] !== '0x1') throw new Error('the transaction reverted')
      return { ...receipt }
    }
    await new Promise((resolve) => setTimeout(resolve, 4))
  }
  throw new Error('the transaction was not mined')
}
