import { basename } from 'node:path'
import { createRpc, type Rpc } from '../../src/chain/rpc/rpc.ts'
import type { Anvil, AnvilMining } from '../../src/chain/sandbox/anvil.ts'
import { startAnvil } from '../../src/chain/sandbox/anvil.ts'
import type { Address } from '../../src/model/hex.ts'
import { attackLabels, corpusFiles } from './corpus.ts'
import {
  contractsOf,
  type RecordedState,
  readRecordedState,
  type StateNode,
  serveState,
} from './state-node.ts'

/** The real chain of an attacked protocol, as far as its attack touched it, at the block before the attack. */
export type StateFork = {
  name: string
  chainId: number
  /** The block that was forked, which is the latest until something is mined. */
  forkBlock: number
  contracts: readonly Address[]
  state: RecordedState
  /** The archive node behind the fork, which records the state missing from the file. */
  node: StateNode
  anvil: Anvil
  rpc: Rpc
  close(): Promise<void>
}

export type ForkOptions = {
  /**
   * `copy`: all of the state is written into a separate chain that begins at that block. A fork of anvil 1.7 hangs if a
   * block is mined while calls wait for state that the fork lacks.
   */
  as?: 'fork' | 'copy'
  mining?: AnvilMining
  /** `prague` when left out: current contracts run on it, and a transaction may use all gas of a block. */
  hardfork?: string
  stepsTracing?: boolean
}

/** Names of the recorded states, `Compound`, `PolyNetworkBridge`, …; none if there is no corpus. */
export function stateNames(): string[] {
  return corpusFiles('state', '.state.json.gz').map(({ name }) => name)
}

/**
 * Starts anvil on a fork of a recorded state. Storage that the file lacks reads as zero: `node.missingSlots` says which
 * was asked for.
 *
 * @example
 * const fork = await openStateFork('Compound')
 * try { await fork.rpc.request('eth_getCode', [fork.contracts[0], 'latest']) } finally { await fork.close() }
 */
export async function openStateFork(name: string, options: ForkOptions = {}): Promise<StateFork> {
  const { as = 'fork', mining = { kind: 'auto' }, hardfork = 'prague', stepsTracing = false } = options
  const file = corpusFiles('state', '.state.json.gz').find((each) => each.name === name)
  const label = attackLabels().find(({ id }) => id === name)
  if (file === undefined || label === undefined)
    throw new Error(`no recorded state ${basename(name)} in the corpus`)
  const state = readRecordedState(file.path)
  const node = await serveState(state, label.chainId)
  try {
    const { number, timestamp } = state.meta.block_env
    const own = { chainId: label.chainId, genesis: { number, timestamp: Number(timestamp) } }
    const from = as === 'fork' ? { forkUrl: node.url } : own
    const anvil = await startAnvil({ mining, hardfork, stepsTracing, ...from })
    const rpc = createRpc({ urls: [anvil.url], timeoutMs: 60_000 })
    if (as === 'copy') await writeState(rpc, state)
    return {
      name,
      chainId: label.chainId,
      forkBlock: state.meta.block_env.number,
      contracts: contractsOf(state),
      state,
      node,
      anvil,
      rpc,
      async close() {
        await rpc.close()
        await anvil.stop()
        await node.close()
      },
    }
  } catch (thrown) {
    await node.close()
    throw thrown
  }
}

const word = (value: string | number): string => `0x${BigInt(value).toString(16).padStart(64, '0')}`

async function writeState(rpc: Rpc, { accounts, storage }: RecordedState): Promise<void> {
  for (const [address, { balance, nonce, code }] of Object.entries(accounts)) {
    await rpc.request('anvil_setBalance', [address, balance])
    await rpc.request('anvil_setNonce', [address, `0x${nonce.toString(16)}`])
    if (code !== null && code !== '0x00') await rpc.request('anvil_setCode', [address, code])
  }
  for (const [address, slots] of Object.entries(storage))
    for (const [slot, value] of Object.entries(slots))
      await rpc.request('anvil_setStorageAt', [address, word(slot), word(value)])
  await rpc.request('evm_mine', [])
}
