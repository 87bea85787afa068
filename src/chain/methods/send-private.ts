import type { Hex } from '../../model/hex.ts'
import type { Asker } from './asker.ts'
import { tagOf } from './block-tag.ts'

/** Gives a signed transaction to builders, who may include it up to a block. Source: Flashbots Protect. */
export async function sendPrivateTransaction(
  asker: Asker,
  { rawTransaction, lastBlock }: { rawTransaction: Hex; lastBlock: number },
): Promise<void> {
  const params = [{ tx: rawTransaction, maxBlockNumber: tagOf(lastBlock) }]
  await asker.request('eth_sendPrivateTransaction', params)
}

/** Gives signed transactions to builders, for one block alone. Source: the bundle API that builders share. */
export async function sendBundle(
  asker: Asker,
  { rawTransactions, block }: { rawTransactions: readonly Hex[]; block: number },
): Promise<void> {
  await asker.request('eth_sendBundle', [{ txs: rawTransactions, blockNumber: tagOf(block) }])
}
