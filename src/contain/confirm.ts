import { keccak256, parseTransaction } from 'viem'
import type { Rpc } from '../chain/rpc/rpc.ts'
import { hash, integer, object } from '../chain/trace/fields.ts'
import { crashPoint } from '../kit/crash-point.ts'
import { CordonError } from '../kit/error.ts'
import type { Broadcast } from '../model/containment.ts'
import type { Hash } from '../model/hex.ts'
import { listAttempts } from '../store/broadcast-attempts.ts'
import { adopt, findBroadcast, moveBroadcast, nextNonce, replaceBroadcast } from '../store/broadcasts.ts'
import { type BroadcastContext, baseFeeOf, type Route, sendBroadcast } from './broadcast.ts'
import type { FeePolicy } from './fees.ts'
import { escalated } from './fees.ts'
import type { Signer } from './signer.ts'

export type ConfirmOptions = {
  timeoutMs: number
  pollMs: number
  signal?: AbortSignal
  /** How a transaction that does not land is replaced; without it the same bytes are sent again. */
  replacing?: Replacing
}

export type Replacing = {
  signer: Signer
  fees: FeePolicy
  /** Blocks without inclusion after which more is paid. */
  afterBlocks: number
  /** Blocks after which what was sent in private is sent to everybody. */
  publicAfterBlocks: number
  /** Called with each replacement once it is kept and sent. */
  tell(replacement: { broadcast: Broadcast; reason: string }): Promise<void>
}

/** Times that another transaction may take the nonce before people are asked. */
const MOST_THEFTS = 3

/**
 * Waits until the plan's transaction is mined. While it is not, it is sent again, replaced under the same nonce for more
 * money (so at most one of them can ever be mined), and signed anew with the next nonce where another transaction of the
 * same signer was mined instead. Not landed is not failed: after the time-out it throws `contain.NotMined`, retryable;
 * `contain.NonceTaken` where it can never land.
 */
export async function confirmBroadcast(
  given: Broadcast,
  options: ConfirmOptions,
  context: BroadcastContext,
): Promise<Broadcast> {
  const { timeoutMs, pollMs, signal } = options
  const { rpc, clock, store } = context
  const deadline = clock.now() + timeoutMs
  let broadcast = (await findBroadcast(store, given.planId)) ?? given
  const began = await headOf(rpc)
  let since = began
  for (let look = 0; clock.now() < deadline && signal?.aborted !== true; look++) {
    const settled = await settleIfMined(broadcast, context)
    if (settled !== undefined) return settled
    if (look > 0 && look % 10 === 0) {
      const next = await keepAlive(broadcast, { began, since, options, context })
      if (next.transactionHash !== broadcast.transactionHash) since = await headOf(rpc)
      broadcast = next
    }
    await clock.sleep(pollMs, signal)
  }
  throw notMined(broadcast, timeoutMs)
}

/** Whichever of the plan's transactions was mined becomes its broadcast. */
async function settleIfMined(
  { planId }: Broadcast,
  { rpc, store }: BroadcastContext,
): Promise<Broadcast | undefined> {
  const attempts = await listAttempts(store, planId)
  for (const attempt of attempts.reverse()) {
    const mined = await receiptOf(attempt, rpc)
    if (mined === undefined) continue
    crashPoint('contain.mined')
    await adopt(store, attempt)
    return moveBroadcast(store, { planId, to: mined.state, block: mined.block })
  }
  return undefined
}

type Alive = { began: number; since: number; options: ConfirmOptions; context: BroadcastContext }

async function keepAlive(
  broadcast: Broadcast,
  { began, since, options, context }: Alive,
): Promise<Broadcast> {
  const { rpc } = context
  const { replacing } = options
  const count = Number(await rpc.request('eth_getTransactionCount', [broadcast.from, 'latest']))
  if (count > broadcast.nonce) {
    // the count and the receipt may come from different nodes: look once more before a second transaction is signed
    if ((await settleIfMined(broadcast, context)) !== undefined) return broadcast
    if (replacing === undefined) throw nonceTaken(broadcast, count)
    return renumber(broadcast, { count, replacing, context, route: 'public' })
  }
  if (replacing === undefined) return resend(broadcast, context, 'public')
  const head = await headOf(rpc)
  const route = head >= began + replacing.publicAfterBlocks ? 'public' : 'private'
  if (head >= since + replacing.afterBlocks) return payMore(broadcast, { replacing, context, route })
  return resend(broadcast, context, route)
}

type Going = { replacing: Replacing; context: BroadcastContext; route: Route }

