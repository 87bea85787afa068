import { keccak256 } from 'viem'
import type { Rpc } from '../chain/rpc/rpc.ts'
import { hash, integer, object } from '../chain/trace/fields.ts'
import type { Clock } from '../kit/clock.ts'
import { crashPoint } from '../kit/crash-point.ts'
import { CordonError, messageOf } from '../kit/error.ts'
import type { Broadcast, ContainmentPlan } from '../model/containment.ts'
import type { Address } from '../model/hex.ts'
import { findBroadcast, insertBroadcast, moveBroadcast, nextNonce } from '../store/broadcasts.ts'
import type { Store } from '../store/store.ts'
import type { Signer } from './signer.ts'

export type BroadcastContext = { rpc: Rpc; store: Store; clock: Clock }

export type FeePolicy = {
  /** The least tip, wei per gas unit. */
  minPriorityFeePerGas: bigint
  /** The most that is ever paid, wei per gas unit. */
  maxFeePerGasCap: bigint
  /** The fees of a pending attack that must be outbid, wei per gas unit; null when there is none. */
  outbid: Fees | null
}

export type Fees = { maxFeePerGas: bigint; maxPriorityFeePerGas: bigint }

/**
 * Signs the plan's one transaction and keeps the raw bytes before anybody else sees them. Called again (after a
 * crash, by a second worker) it gives back what was signed first: a plan never has two transactions.
 */
export async function signPlan(
  plan: ContainmentPlan,
  { signer, gasUsed, fees }: { signer: Signer; gasUsed: number; fees: FeePolicy },
  { rpc, store }: BroadcastContext,
): Promise<Broadcast> {
  const first = await findBroadcast(store, plan.id)
  if (first !== undefined) return first
  const { lever } = plan
  const [count, baseFee] = await Promise.all([nonceOf(rpc, signer.address), baseFeeOf(rpc)])
  const nonce = await nextNonce(store, { chainId: lever.chainId, from: signer.address }, count)
  const transaction = {
    chainId: lever.chainId,
    nonce,
    to: lever.target,
    data: lever.calldata,
    value: 0n,
    // Half again and a floor: the state may have moved since the simulation, and gas not used is not paid.
    gas: BigInt(Math.max(100_000, Math.ceil(gasUsed * 1.5))),
    ...feesFor(fees, baseFee),
  }
  crashPoint('contain.before-sign')
  const rawTransaction = await signer.signTransaction(transaction)
  crashPoint('contain.signed')
  const { broadcast } = await insertBroadcast(store, {
    planId: plan.id,
    chainId: lever.chainId,
    from: signer.address,
    nonce,
    rawTransaction,
    transactionHash: keccak256(rawTransaction),
    state: 'signed',
    blockNumber: null,
    blockHash: null,
  })
  crashPoint('contain.persisted')
  return broadcast
}

/**
 * Tip and ceiling for inclusion in the next block, wei per gas unit. A pending attack is outbid by an eighth in both:
 * builders order by the tip that is really paid, some nodes by the ceiling.
 */
export function feesFor({ minPriorityFeePerGas, maxFeePerGasCap, outbid }: FeePolicy, baseFee: bigint): Fees {
  const tip =
    outbid === null ? minPriorityFeePerGas : larger(minPriorityFeePerGas, above(outbid.maxPriorityFeePerGas))
  const ceiling = larger(baseFee * 2n + tip, outbid === null ? 0n : above(outbid.maxFeePerGas))
  const maxFeePerGas = smaller(ceiling, maxFeePerGasCap)
  return { maxFeePerGas, maxPriorityFeePerGas: smaller(tip, maxFeePerGas) }
}

function above(fee: bigint): bigint {
  return fee + fee / 8n + 1n
}

function smaller(a: bigint, b: bigint): bigint {
  if (a < b) return a
  return b
}

function larger(a: bigint, b: bigint): bigint {
  // Math.max takes no bigints.
  if (a > b) return a
  return b
}

