import type { Rpc } from '../../../src/chain/rpc/rpc.ts'
import type { Address } from '../../../src/model/hex.ts'
import type { Replaced } from '../authority-key.ts'
import { openWorld } from '../lever-world.ts'
import { openStateFork } from '../state-fork.ts'
import { replaceAuthorities } from '../wild.ts'
import {
  attacker,
  embody,
  type Moves,
  type OnPackage,
  type OnState,
  type OwnAttack,
  type Target,
} from './attack.ts'

/** A chain with everything put up that an attack needs, on which blocks are mined by hand. */
export type Scene = Target & {
  name: string
  chainId: number
  url: string
  /** The first block that is watched. */
  fromBlock: number
  rpc: Rpc
  moves: Moves
  /** Slots in which a key of the test stands in the place of the real authority. */
  replaced: readonly Replaced[]
  close(): Promise<void>
}

/** Every chain has Multicall3 today; a new or an old one has not. Of it stands here what Cordon asks: `getEthBalance(address)`. */
const MULTICALL = '0xca11bde05977b3631167028862be2a173976ca11'
const ETHER_BALANCES = '0x600435315f5260205ff3'

/** @param guardian who may pull the levers: in the place of the real authority, or with the protocol's own role. */
export function openScene(own: OwnAttack, guardian: Address): Promise<Scene> {
  return 'state' in own ? onState(own) : onPackage(own, guardian)
}

async function onState({ state, protect, purse, prepare }: OnState): Promise<Scene> {
  const fork = await openStateFork(state, { as: 'copy', mining: { kind: 'manual' } })
  try {
    const { rpc, chainId, anvil, forkBlock } = fork
    await rpc.request('anvil_setBlockGasLimit', ['0x11e1a300'])
    await embody(rpc, attacker)
    await rpc.request('anvil_setCode', [MULTICALL, ETHER_BALANCES])
    const moves = await prepare(fork, attacker)
    const first = { from: attacker, ...moves.attack, gas: 25_000_000 }
    const replaced = await replaceAuthorities(fork, { targets: protect, attack: first })
    const at = { name: state, chainId, url: anvil.url, fromBlock: forkBlock + 1, rpc }
    return { ...at, protect, purse, moves, replaced, close: fork.close }
  } catch (thrown) {
    await fork.close()
    throw thrown
  }
}

async function onPackage({ package: name, putUp }: OnPackage, guardian: Address): Promise<Scene> {
  const world = await openWorld({ hardfork: 'prague' })
  try {
    const { rpc, chainId, url } = world
    await embody(rpc, attacker)
    await rpc.request('anvil_setCode', [MULTICALL, ETHER_BALANCES])
    const { protect, purse, ...moves } = await putUp(world, { attacker, guardian })
    await rpc.request('evm_setAutomine', [false])
    const fromBlock = Number(await rpc.request('eth_blockNumber', [])) + 1
    const at = { name: name.replaceAll(/[^a-z0-9]+/gi, '-'), chainId, url, fromBlock, rpc }
    return { ...at, protect, purse, moves, replaced: [], close: world.close }
  } catch (thrown) {
    await world.close()
    throw thrown
  }
}
