import { createClient, http, RpcError, rpcSchema } from 'viem'
import { z } from 'zod'
import { systemClock } from '../kit/clock.ts'
import { CordonError, messageOf } from '../kit/error.ts'
import { type Address, type Hash, type Hex, hashSchema, hexSchema, quantitySchema } from '../model/hex.ts'
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

const number = quantitySchema.transform(Number)
const bigint = quantitySchema.transform(BigInt)
const blockSchema = z.object({
  number,
  timestamp: number,
  baseFeePerGas: bigint.default(0n),
  gasLimit: bigint,
})
const receiptSchema = z
  .object({ transactionHash: hashSchema, status: number, blockNumber: number })
  .nullable()

/** Connects to the drill's node and asks how it mines. `mine` replaces `evm_mine` where it mines on demand. */
export async function connectDrill(rpcUrl: string, mine?: () => Promise<void>): Promise<DrillChain> {
  const client = createClient({
    transport: http(rpcUrl, { batch: { batchSize: 200 }, retryCount: 0, timeout: REQUEST_MS }),
    rpcSchema: rpcSchema<[{ Method: string; Parameters: readonly unknown[]; ReturnType: unknown }]>(),
  })
  const request: DrillChain['request'] = (method, params = []) => client.request({ method, params })
  const [chainId, mining] = await Promise.all([
    request('eth_chainId').then((answer) => number.parse(answer)),
    miningOf(request),
  ])
  const mineOne = async (): Promise<void> => void (await request('evm_mine'))
  const seconds = mining.kind === 'interval' ? mining.seconds : 0
  const patienceMs = Math.max(NOT_MINED_MS, seconds * 5_000)
  return { chainId, mining, patienceMs, request, mine: mine ?? mineOne }
}

async function miningOf(request: DrillChain['request']): Promise<DrillMining> {
  try {
    const [automine, interval] = await Promise.all([
      request('anvil_getAutomine').then((answer) => z.boolean().parse(answer)),
      request('anvil_getIntervalMining').then((answer) => z.number().nullable().parse(answer)),
    ])
    if (automine) return { kind: 'auto' }
    return interval === null ? { kind: 'manual' } : { kind: 'interval', seconds: interval }
  } catch (thrown) {
    if (!isUnknownMethod(thrown)) throw thrown
    return { kind: 'interval', seconds: await secondsBetween(request) }
  }
}

const NO_METHOD = -32_601

function isUnknownMethod(thrown: unknown): boolean {
  return thrown instanceof RpcError && thrown.code === NO_METHOD
}

/** The time between a node's two newest blocks: any node but anvil makes blocks automatically. */
async function secondsBetween(request: DrillChain['request']): Promise<number> {
  const newest = blockSchema.parse(await request('eth_getBlockByNumber', ['latest', false]))
  if (newest.number === 0) return 1
  const before = `0x${(newest.number - 1).toString(16)}`
  const { timestamp } = blockSchema.parse(await request('eth_getBlockByNumber', [before, false]))
  return newest.number === 1 ? 1 : newest.timestamp - timestamp
}

/** Number, timestamp (seconds), base fee (wei) and gas limit of the newest block. */
export async function latestBlock(chain: DrillChain): Promise<z.infer<typeof blockSchema>> {
  return blockSchema.parse(await chain.request('eth_getBlockByNumber', ['latest', false]))
}

/** The number of transactions that the account has sent, pending ones included. */
export async function nonceOf(chain: DrillChain, role: DrillRole): Promise<number> {
  return number.parse(await chain.request('eth_getTransactionCount', [addressOf(role), 'pending']))
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
    withGasLimits(chain.request, calls),
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
    return hashSchema.parse(await chain.request('eth_sendRawTransaction', [raw]))
  } catch (cause) {
    throw new CordonError({
      code: 'drill.Rejected',
      message: 'The node did not take a transaction of the drill into its pool.',
      facts: { label, said: cause instanceof RpcError ? cause.details : messageOf(cause) },
      fix: 'Offer a higher fee cap, or see that no other client uses the same test account at the same time.',
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
  const receipt = receiptSchema.parse(await chain.request('eth_getTransactionReceipt', [hash]))
  return receipt && { hash, succeeded: receipt.status === 1, blockNumber: receipt.blockNumber }
}

function notMined(hashes: readonly Hash[], found: readonly DrillReceipt[]): CordonError {
  const mined = new Set(found.map((receipt) => receipt.hash))
  return new CordonError({
    code: 'drill.NotMined',
    message: "The drill's transactions wait in the pool and no block takes them.",
    facts: { sent: hashes.length, mined: mined.size, waiting: hashes.filter((hash) => !mined.has(hash)) },
    fix: 'See that the node still makes blocks, and that no other client uses the test accounts.',
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
  const answer = await chain.request('eth_call', [{ to: view.at, data }, blockParameter(view.block)])
  return decode(view.contract, view.name, hexSchema.parse(answer))
}

/** The result of a view that returns one integer. */
export async function readAmount(chain: DrillChain, view: DrillView): Promise<bigint> {
  return z.bigint().parse(await readView(chain, view))
}

/** A block by its number, or by the node's name for it. */
export type BlockTag = bigint | 'latest' | 'pending'

/** wei */
export async function balanceOf(chain: DrillChain, account: Address, block?: BlockTag): Promise<bigint> {
  return bigint.parse(await chain.request('eth_getBalance', [account, blockParameter(block)]))
}

function blockParameter(block: BlockTag = 'latest'): string {
  return typeof block === 'bigint' ? `0x${block.toString(16)}` : block
}
