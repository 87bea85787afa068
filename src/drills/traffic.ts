import { connectDrill, perform, type SentTransaction } from './chain.ts'
import type { DrillDeployment } from './deployment.ts'
import { createRandom } from './random.ts'
import { scenes } from './scenes.ts'

export type TrafficOptions = {
  /** Each is seven blocks and about twenty-one transactions; 1 by default. */
  rounds?: number
  /** The same seed sends the same amounts on the same chain; 1 by default. */
  seed?: number
  /** Replaces `evm_mine` if the node mines only on demand. */
  mine?: () => Promise<void>
  signal?: AbortSignal
}

/**
 * Honest traffic on the protocol, with everything that looks like an attack and is not: a lender that withdraws most of
 * the pool, a sale that moves the price by an eighth, a liquidation, flash-swap arbitrage through both exchanges,
 * exercises that empty a holder. Returns each transaction with a label; one that reverted (the protocol may be
 * paused) is reported, not thrown. Throws `drill.NotMined` when blocks stop.
 *
 * @example
 * const sent = await runTraffic(drill, anvil.url, { rounds: 2, seed: 7 })
 */
export async function runTraffic(
  deployment: DrillDeployment,
  rpcUrl: string,
  options: TrafficOptions = {},
): Promise<readonly SentTransaction[]> {
  const { rounds = 1, seed = 1, signal } = options
  const chain = await connectDrill(rpcUrl, options.mine)
  const random = createRandom(seed)
  const sent: SentTransaction[] = []
  for (let round = 0; round < rounds; round++) {
    for (const scene of scenes) {
      if (signal?.aborted) return sent
      sent.push(...(await perform(chain, await scene(deployment, chain, random), signal)))
    }
  }
  return sent
}
