import { getBlockNumber } from '../../chain/methods/get-block-number.ts'
import { sendBundle, sendPrivateTransaction } from '../../chain/methods/send-private.ts'
import type { Rpc } from '../../chain/rpc/rpc.ts'
import type { Hex } from '../../model/hex.ts'

/**
 * A builder, or a relay to builders, that accepts transactions without showing them to the public pool. Sources:
 * Flashbots Protect (`eth_sendPrivateTransaction`) and the bundle API that builders share (`eth_sendBundle`).
 */
export type Relay = { method: 'eth_sendPrivateTransaction' | 'eth_sendBundle'; rpc: Rpc }

/** Number of blocks for which a relay may try. */
const PRIVATE_BLOCKS = 25

/** Sends the signed bytes to every relay in parallel; true where one of them accepted it. */
export async function sendPrivately(
  rawTransaction: Hex,
  { rpc, relays }: { rpc: Rpc; relays: readonly Relay[] },
): Promise<boolean> {
  if (relays.length === 0) return false
  const head = await getBlockNumber(rpc)
  const sent = await Promise.allSettled(relays.map((relay) => giveTo(relay, rawTransaction, head)))
  return sent.some(({ status }) => status === 'fulfilled')
}

function giveTo({ method, rpc }: Relay, rawTransaction: Hex, head: number): Promise<void> {
  switch (method) {
    case 'eth_sendPrivateTransaction':
      return sendPrivateTransaction(rpc, { rawTransaction, lastBlock: head + PRIVATE_BLOCKS })
    case 'eth_sendBundle':
      return sendBundle(rpc, { rawTransactions: [rawTransaction], block: head + 1 })
  }
}
