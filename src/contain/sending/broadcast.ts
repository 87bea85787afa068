import { keccak256 } from 'viem'
import { required } from '../../chain/methods/answer.ts'
import { getBlock } from '../../chain/methods/get-block.ts'
import { getRawTransaction } from '../../chain/methods/get-transaction.ts'
import { sendRawTransaction } from '../../chain/methods/send-raw-transaction.ts'
import type { Rpc } from '../../chain/rpc/rpc.ts'
import type { Clock } from '../../kit/clock.ts'
import { crashPoint } from '../../kit/crash-point.ts'
import { messageOf } from '../../kit/error.ts'
import type { Broadcast, ContainmentPlan } from '../../model/containment.ts'
import type { Hash } from '../../model/hex.ts'
import { findBroadcast, insertBroadcast, moveBroadcast, nextNonce } from '../../store/broadcasts.ts'
import { type Store, transaction } from '../../store/store.ts'
import type { Call } from '../reading/call.ts'
import { callOf } from '../routes/route.ts'
import type { Signer } from '../signers/signer.ts'
import type { FeePolicy } from './fees.ts'
import { capTooLow, feesFor } from './fees.ts'
import { nonceFloor } from './nonces.ts'
import { type Relay, sendPrivately } from './relays.ts'

export type BroadcastContext = {
  rpc: Rpc
  store: Store
  clock: Clock
  /**
   * Builders that accept private transactions: the transaction goes to all of them, and to the public pool only later.
   */
  relays?: readonly Relay[]
}

export type Signing = {
  signer: Signer
  /** The call to send: the lever's own call where the authority is the signer. */
  call?: Call
  gasUsed: number
  fees: FeePolicy
  /**
   * Called right before the signature, in the transaction that stores it: what it reads stays unchanged until that
   * ends.
   */
  permit: (tx: Store) => Promise<Permit>
}

/** Whether a plan may be signed at this moment; `authorisation` is null where people approved it. */
export type Permit =
  | { allowed: true; authorisation: Hash | null }
  | { allowed: false; reasons: readonly string[] }

/** `lowCap`: why it cannot be mined at the present base fee; absent where it can. */
export type Signed = { signed: Broadcast; lowCap?: string } | { refused: readonly string[] }

/**
 * Signs the plan's transaction and stores the raw bytes before anyone else sees them, in one database transaction with
 * the permit: an authorisation that was revoked or used up a moment before is not signed under. A second call (after a
 * crash, or by a second worker) returns what was signed first: a later signature replaces it (`confirm.ts`).
 */
export async function signPlan(
  plan: ContainmentPlan,
  signing: Signing,
  { rpc, store }: BroadcastContext,
): Promise<Signed> {
  const first = await findBroadcast(store, plan.id)
  if (first !== undefined) return { signed: first }
  const [count, baseFee] = await Promise.all([nonceFloor(rpc, signing.signer.address), baseFeeOf(rpc)])
  // A second run, where the answer to the first COMMIT was lost, finds what the first one stored.
  const act = (tx: Store): Promise<Signed> => signOnce(plan, signing, { tx, count, baseFee })
  const signed = await transaction(store, act, { idempotent: true })
  crashPoint('contain.persisted')
  const lowCap = capTooLow(signing.fees, baseFee)
  return 'signed' in signed && lowCap !== null ? { ...signed, lowCap } : signed
}

async function signOnce(
  plan: ContainmentPlan,
  { signer, call = callOf(plan), gasUsed, fees, permit }: Signing,
  { tx, count, baseFee }: { tx: Store; count: number; baseFee: bigint },
): Promise<Signed> {
  const { chainId } = plan.lever
  const permission = await permit(tx)
  // After the permit's locks: the process that held them before may have signed this very plan.
  const first = await findBroadcast(tx, plan.id)
  if (first !== undefined) return { signed: first }
  if (!permission.allowed) return { refused: permission.reasons }
  const nonce = await nextNonce(tx, { chainId, from: signer.address }, count)
  crashPoint('contain.before-sign')
  const rawTransaction = await signer.signTransaction({
    chainId,
    nonce,
    ...call,
    // 50 % more, and a minimum: the state may have moved since the simulation, and unused gas costs nothing.
    gas: BigInt(Math.max(100_000, Math.ceil(gasUsed * 1.5))),
    ...feesFor(fees, baseFee),
  })
  crashPoint('contain.signed')
  const { broadcast } = await insertBroadcast(tx, {
    planId: plan.id,
    chainId,
    from: signer.address,
    nonce,
    rawTransaction,
    transactionHash: keccak256(rawTransaction),
    state: 'signed',
    blockNumber: null,
    blockHash: null,
    authorisation: permission.authorisation,
  })
  return { signed: broadcast }
}

/** The destination of a transaction: the relays where there are any, or everyone. */
export type Route = 'private' | 'public'

/**
 * Sends the stored bytes, the same bytes any number of times: a node that has them already counts as success. Sends
 * privately where there are relays and one of them accepts it; otherwise to the public pool.
 */
export async function sendBroadcast(
  broadcast: Broadcast,
  { rpc, store, relays = [] }: BroadcastContext,
  route: Route = 'private',
): Promise<Broadcast> {
  crashPoint('contain.before-send')
  const isTaken = route === 'private' && (await sendPrivately(broadcast.rawTransaction, { rpc, relays }))
  if (!isTaken) await sendPublicly(broadcast, rpc)
  crashPoint('contain.sent')
  if (broadcast.state !== 'signed') return broadcast
  return moveBroadcast(store, { planId: broadcast.planId, to: 'sent' })
}

async function sendPublicly(broadcast: Broadcast, rpc: Rpc): Promise<void> {
  try {
    await sendRawTransaction(rpc, broadcast.rawTransaction)
  } catch (thrown) {
    if (!(await isKnown(broadcast, rpc, thrown))) throw thrown
  }
}

/** "already known" and "nonce too low" are refusals that mean success, if the transaction is really there. */
async function isKnown(broadcast: Broadcast, rpc: Rpc, thrown: unknown): Promise<boolean> {
  if (/already known|already imported|known transaction/i.test(messageOf(thrown))) return true
  const found = await getRawTransaction(rpc, broadcast.transactionHash).catch(() => null)
  return found !== null
}

/** The base fee of the latest block, wei per gas unit. */
export async function baseFeeOf(rpc: Rpc): Promise<bigint> {
  return required(await getBlock(rpc, 'latest'), 'block').baseFeePerGas ?? 0n
}