/** The same call under the same nonce for more money; the same bytes again where the cap is reached. */
async function payMore(broadcast: Broadcast, going: Going): Promise<Broadcast> {
  const { replacing, context, route } = going
  const before = parseTransaction(broadcast.rawTransaction)
  const { maxFeePerGas = 0n, maxPriorityFeePerGas = 0n } = before
  const fees = escalated({ maxFeePerGas, maxPriorityFeePerGas }, replacing.fees, await baseFeeOf(context.rpc))
  if (fees === null) return resend(broadcast, context, route)
  const reason = `fee raised to ${fees.maxFeePerGas} wei per gas, tip ${fees.maxPriorityFeePerGas}`
  return replace(broadcast, { ...going, change: fees, reason })
}

type Renumbering = Going & { count: number }

/** The same call under the next nonce: the one it had is used up by a transaction that is not ours. */
async function renumber(broadcast: Broadcast, { count, ...going }: Renumbering): Promise<Broadcast> {
  const { context } = going
  const attempts = await listAttempts(context.store, broadcast.planId)
  const nonces = new Set(attempts.map(({ nonce }) => nonce))
  if (nonces.size > MOST_THEFTS) throw nonceTaken(broadcast, count)
  const { chainId, from } = broadcast
  const nonce = await nextNonce(context.store, { chainId, from }, count)
  const reason = `nonce ${broadcast.nonce} was used by another transaction of ${from}: now nonce ${nonce}`
  return replace(broadcast, { ...going, change: { nonce }, reason })
}

type Change = { nonce: number } | { maxFeePerGas: bigint; maxPriorityFeePerGas: bigint }
type Work = Going & { change: Change; reason: string }

async function replace(
  broadcast: Broadcast,
  { change, reason, replacing, context, route }: Work,
): Promise<Broadcast> {
  const before = parseTransaction(broadcast.rawTransaction)
  const rawTransaction = await replacing.signer.signTransaction({
    chainId: broadcast.chainId,
    nonce: broadcast.nonce,
    to: before.to ?? '0x',
    data: before.data ?? '0x',
    value: before.value ?? 0n,
    gas: before.gas ?? 0n,
    maxFeePerGas: before.maxFeePerGas ?? 0n,
    maxPriorityFeePerGas: before.maxPriorityFeePerGas ?? 0n,
    ...change,
  })
  const next = await replaceBroadcast(context.store, {
    planId: broadcast.planId,
    nonce: 'nonce' in change ? change.nonce : broadcast.nonce,
    rawTransaction,
    transactionHash: keccak256(rawTransaction),
    reason,
    instead: broadcast.transactionHash,
  })
  crashPoint('contain.replaced')
  await resend(next, context, route)
  if (next.rawTransaction === rawTransaction) await replacing.tell({ broadcast: next, reason })
  return next
}

/** A node that refuses for the moment (underpriced, away) is asked again at the next look. */
async function resend(broadcast: Broadcast, context: BroadcastContext, route: Route): Promise<Broadcast> {
  return sendBroadcast(broadcast, context, route).catch(() => broadcast)
}

type Mined = { state: 'mined' | 'reverted'; block: { number: number; hash: Hash } }

/** Where a transaction is mined now, or undefined. */
async function receiptOf(
  { transactionHash }: { transactionHash: Hash },
  rpc: Rpc,
): Promise<Mined | undefined> {
  const found = await rpc.request('eth_getTransactionReceipt', [transactionHash])
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

async function headOf(rpc: Rpc): Promise<number> {
  return Number(await rpc.request('eth_blockNumber', []))
}

function notMined({ transactionHash, nonce }: Broadcast, timeoutMs: number): CordonError {
  return new CordonError({
    code: 'contain.NotMined',
    message:
      'The containment transaction has not been mined in time; it stays in the pool and is not given up.',
    facts: { transaction: transactionHash, nonce, seconds: Math.round(timeoutMs / 1000) },
    fix: 'Check the signer’s balance and fees.maxFeePerGasCap; the transaction is sent again at the next try.',
    retryable: true,
  })
}

function nonceTaken({ from, nonce, transactionHash }: Broadcast, nextNonce: number): CordonError {
  return new CordonError({
    code: 'contain.NonceTaken',
    message:
      'Another transaction of the same signer took the nonce: the containment transaction can never land.',
    facts: { from, nonce, nextNonce, transaction: transactionHash },
    fix: 'Keep the guardian’s key for Cordon alone. Check whether the other transaction was a pause; if not, pause by hand now.',
  })
}
