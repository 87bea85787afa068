import { toFunctionSelector } from 'viem'
import { authorisationTypedData } from '../../../src/contain/approval/authorise.ts'
import { addressOf, drillAccount } from '../../../src/drills/accounts.ts'
import type { DrillDeployment } from '../../../src/drills/deployment.ts'
import type { Config } from '../../../src/model/config.ts'
import type { Address, Hash } from '../../../src/model/hex.ts'
import type { Stage } from '../stage.ts'
import { dataOf, deploy, sendFrom } from './send.ts'

export const ETHER = 10n ** 18n
const STAKE = ETHER
const DECOY = ETHER / 20n

export type Mix = {
  seed: number
  it: Stage
  honest: Address
  /** Contracts of the attacker, by what they risk. */
  evil: Address
  decoy: Address
  nester: Address
  forger: Address
  latch: Address
  /** Attacks that were sent, as their hashes. */
  attacks: Hash[]
  moves: string[]
  /** Unpauses that a reorg took out: the pauses that answered what came after them change nothing when they are mined again. */
  unpausesLost: number
}

type Permitted = { at: DrillDeployment; honest: Address; installation: string | null; rpcUrl: string }

/** The guardian lets Cordon pause both reserves. */
export async function permitting(
  config: Config,
  { at, honest, installation, rpcUrl }: Permitted,
): Promise<Config> {
  const now = Math.floor(Date.now() / 1_000)
  const terms = {
    installation,
    chainId: at.chainId,
    targets: [at.ethReserve, honest],
    selectors: [toFunctionSelector('pause()')],
    maxActions: 20,
    validFrom: now - 60,
    validUntil: now + 86_400,
  }
  const signature = await drillAccount('guardian').signTypedData(authorisationTypedData(terms))
  return {
    ...config,
    chains: config.chains.map((chain) => ({ ...chain, rpcUrls: [rpcUrl] })),
    protect: [
      { address: at.ethReserve, name: 'EthReserve' },
      { address: honest, name: 'HonestReserve' },
    ],
    authorisations: [{ ...terms, signer: addressOf('guardian'), signature }],
  }
}

/** The contracts of the attacker, and savings of others in the honest reserve. */
export async function putUp({ seed, it, honest }: Pick<Mix, 'seed' | 'it' | 'honest'>): Promise<Mix> {
  const { node, at } = it
  const thief = 'reentrancyAttacker'
  const evil = await deploy(node, thief, { name: 'FlawEvasions', args: [at.ethReserve], value: STAKE })
  const decoy = await deploy(node, 'optionAttacker', {
    name: 'FlawEvasions',
    args: [at.ethReserve],
    value: DECOY,
  })
  const nester = await deploy(node, 'oracleAttacker', { name: 'Nester', args: [honest] })
  const forger = await deploy(node, 'oracleAttacker', { name: 'Forger', args: [] })
  const latched = await node.request('eth_call', [
    { to: evil, data: dataOf('FlawEvasions', 'latch') },
    'latest',
  ])
  await sendFrom(node, 'oracleAttacker', { to: nester, data: dataOf('Nester', 'put'), value: ETHER })
  await sendFrom(node, 'saver', { to: honest, data: '0xd0e30db0', value: 10n * ETHER })
  await node.request('evm_mine', [])
  await it.recorded()
  const latch: Address = `0x${String(latched).slice(26)}`
  return { seed, it, honest, evil, decoy, nester, forger, latch, attacks: [], moves: [], unpausesLost: 0 }
}

export async function isPaused({ it }: Mix, address: Address): Promise<boolean> {
  return (
    BigInt(String(await it.node.request('eth_call', [{ to: address, data: '0x5c975abb' }, 'latest']))) === 1n
  )
}

export async function reserveOf({ it }: Mix): Promise<bigint> {
  return BigInt(String(await it.node.request('eth_getBalance', [it.at.ethReserve, 'latest'])))
}
