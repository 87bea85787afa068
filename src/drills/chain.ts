import { createClient, http, RpcError, rpcSchema } from 'viem'
import { z } from 'zod'
import { required } from '../chain/methods/answer.ts'
import type { Asker } from '../chain/methods/asker.ts'
import { callContract } from '../chain/methods/call.ts'
import { getBalance } from '../chain/methods/get-balance.ts'
import { getBlock } from '../chain/methods/get-block.ts'
import { getChainId } from '../chain/methods/get-chain-id.ts'
import { getTransactionCount } from '../chain/methods/get-transaction-count.ts'
import { getTransactionReceipt } from '../chain/methods/get-transaction-receipt.ts'
import { sendRawTransaction } from '../chain/methods/send-raw-transaction.ts'
import { miningOf as anvilMining, mine as mineBlock } from '../chain/sandbox/control.ts'
import { systemClock } from '../kit/clock.ts'
import { CordonError, messageOf } from '../kit/error.ts'
import type { Address, Hash, Hex } from '../model/hex.ts'
import { addressOf, type DrillRole, drillAccount } from './accounts.ts'
import { type ContractName, decode, encode } from './artifacts.ts'
import { type DrillCall, type LimitedCall, withGasLimits } from './gas.ts'

/**
 * How the drill's node makes blocks, as anvil itself reports and as other nodes show; `seconds` is 0 below one second.
 */
type DrillMining = { kind: 'auto' } | { kind: 'manual' } | { kind: 'interval'; seconds: number }

/** A connection to the drill's node. */
export type DrillChain = {
  chainId: number
  mining: DrillMining
  /** Milliseconds to wait for a block: 30,000, or five of the node's intervals where that is longer. */
  patienceMs: number
  request(method: string, params?: readonly unknown[]): Promise<unknown>
  /** Makes a block; called where the node mines only on demand. */
  mine(): Promise<void>
}

/** wei per gas unit */
export type DrillFees = { maxFeePerGas: bigint; maxPriorityFeePerGas: bigint }

export type DrillReceipt = { hash: Hash; succeeded: boolean; blockNumber: number }

/** A transaction of the drill that was mined. */
export type SentTransaction = DrillReceipt & { label: string }

export const GWEI = 1_000_000_000n
const NOT_MINED_MS = 30_000
/** A fork fetches missing state from the real node before it answers. */
const REQUEST_MS = 30_000

/** Connects to the drill's node and asks how it mines. `mine` replaces `evm_mine` where it mines on demand. */
export async function connectDrill(rpcUrl: string, mine?: () => Promise<void>): Promise<DrillChain> {
  const client = createClient({
    transport: http(rpcUrl, { batch: { batchSize: 200 }, retryCount: 0, timeout: REQUEST_MS }),
    rpcSchema: rpcSchema<[{ Method: string; Parameters: readonly unknown[]; ReturnType: unknown }]>(),
  })
  const request: DrillChain['request'] = (method, params = []) => client.request({ method, params })
  const [chainId, mining] = await Promise.all([getChainId({ request }), miningOf({ request })])
  const mineOne = (): Promise<void> => mineBlock({ request })
  const seconds = mining.kind === 'interval' ? mining.seconds : 0
  const patienceMs = Math.max(NOT_MINED_MS, seconds * 5_000)
  return { chainId, mining, patienceMs, request, mine: mine ?? mineOne }
}

async function miningOf(node: Asker): Promise<DrillMining> {
  try {
    const { automine, intervalSeconds } = await anvilMining(node)
    if (automine) return { kind: 'auto' }
    return intervalSeconds === null ? { kind: 'manual' } : { kind: 'interval', seconds: intervalSeconds }
  } catch (thrown) {
    if (!isUnknownMethod(thrown)) throw thrown
    return { kind: 'interval', seconds: await secondsBetween(node) }
  }
}

const NO_METHOD = -32_601

function isUnknownMethod(thrown: unknown): boolean {
  return thrown instanceof RpcError && thrown.code === NO_METHOD
}

/** The time between a node's two newest blocks: any node but anvil makes blocks automatically. */
async function secondsBetween(node: Asker): Promise<number> {
  const newest = await blockAt(node, 'latest')
  if (newest.number === 0) return 1
  const { timestamp } = await blockAt(node, newest.number - 1)
  return newest.number === 1 ? 1 : newest.timestamp - timestamp
}

/** Number, timestamp (seconds), base fee (wei) and gas limit of a block. */
type DrillBlock = { number: number; timestamp: number; baseFeePerGas: bigint; gasLimit: bigint }

export function latestBlock(chain: DrillChain): Promise<DrillBlock> {
  return blockAt(chain, 'latest')
}

async function blockAt(node: Asker, block: number | 'latest'): Promise<DrillBlock> {
  const found = required(await getBlock(node, block), 'block')
  return {
    number: required(found.number, 'block.number'),
    timestamp: required(found.timestamp, 'block.timestamp'),
    baseFeePerGas: found.baseFeePerGas ?? 0n,
    gasLimit: required(found.gasLimit, 'block.gasLimit'),
  }
}

/** The number of transactions that the account has sent, pending ones included. */
export function nonceOf(chain: DrillChain, role: DrillRole): Promise<number> {
  return getTransactionCount(chain, { address: addressOf(role), block: 'pending' })
}

/** Enough for the next blocks' base fee, with a tip of `tip` wei per gas unit (1 gwei by default). */
async function ordinaryFees(chain: DrillChain, tip = GWEI): Promise<DrillFees> {
  const { baseFeePerGas } = await latestBlock(chain)
  return { maxFeePerGas: baseFeePerGas * 2n + tip, maxPriorityFeePerGas: tip }
}

