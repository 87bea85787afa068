import { keccak256, parseTransaction } from 'viem'
import { headOf } from '../chain/rpc/head.ts'
import { crashPoint } from '../kit/crash-point.ts'
import { CordonError, messageOf } from '../kit/error.ts'
import type { Broadcast } from '../model/containment.ts'
import { listAttempts } from '../store/broadcast-attempts.ts'
import { findBroadcast, nextNonce, replaceBroadcast } from '../store/broadcasts.ts'
import { type BroadcastContext, baseFeeOf, type Route, sendBroadcast } from './broadcast.ts'
import type { FeePolicy } from './fees.ts'
import { escalated } from './fees.ts'
import { fillOthers } from './fill.ts'
import { isFiller, isTaken, settleIfMined } from './settle.ts'
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
 * same signer was mined instead. A node, a signer or a database that fails meanwhile is waited for. Not landed is not
 * failed: after the time-out it throws `contain.NotMined`, retryable; `contain.NonceTaken` where it can never land.
 */
export async function confirmBroadcast(
  given: Broadcast,
  options: ConfirmOptions,
  context: BroadcastContext,
): Promise<Broadcast> {
  const { timeoutMs, pollMs, signal } = options
  const { clock } = context
  const deadline = clock.now() + timeoutMs
  const alive: Alive = { began: null, since: 0, options, context }
  let trouble: unknown
  for (let look = 0; clock.now() < deadline && signal?.aborted !== true; look++) {
    try {
      const settled = await settleIfMined(given, context)
      if (settled !== undefined) return settled
      if (look % 10 === 0) await startOrKeepAlive(given, alive)
      trouble = undefined
    } catch (thrown) {
      if (isLasting(thrown)) throw thrown
      trouble = thrown
    }
    await clock.sleep(pollMs, signal)
  }
  throw notMined((await findBroadcast(context.store, given.planId)) ?? given, { timeoutMs, trouble })
}

function isLasting(thrown: unknown): boolean {
  return thrown instanceof CordonError && thrown.code === 'contain.NonceTaken'
}

async function startOrKeepAlive(given: Broadcast, alive: Alive): Promise<void> {
  const { context } = alive
  const broadcast = (await findBroadcast(context.store, given.planId)) ?? given
  if (alive.began !== null) return keepAlive(broadcast, alive)
  alive.began = alive.since = await headOf(context.rpc)
  // replaced by a process that may have died before it sent that
  if (broadcast.transactionHash !== given.transactionHash) await resend(broadcast, context, 'private')
}

/** How long a transaction has been tried: the head when it began, and when something was last signed. */
type Alive = { began: number | null; since: number; options: ConfirmOptions; context: BroadcastContext }

export type Tending = {
  replacing: Replacing
  /** True where what was signed before has had its blocks. */
  isOverdue: boolean
  context: BroadcastContext
}

/** One look after a broadcast that nobody waits for any more: settled, or kept alive. Throws `contain.NonceTaken`. */
export async function tendBroadcast(broadcast: Broadcast, tending: Tending): Promise<Broadcast> {
  const { replacing, isOverdue, context } = tending
  const settled = await settleIfMined(broadcast, context)
  const since = isOverdue ? 0 : Number.POSITIVE_INFINITY
  const alive: Alive = { began: 0, since, options: { timeoutMs: 0, pollMs: 0, replacing }, context }
  if (settled === undefined) {
    await keepAlive(broadcast, alive)
    return (await findBroadcast(context.store, broadcast.planId)) ?? broadcast
  }
  const count = await countOf(settled, context)
  await fillOthers(settled, { count, isOverdue, replacing, context })
  return settled
}

async function countOf({ from }: Broadcast, { rpc }: BroadcastContext): Promise<number> {
  return Number(await rpc.request('eth_getTransactionCount', [from, 'latest']))
}

async function keepAlive(broadcast: Broadcast, alive: Alive): Promise<void> {
  const { options, context } = alive
  const { rpc } = context
  const { replacing } = options
  const count = await countOf(broadcast, context)
  if (count > broadcast.nonce) {
    const attempts = await listAttempts(context.store, broadcast.planId)
    const ours = new Set(attempts.filter((it) => !isFiller(it)).map((it) => it.transactionHash))
    if (!(await isTaken(rpc, { from: broadcast.from, nonce: broadcast.nonce, ours }))) return
    if (replacing === undefined) throw nonceTaken(broadcast, count)
    await renumber(broadcast, { count, replacing, context, route: 'public' })
    alive.since = await headOf(rpc)
    return
  }
  if (replacing === undefined) return void (await resend(broadcast, context, 'public'))
  const head = await headOf(rpc)
  const isOverdue = head >= alive.since + replacing.afterBlocks
  const filled = await fillOthers(broadcast, { count, isOverdue, replacing, context })
  const route = head >= (alive.began ?? head) + replacing.publicAfterBlocks ? 'public' : 'private'
  const going = { replacing, context, route } as const
  if (isOverdue) await payMore(broadcast, going)
  else await resend(broadcast, context, route)
  if (filled || isOverdue) alive.since = head
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
  const nonces = new Set(attempts.filter((attempt) => !isFiller(attempt)).map(({ nonce }) => nonce))
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

function notMined(
  { transactionHash, nonce }: Broadcast,
  { timeoutMs, trouble }: { timeoutMs: number; trouble: unknown },
): CordonError {
  return new CordonError({
    code: 'contain.NotMined',
    message:
      'The containment transaction has not been mined in time; it stays in the pool and is not given up.',
    facts: {
      transaction: transactionHash,
      nonce,
      seconds: Math.round(timeoutMs / 1000),
      ...(trouble === undefined ? {} : { because: messageOf(trouble) }),
    },
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
