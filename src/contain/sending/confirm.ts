import { keccak256, parseTransaction } from 'viem'
import { getBlockNumber } from '../../chain/methods/get-block-number.ts'
import { through } from '../../chain/rpc/rpc.ts'
import { crashPoint } from '../../kit/crash-point.ts'
import { CordonError, messageOf } from '../../kit/error.ts'
import type { Broadcast } from '../../model/containment.ts'
import { listAttempts } from '../../store/broadcast-attempts.ts'
import {
  findBroadcast,
  holdersOf,
  MOST_NONCE_GAPS,
  nextNonce,
  replaceBroadcast,
} from '../../store/broadcasts.ts'
import type { Signer } from '../signers/signer.ts'
import { type BroadcastContext, baseFeeOf, type Route, sendBroadcast } from './broadcast.ts'
import type { FeePolicy } from './fees.ts'
import { escalated } from './fees.ts'
import { fillOthers } from './fill.ts'
import { believed, minedCounts } from './nonces.ts'
import { isFiller, isTaken, settleIfMined } from './settle.ts'

export type ConfirmOptions = {
  timeoutMs: number
  pollMs: number
  signal?: AbortSignal
  /** How a transaction that is not mined is replaced; without it the same bytes are sent again. */
  replacing?: Replacing
}

export type Replacing = {
  signer: Signer
  fees: FeePolicy
  /** Blocks without inclusion after which the fee is raised. */
  afterBlocks: number
  /** Blocks after which a private transaction is sent publicly. */
  publicAfterBlocks: number
  /** Why no further signature is permitted for the plan; null where it is permitted. Checked before each signature. */
  forbidden(): Promise<string | null>
  /** Called with each replacement once it is stored and sent. */
  tell(replacement: { broadcast: Broadcast; reason: string }): Promise<void>
}

/**
 * A block that leaves the transaction out may have been full, or made before it arrived; a second means that it pays
 * too little.
 */
export const REPLACE_AFTER_BLOCKS = 2

/** How often another transaction may take the nonce before people are asked. */
const MOST_THEFTS = 3

/**
 * Waits until the plan's transaction is mined. Until then it is sent again, replaced under the same nonce with a higher
 * fee (so at most one of them can ever be mined), and signed again with the next nonce where another transaction of the
 * same signer was mined instead. If a node, a signer or a database fails meanwhile, it waits. Not mined does not mean
 * failed: after the time-out it throws `contain.NotMined`, retryable; `contain.NonceTaken` where it can never be mined.
 */
export async function confirmBroadcast(
  given: Broadcast,
  options: ConfirmOptions,
  context: BroadcastContext,
): Promise<Broadcast> {
  const { timeoutMs, pollMs, signal } = options
  const { clock } = context
  const deadline = clock.now() + timeoutMs
  const alive: Alive = { began: null, since: 0, searched: -1, options, context }
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
  alive.began = alive.since = await getBlockNumber(context.rpc)
  // replaced by a process that may have died before it sent that
  if (broadcast.transactionHash !== given.transactionHash) await resend(broadcast, context, 'private')
}

/** How long a transaction has been tried: the head at the start, and the time of the last signature. */
type Alive = {
  began: number | null
  since: number
  /** The head at which the user of the nonce was last searched for without success. */
  searched: number
  options: ConfirmOptions
  context: BroadcastContext
}

export type Tending = {
  replacing: Replacing
  /** True where earlier signed transactions have had their blocks. */
  isOverdue: boolean
  context: BroadcastContext
}

/** One check of a broadcast that no process waits for: settles it or keeps it alive. Throws `contain.NonceTaken`. */
export async function tendBroadcast(broadcast: Broadcast, tending: Tending): Promise<Broadcast> {
  const { replacing, isOverdue, context } = tending
  const settled = await settleIfMined(broadcast, context)
  const since = isOverdue ? 0 : Number.POSITIVE_INFINITY
  const options = { timeoutMs: 0, pollMs: 0, replacing }
  const alive: Alive = { began: 0, since, searched: -1, options, context }
  if (settled === undefined) {
    await keepAlive(broadcast, alive)
    return (await findBroadcast(context.store, broadcast.planId)) ?? broadcast
  }
  const count = await countOf(settled, context)
  await fillOthers(settled, { count, isOverdue, replacing, context })
  return settled
}

async function countOf({ from }: Broadcast, { rpc }: BroadcastContext): Promise<number> {
  return believed(await minedCounts(rpc, from))
}

