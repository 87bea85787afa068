import { toHex } from '../chain/methods/block-tag.ts'
import { headOf } from '../chain/rpc/head.ts'
import type { Rpc } from '../chain/rpc/rpc.ts'
import type { Hex } from '../model/hex.ts'

/**
 * A builder or a relay to builders that takes transactions without showing them to the public pool. Sources: Flashbots
 * Protect (`eth_sendPrivateTransaction`) and the bundle API that builders share (`eth_sendBundle`).
 */
export type Relay = { method: 'eth_sendPrivateTransaction' | 'eth_sendBundle'; rpc: Rpc }

/** Blocks for which a relay may try. */
const PRIVATE_BLOCKS = 25

/** Gives the signed bytes to every relay at once; true where one of them took it. */
export async function sendPrivately(
  rawTransaction: Hex,
  { rpc, relays }: { rpc: Rpc; relays: readonly Relay[] },
): Promise<boolean> {
  if (relays.length === 0) return false
  const head = await headOf(rpc)
  const sent = await Promise.allSettled(
    relays.map((relay) => relay.rpc.request(relay.method, [paramsFor(relay.method, rawTransaction, head)])),
  )
  return sent.some(({ status }) => status === 'fulfilled')
}

function paramsFor(method: Relay['method'], rawTransaction: Hex, head: number): unknown {
  switch (method) {
    case 'eth_sendPrivateTransaction':
      return { tx: rawTransaction, maxBlockNumber: toHex(head + PRIVATE_BLOCKS) }
    case 'eth_sendBundle':
      return { txs: [rawTransaction], blockNumber: toHex(head + 1) }
  }
}
