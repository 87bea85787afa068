import { z } from 'zod'
import { assert } from '../kit/assert.ts'
import { systemClock } from '../kit/clock.ts'
import type { AttackKind } from '../model/attack-kind.ts'
import type { Address, Hash } from '../model/hex.ts'
import type { ContractName } from './artifacts.ts'
import { attackers } from './attackers.ts'
import { call } from './calls.ts'
import {
  connectDrill,
  type DrillChain,
  GWEI,
  latestBlock,
  readView,
  type SentTransaction,
  settle,
  submit,
} from './chain.ts'
import type { DrillDeployment } from './deployment.ts'
import type { DrillCall } from './gas.ts'
import { OPTION, USDC } from './seed.ts'

export type AttackTransactionOptions = {
  kind: AttackKind
  /** The amount that one transaction targets: options (18 decimals), USDC base units, or depth of reentry. */
  amount?: bigint
  /** Gas units; estimated by default, and 2,000,000 if it would revert: it is sent then too. */
  gasLimit?: bigint
  /** wei per gas unit, 1 gwei by default */
  maxPriorityFeePerGas?: bigint
  /** wei per gas unit; by default twice the base fee plus the tip. anvil orders a block by this alone. */
  maxFeePerGas?: bigint
}

export type AttackOptions = AttackTransactionOptions & {
  /** Maximum number of transactions, 12 by default: each attack is finished after 7 or 8. */
  rounds?: number
  /** Blocks from one transaction to the next, 1 (the next block) by default. */
  gap?: number
  /** Replaces `evm_mine` if the node mines only on demand. */
  mine?: () => Promise<void>
  signal?: AbortSignal
}

export type AttackResult = {
  kind: AttackKind
  transactions: readonly SentTransaction[]
  /** Nothing worth taking is left, a transaction reverted, `rounds` were sent, or the signal aborted. */
  ended: 'exhausted' | 'reverted' | 'rounds' | 'aborted'
}

type Attack = { contract: ContractName; at(deployment: DrillDeployment): Address; amount: bigint }

const attacks: Record<AttackKind, Attack> = {
  option: { contract: 'AttackOption', at: (drill) => drill.attackOption, amount: 20n * OPTION },
  oracle: { contract: 'AttackOracle', at: (drill) => drill.attackOracle, amount: 100_000n * USDC },
  reentrancy: { contract: 'AttackReentrancy', at: (drill) => drill.attackReentrancy, amount: 3n },
}

/** Sends one attack transaction to the node and returns its hash, unmined. */
export async function sendAttackOnce(
  deployment: DrillDeployment,
  rpcUrl: string,
  options: AttackTransactionOptions,
): Promise<Hash> {
  const chain = await connectDrill(rpcUrl)
  return send(chain, attackCall(deployment, options), options)
}

/**
 * Sends the attack once per block until a transaction reverts or nothing worth taking is left. Each takes only a
 * part, as many real attacks do. Resolves when the last is mined; throws `drill.NotMined` when blocks stop.
 *
 * @example
 * const { transactions, ended } = await launchAttack(drill, anvil.url, { kind: 'reentrancy' })
 */
export async function launchAttack(
  deployment: DrillDeployment,
  rpcUrl: string,
  options: AttackOptions,
): Promise<AttackResult> {
  const { kind, rounds = 12, gap = 1, signal } = options
  const chain = await connectDrill(rpcUrl, options.mine)
  const transactions: SentTransaction[] = []
  const ended = (how: AttackResult['ended']): AttackResult => ({ kind, transactions, ended: how })
  for (let round = 0; round < rounds; round++) {
    if (signal?.aborted) return ended('aborted')
    if (await isExhausted(chain, deployment, kind)) return ended('exhausted')
    if (round > 0) await skipBlocks(chain, gap - 1, signal)
    const attack = attackCall(deployment, options)
    const hash = await send(chain, attack, options)
    const [receipt] = await settle(chain, [hash], signal)
    if (!receipt) return ended('aborted')
    transactions.push({ ...receipt, label: attack.label })
    if (!receipt.succeeded) return ended('reverted')
  }
  return ended('rounds')
}

function attackCall(deployment: DrillDeployment, options: AttackTransactionOptions): DrillCall {
  const { contract, at, amount } = attacks[options.kind]
  const run = call(attackers[options.kind], at(deployment), contract, 'run', [options.amount ?? amount])
  const { gasLimit } = options
  return { ...run, gas: 2_000_000n, ...(gasLimit === undefined ? {} : { gasLimit }) }
}

async function send(chain: DrillChain, attack: DrillCall, options: AttackTransactionOptions): Promise<Hash> {
  const tip = options.maxPriorityFeePerGas ?? GWEI
  const { baseFeePerGas } = await latestBlock(chain)
  const maxFeePerGas = options.maxFeePerGas ?? baseFeePerGas * 2n + tip
  const [hash] = await submit(chain, [attack], { maxFeePerGas, maxPriorityFeePerGas: tip })
  assert(hash, 'one call gives one hash')
  return hash
}

async function isExhausted(
  chain: DrillChain,
  deployment: DrillDeployment,
  kind: AttackKind,
): Promise<boolean> {
  const { contract, at } = attacks[kind]
  return z.boolean().parse(await readView(chain, { contract, at: at(deployment), name: 'exhausted' }))
}

/** Lets `count` blocks pass: mines them if the node does not mine on its own. */
async function skipBlocks(chain: DrillChain, count: number, signal?: AbortSignal): Promise<void> {
  if (chain.mining.kind !== 'interval') {
    for (let block = 0; block < count; block++) await chain.mine()
    return
  }
  const target = (await latestBlock(chain)).number + count
  while (!signal?.aborted && (await latestBlock(chain)).number < target) await systemClock.sleep(50, signal)
}