async function keepAlive(broadcast: Broadcast, alive: Alive): Promise<void> {
  const { options, context } = alive
  const { rpc } = context
  const { replacing } = options
  const counts = await minedCounts(rpc, broadcast.from)
  const count = believed(counts)
  const above = counts.filter((it) => it > broadcast.nonce)
  if (above.length > 0 && (await isTakenNow(broadcast, alive))) {
    if (replacing === undefined) throw nonceTaken(broadcast, Math.min(...above))
    const reason = `nonce ${broadcast.nonce} was used by another transaction of ${broadcast.from}`
    await renumber(broadcast, { count: Math.min(...above), reason, replacing, context, route: 'public' })
    alive.since = await getBlockNumber(rpc)
    return
  }
  if (count > broadcast.nonce) return
  if (replacing === undefined) return void (await resend(broadcast, context, 'public'))
  if (await isOutOfReach(broadcast, count, context)) {
    const reason = `nonce ${broadcast.nonce} is out of reach (the chain is at ${count}: a node had it wrong)`
    await renumber(broadcast, { count, reason, replacing, context, route: 'public' })
    alive.since = await getBlockNumber(rpc)
    return
  }
  const head = await getBlockNumber(rpc)
  const isOverdue = head >= alive.since + replacing.afterBlocks
  const filled = await fillOthers(broadcast, { count, isOverdue, replacing, context })
  const route = head >= (alive.began ?? head) + replacing.publicAfterBlocks ? 'public' : 'private'
  const going = { replacing, context, route } as const
  if (isOverdue) await payMore(broadcast, going)
  else await resend(broadcast, context, route)
  if (filled || isOverdue) alive.since = head
}

/**
 * Whether any endpoint shows that another transaction has used the nonce. Checked once per block: an endpoint with a
 * false count cannot show such a transaction.
 */
async function isTakenNow(broadcast: Broadcast, alive: Alive): Promise<boolean> {
  const { rpc, store } = alive.context
  const head = await getBlockNumber(rpc)
  if (alive.searched === head) return false
  const attempts = await listAttempts(store, broadcast.planId)
  const ours = new Set(attempts.filter((it) => !isFiller(it)).map((it) => it.transactionHash))
  const { from, nonce } = broadcast
  for (const endpoint of rpc.endpoints) {
    const looked = isTaken(through(rpc, endpoint), { from, nonce, ours })
    if (await looked.catch(() => false)) return true
  }
  alive.searched = head
  return false
}

/** Whether more nonces are free below a broadcast than can be filled: it was signed on a false count. */
async function isOutOfReach(
  { chainId, from, nonce }: Broadcast,
  count: number,
  { rpc, store }: BroadcastContext,
): Promise<boolean> {
  if (nonce - count <= MOST_NONCE_GAPS) return false
  const held = await holdersOf(store, { chainId, from }, count)
  const free = nonce - count - [...held].filter((it) => it < nonce).length
  // a single low count may be the false one
  return free > MOST_NONCE_GAPS && believed(await minedCounts(rpc, from)) === count
}

type Going = { replacing: Replacing; context: BroadcastContext; route: Route }

/** The same call under the same nonce with a higher fee; the same bytes again where the cap is reached. */
async function payMore(broadcast: Broadcast, going: Going): Promise<Broadcast> {
  const { replacing, context, route } = going
  const before = parseTransaction(broadcast.rawTransaction)
  const { maxFeePerGas = 0n, maxPriorityFeePerGas = 0n } = before
  const fees = escalated({ maxFeePerGas, maxPriorityFeePerGas }, replacing.fees, await baseFeeOf(context.rpc))
  if (fees === null) return resend(broadcast, context, route)
  const reason = `fee raised to ${fees.maxFeePerGas} wei per gas, tip ${fees.maxPriorityFeePerGas}`
  return replace(broadcast, { ...going, change: fees, reason })
}

type Renumbering = Going & { count: number; reason: string }

/** The same call under the next nonce: a transaction that is not ours used its nonce, or the nonce is never reached. */
async function renumber(broadcast: Broadcast, { count, reason, ...going }: Renumbering): Promise<Broadcast> {
  const { context } = going
  const attempts = await listAttempts(context.store, broadcast.planId)
  const nonces = new Set(attempts.filter((attempt) => !isFiller(attempt)).map(({ nonce }) => nonce))
  if (nonces.size > MOST_THEFTS) throw nonceTaken(broadcast, count)
  const { chainId, from } = broadcast
  const nonce = await nextNonce(context.store, { chainId, from }, count)
  return replace(broadcast, { ...going, change: { nonce }, reason: `${reason}: now nonce ${nonce}` })
}

type Change = { nonce: number } | { maxFeePerGas: bigint; maxPriorityFeePerGas: bigint }
type Work = Going & { change: Change; reason: string }

async function replace(
  broadcast: Broadcast,
  { change, reason, replacing, context, route }: Work,
): Promise<Broadcast> {
  const forbidden = await replacing.forbidden()
  if (forbidden !== null) {
    // the signed transaction stays in the pool as it is
    await resend(broadcast, context, route)
    throw notPermitted(broadcast, forbidden)
  }
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

/** A node that refuses temporarily (underpriced, unavailable) gets it again at the next check. */
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

function notPermitted({ transactionHash }: Broadcast, because: string): CordonError {
  return new CordonError({
    code: 'contain.NotPermitted',
    message: `The containment transaction is not mined, and no other may be signed in its place: ${because}.`,
    facts: { transaction: transactionHash },
    fix: 'Approve the plan (`cordon approvals sign`), or authorise it anew (`cordon levers authorize`), or make the call by hand.',
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