/** Hands the kept bytes to the node. The same bytes any number of times: a node that knows them is content. */
export async function sendBroadcast(
  broadcast: Broadcast,
  { rpc, store }: BroadcastContext,
): Promise<Broadcast> {
  crashPoint('contain.before-send')
  try {
    await rpc.request('eth_sendRawTransaction', [broadcast.rawTransaction])
  } catch (thrown) {
    if (!(await isKnown(broadcast, rpc, thrown))) throw thrown
  }
  crashPoint('contain.sent')
  if (broadcast.state !== 'signed') return broadcast
  return moveBroadcast(store, { planId: broadcast.planId, to: 'sent' })
}

/** "already known" and "nonce too low" are refusals that mean success, if the transaction is really there. */
async function isKnown(broadcast: Broadcast, rpc: Rpc, thrown: unknown): Promise<boolean> {
  if (/already known|already imported|known transaction/i.test(messageOf(thrown))) return true
  const found = await rpc.request('eth_getTransactionByHash', [broadcast.transactionHash]).catch(() => null)
  return found !== null
}

export type ConfirmOptions = { timeoutMs: number; pollMs: number; signal?: AbortSignal }

/**
 * Waits until the transaction is mined, sending the same bytes again while it is not. Not landed is not failed:
 * after the time-out it throws `contain.NotMined`, retryable. `contain.NonceTaken` when it can never land.
 */
export async function confirmBroadcast(
  broadcast: Broadcast,
  { timeoutMs, pollMs, signal }: ConfirmOptions,
  context: BroadcastContext,
): Promise<Broadcast> {
  const { rpc, clock, store } = context
  const deadline = clock.now() + timeoutMs
  for (let look = 0; clock.now() < deadline && signal?.aborted !== true; look++) {
    const mined = await receiptOf(broadcast, rpc)
    if (mined !== undefined) {
      crashPoint('contain.mined')
      return moveBroadcast(store, { planId: broadcast.planId, to: mined.state, block: mined.block })
    }
    if (look > 0 && look % 10 === 0) {
      await refuseIfNonceIsGone(broadcast, rpc)
      await sendBroadcast(broadcast, context).catch(() => undefined)
    }
    await clock.sleep(pollMs, signal)
  }
  throw new CordonError({
    code: 'contain.NotMined',
    message:
      'The containment transaction has not been mined in time; it stays in the pool and is not given up.',
    facts: {
      transaction: broadcast.transactionHash,
      nonce: broadcast.nonce,
      seconds: Math.round(timeoutMs / 1000),
    },
    fix: 'Check the signer’s balance and the fee; the same transaction is sent again at the next try.',
    retryable: true,
  })
}

type Mined = { state: 'mined' | 'reverted'; block: { number: number; hash: `0x${string}` } }

/** Where the broadcast is mined now, or undefined. */
export async function receiptOf(broadcast: Broadcast, rpc: Rpc): Promise<Mined | undefined> {
  const found = await rpc.request('eth_getTransactionReceipt', [broadcast.transactionHash])
  if (found === null || found === undefined) return undefined
  const receipt = object(found, 'receipt')
  return {
    state: receipt['status'] === '0x1' ? 'mined' : 'reverted',
    block: {
      number: integer(receipt['blockNumber'], 'receipt.blockNumber'),
      hash: hash(receipt['blockHash'], 'receipt.blockHash'),
    },
  }
}

async function refuseIfNonceIsGone(broadcast: Broadcast, rpc: Rpc): Promise<void> {
  const count = Number(await rpc.request('eth_getTransactionCount', [broadcast.from, 'latest']))
  if (count <= broadcast.nonce || (await receiptOf(broadcast, rpc)) !== undefined) return
  throw new CordonError({
    code: 'contain.NonceTaken',
    message:
      'Another transaction of the same signer took the nonce: the containment transaction can never land.',
    facts: {
      from: broadcast.from,
      nonce: broadcast.nonce,
      nextNonce: count,
      transaction: broadcast.transactionHash,
    },
    fix: 'Keep the guardian’s key for Cordon alone. Check whether the other transaction was a pause; if not, pause by hand now.',
  })
}

async function nonceOf(rpc: Rpc, address: Address): Promise<number> {
  return Number(await rpc.request('eth_getTransactionCount', [address, 'pending']))
}

async function baseFeeOf(rpc: Rpc): Promise<bigint> {
  const block = object(await rpc.request('eth_getBlockByNumber', ['latest', false]), 'block')
  return BigInt(String(block['baseFeePerGas'] ?? '0x0'))
}
