import type { Capabilities } from '../../src/chain/rpc/capabilities.ts'
import { probeCapabilities } from '../../src/chain/rpc/capabilities.ts'
import { fetchBundle } from '../../src/chain/rpc/fetch-bundle.ts'
import { createRpc, type Rpc } from '../../src/chain/rpc/rpc.ts'
import { type Anvil, startAnvil } from '../../src/chain/sandbox/anvil.ts'
import { deployDrill } from '../../src/drills/deploy.ts'
import type { DrillDeployment } from '../../src/drills/deployment.ts'
import type { BlockBundle } from '../../src/model/block.ts'
import type { Scope } from '../../src/model/detector.ts'

/** A drill on its own anvil, and the blocks that it made. */
export type DrillRecorder = {
  anvil: Anvil
  drill: DrillDeployment
  rpc: Rpc
  capabilities: Capabilities
  /** The drill's three contracts with money in them. */
  scope: Scope
  /** Blocks from `from` to the head, as a follower would return them. */
  record(from: number): Promise<BlockBundle[]>
  head(): Promise<number>
  snapshot(): Promise<unknown>
  /** Returns to a snapshot, which is then used up. */
  revert(snapshot: unknown): Promise<void>
  stop(): Promise<void>
}

/** Starts an anvil that mines on demand and deploys the drill on it. */
export async function startDrillRecorder(): Promise<DrillRecorder> {
  const anvil = await startAnvil({ mining: { kind: 'manual' } })
  const drill = await deployDrill(anvil.url)
  const rpc = createRpc({ urls: [anvil.url] })
  const capabilities = await probeCapabilities(rpc)
  const head = async (): Promise<number> => Number(await rpc.request('eth_blockNumber', []))
  return {
    anvil,
    drill,
    rpc,
    capabilities,
    scope: {
      kind: 'contracts',
      addresses: new Set([drill.optionsVault, drill.lendingMarket, drill.ethReserve]),
    },
    head,
    async record(from) {
      const bundles: BlockBundle[] = []
      const last = await head()
      for (let number = from; number <= last; number++)
        bundles.push(await fetchBundle(number, { rpc, capabilities }))
      return bundles
    },
    snapshot: () => rpc.request('evm_snapshot', []),
    async revert(snapshot) {
      await rpc.request('anvil_dropAllTransactions', [])
      await rpc.request('evm_revert', [snapshot])
    },
    async stop() {
      await rpc.close()
      await anvil.stop()
    },
  }
}
