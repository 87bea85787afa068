import { keccak256 } from 'viem'
import { required } from '../chain/methods/answer.ts'
import { getBlock } from '../chain/methods/get-block.ts'
import { getRawTransaction } from '../chain/methods/get-transaction.ts'
import { sendRawTransaction } from '../chain/methods/send-raw-transaction.ts'
import type { Rpc } from '../chain/rpc/rpc.ts'
import type { Clock } from '../kit/clock.ts'
import { crashPoint } from '../kit/crash-point.ts'
import { messageOf } from '../kit/error.ts'
import type { Broadcast, ContainmentPlan } from '../model/containment.ts'
import type { Hash } from '../model/hex.ts'
import { findBroadcast, insertBroadcast, moveBroadcast, nextNonce } from '../store/broadcasts.ts'
import { type Store, transaction } from '../store/store.ts'
import type { Call } from './call.ts'
import type { FeePolicy } from './fees.ts'
import { capTooLow, feesFor } from './fees.ts'
import { nonceFloor } from './nonces.ts'
import { type Relay, sendPrivately } from './relays.ts'
import { callOf } from './route.ts'
import type { Signer } from './signer.ts'

export type BroadcastContext = {
  rpc: Rpc
  store: Store
  clock: Clock
  /** Builders that take transactions in private: all of them are given it, and the public pool only later. */
  relays?: readonly Relay[]
}

export type Signing = {
  signer: Signer
  /** What is sent: the lever's own call where the authority is the signer. */
  call?: Call
  gasUsed: number
  fees: FeePolicy
  /** Asked right before the signature, in the transaction that keeps it: what it reads stays so until that is over. */
  permit: (tx: Store) => Promise<Permit>
}

/** Whether a plan may be signed at this moment; `authorisation` is null where people approved it. */
export type Permit =
  | { allowed: true; authorisation: Hash | null }
  | { allowed: false; reasons: readonly string[] }

/** `lowCap`: why it cannot be mined while the base fee is what it is; left out where it can. */
export type Signed = { signed: Broadcast; lowCap?: string } | { refused: readonly string[] }

/**
 * Signs the plan's transaction and keeps the raw bytes before anybody else sees them, in one database transaction with the
 * permit: what was taken back or used up a moment before is not signed. Called again (after a crash, by a second worker) it
 * gives back what was signed first: what is signed later replaces it (`confirm.ts`).
 */
export async function signPlan(
  plan: ContainmentPlan,
  signing: Signing,
  { rpc, store }: BroadcastContext,
): Promise<Signed> {
  const first = await findBroadcast(store, plan.id)
  if (first !== undefined) return { signed: first }
  const [count, baseFee] = await Promise.all([nonceFloor(rpc, signing.signer.address), baseFeeOf(rpc)])
  // a second run, where the answer to the first COMMIT was lost, finds what the first has kept
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
  // after the permit's locks: whoever held them before may have signed this very plan
  const first = await findBroadcast(tx, plan.id)
  if (first !== undefined) return { signed: first }
  if (!permission.allowed) return { refused: permission.reasons }
  const nonce = await nextNonce(tx, { chainId, from: signer.address }, count)
  crashPoint('contain.before-sign')
  const rawTransaction = await signer.signTransaction({
    chainId,
    nonce,
    ...call,
    // Half again and a floor: the state may have moved since the simulation, and gas not used is not paid.
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

/** Where a transaction goes: to the relays where there are any, or to everybody. */
export type Route = 'private' | 'public'

/**
 * Hands the kept bytes on, the same bytes any number of times: a node that knows them is content. In private where there
 * are relays and one of them takes it; else to the public pool.
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

/** The latest block's, wei per gas unit. */
export async function baseFeeOf(rpc: Rpc): Promise<bigint> {
  return required(await getBlock(rpc, 'latest'), 'block').baseFeePerGas ?? 0n
}