/**
 * Signs the calls with consecutive nonces, sends them to the node and returns their hashes, unmined. Throws
 * `drill.Rejected` where the node does not accept one.
 */
export async function submit(
  chain: DrillChain,
  calls: readonly DrillCall[],
  fees?: DrillFees,
): Promise<readonly Hash[]> {
  const raw = await signAll(chain, calls, fees)
  return Promise.all(raw.map((bytes, index) => hand(chain, bytes, calls[index]?.label ?? '')))
}

/** Signs the calls with consecutive nonces; sends nothing. */
export async function signAll(
  chain: DrillChain,
  calls: readonly DrillCall[],
  fees?: DrillFees,
): Promise<readonly Hex[]> {
  const senders = [...new Set(calls.map((call) => call.from))]
  const [paid, limited, ...firsts] = await Promise.all([
    fees ?? ordinaryFees(chain),
    withGasLimits(chain, calls),
    ...senders.map((role) => nonceOf(chain, role)),
  ])
  const nonces = new Map(senders.map((role, index) => [role, firsts[index] ?? 0]))
  const raw: Hex[] = []
  for (const call of limited) {
    const nonce = nonces.get(call.from) ?? 0
    nonces.set(call.from, nonce + 1)
    raw.push(await sign(chain, call, { ...paid, nonce }))
  }
  return raw
}

async function hand(chain: DrillChain, raw: Hex, label: string): Promise<Hash> {
  try {
    return required(await sendRawTransaction(chain, raw), 'hash')
  } catch (cause) {
    throw new CordonError({
      code: 'drill.Rejected',
      message: 'The node did not accept a transaction of the drill into its pool.',
      facts: { label, said: cause instanceof RpcError ? cause.details : messageOf(cause) },
      fix: 'Offer a higher fee cap, or make sure that no other client uses the same test account at the same time.',
      retryable: true,
      cause,
    })
  }
}

function sign(chain: DrillChain, call: LimitedCall, pricing: DrillFees & { nonce: number }): Promise<Hex> {
  return drillAccount(call.from).signTransaction({
    type: 'eip1559',
    chainId: chain.chainId,
    to: call.to,
    data: call.data,
    value: call.value ?? 0n,
    gas: call.gasLimit,
    ...pricing,
  })
}

/**
 * Waits until all are mined (and makes a block where the node mines on demand); omits those that an abort cut off.
 * Throws `drill.NotMined` when the chain's patience is over.
 */
export async function settle(
  chain: DrillChain,
  hashes: readonly Hash[],
  signal?: AbortSignal,
): Promise<readonly DrillReceipt[]> {
  if (chain.mining.kind === 'manual') await chain.mine()
  const deadline = systemClock.now() + chain.patienceMs
  for (;;) {
    const receipts = await Promise.all(hashes.map((hash) => receiptOf(chain, hash)))
    const found = receipts.filter((receipt) => receipt !== null)
    if (found.length === hashes.length || signal?.aborted) return found
    if (systemClock.now() > deadline) throw notMined(hashes, found)
    await systemClock.sleep(chain.mining.kind === 'interval' ? 50 : 10, signal)
  }
}

/** Sends the calls and waits for all of them. An abort cuts the list short. */
export async function perform(
  chain: DrillChain,
  calls: readonly DrillCall[],
  signal?: AbortSignal,
): Promise<readonly SentTransaction[]> {
  if (calls.length === 0) return []
  const hashes = await submit(chain, calls)
  const receipts = await settle(chain, hashes, signal)
  const labels = new Map(hashes.map((hash, index) => [hash, calls[index]?.label ?? '']))
  return receipts.map((receipt) => ({ ...receipt, label: labels.get(receipt.hash) ?? '' }))
}

async function receiptOf(chain: DrillChain, hash: Hash): Promise<DrillReceipt | null> {
  const receipt = await getTransactionReceipt(chain, hash)
  if (receipt === null) return null
  const { succeeded, blockNumber } = receipt
  return { hash, succeeded, blockNumber: required(blockNumber, 'receipt.blockNumber') }
}

function notMined(hashes: readonly Hash[], found: readonly DrillReceipt[]): CordonError {
  const mined = new Set(found.map((receipt) => receipt.hash))
  return new CordonError({
    code: 'drill.NotMined',
    message: "The drill's transactions are in the pool and no block includes them.",
    facts: { sent: hashes.length, mined: mined.size, waiting: hashes.filter((hash) => !mined.has(hash)) },
    fix: 'Check that the node still makes blocks, and that no other client uses the test accounts.',
    retryable: true,
  })
}

/** A view function of a contract, at a block (`latest` by default). */
export type DrillView = {
  contract: ContractName
  at: Address
  name: string
  args?: readonly unknown[]
  block?: BlockTag | undefined
}

/** The result of a view: one value, or an array where it returns several. */
export async function readView(chain: DrillChain, view: DrillView): Promise<unknown> {
  const data = encode(view.contract, view.name, view.args)
  const answer = await callContract(chain, { to: view.at, data }, { block: view.block ?? 'latest' })
  return decode(view.contract, view.name, answer)
}

/** The result of a view that returns one integer. */
export async function readAmount(chain: DrillChain, view: DrillView): Promise<bigint> {
  return z.bigint().parse(await readView(chain, view))
}

/** A block by its number, or by the node's name for it. */
export type BlockTag = bigint | 'latest' | 'pending'

/** wei */
export function balanceOf(chain: DrillChain, account: Address, block: BlockTag = 'latest'): Promise<bigint> {
  return getBalance(chain, account, block)
}
