import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { getBlockNumber } from '../../src/chain/methods/get-block-number.ts'
import { createRpc } from '../../src/chain/rpc/rpc.ts'
import type { Anvil } from '../../src/chain/sandbox/anvil.ts'
import { startAnvil } from '../../src/chain/sandbox/anvil.ts'
import { mine } from '../../src/chain/sandbox/control.ts'
import { launchAttack } from '../../src/drills/attacks.ts'
import { deployDrill } from '../../src/drills/deploy.ts'
import type { DrillDeployment } from '../../src/drills/deployment.ts'
import { runTraffic } from '../../src/drills/traffic.ts'
import type { CordonOptions, RanCommand } from './cordon-process.ts'
import { runCordon } from './cordon-process.ts'

export type CommandStage = {
  anvil: Anvil
  at: DrillDeployment
  /** Where commands are run. */
  dir: string
  /** The drill's protocols, as `--protect` takes them. */
  protect: string
  attackHash: string
  run(args: readonly string[], env?: CordonOptions['env']): Promise<RanCommand>
  /** Writes the whole chain to a bundle file. */
  record(): Promise<RanCommand>
  /** The file that `record` writes. */
  bundle: string
  head(): Promise<number>
  /** Manual mining: blocks come while the promise waits. */
  mineUntil<T>(promise: Promise<T>): Promise<T>
  close(): Promise<void>
}

/** A chain with the drill's protocols, honest traffic and one re-entrancy attack, for commands in their own process. */
export async function openCommandStage(): Promise<CommandStage> {
  const anvil = await startAnvil({ mining: { kind: 'manual' } })
  const dir = await mkdtemp(join(tmpdir(), 'cordon-e2e-'))
  const at = await deployDrill(anvil.url)
  await runTraffic(at, anvil.url, { rounds: 1, seed: 3 })
  const launched = await launchAttack(at, anvil.url, { kind: 'reentrancy', rounds: 1 })
  const rpc = createRpc({ urls: [anvil.url] })
  const bundle = join(dir, 'drill.ndjson.gz')
  const run: CommandStage['run'] = (args, env = {}) => runCordon({ args, cwd: dir, env })
  const head = () => getBlockNumber(rpc)
  return {
    ...{ anvil, at, dir, run, bundle, head },
    protect: [at.optionsVault, at.lendingMarket, at.ethReserve].join(),
    attackHash: launched.transactions[0]?.hash ?? '',
    async record() {
      const last = String(await head())
      return run(['record', '--rpc', anvil.url, '--from', '1', '--to', last, '-o', bundle])
    },
    async mineUntil(promise) {
      let waiting = true
      const end = (): void => {
        waiting = false
      }
      promise.then(end, end)
      while (waiting) {
        await mine(rpc)
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
      return promise
    },
    async close() {
      await rpc.close()
      await anvil.stop()
      await rm(dir, { recursive: true, force: true })
    },
  }
}
