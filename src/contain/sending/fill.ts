import { keccak256, parseTransaction } from 'viem'
import { estimateGas } from '../../chain/methods/estimate-gas.ts'
import { sendRawTransaction } from '../../chain/methods/send-raw-transaction.ts'
import { crashPoint } from '../../kit/crash-point.ts'
import type { Broadcast } from '../../model/containment.ts'
import type { Address } from '../../model/hex.ts'
import { type BroadcastAttempt, listAttempts } from '../../store/broadcast-attempts.ts'
import { holdersOf, keepAttempt, MOST_NONCE_GAPS } from '../../store/broadcasts.ts'
import type { Signer } from '../signers/signer.ts'
import { type BroadcastContext, baseFeeOf } from './broadcast.ts'
import { escalated, type FeePolicy, type Fees, feesFor } from './fees.ts'
import { isFiller } from './settle.ts'

export type Filling = {
  /** The chain's count: nonces below it are used. */
  count: number
  /** True where earlier signed transactions have had their blocks. */
  isOverdue: boolean
  replacing: {
    signer: Signer
    fees: FeePolicy
    tell(signed: { broadcast: Broadcast; reason: string }): Promise<void>
  }
  context: BroadcastContext
}

/**
 * Ensures that only the broadcast of a plan can still take effect, and that no nonce blocks it. A self-transfer that
 * does nothing and pays more uses every other free nonce that the plan signed with (a reorg released it, or an earlier
 * pause was mined after all), and every nonce below it that no transaction of ours holds. True where something was
 * signed.
 */
export async function fillOthers(broadcast: Broadcast, filling: Filling): Promise<boolean> {
  const { context, isOverdue } = filling
  const attempts = await listAttempts(context.store, broadcast.planId)
  const own = new Set(attempts.map(({ nonce }) => nonce))
  const free = [...own].filter((nonce) => nonce !== broadcast.nonce && nonce >= filling.count)
  if (isOverdue && isWaiting(broadcast)) free.push(...(await foreignGaps(broadcast, own, filling)))
  let signed = false
  for (const nonce of free.sort((a, b) => a - b)) {
    const before = attempts.filter((attempt) => attempt.nonce === nonce)
    if (await fill(broadcast, { nonce, before }, filling)) signed = true
  }
  return signed
}

const isWaiting = ({ state }: Broadcast): boolean => state === 'signed' || state === 'sent'

async function foreignGaps(
  { chainId, from, nonce }: Broadcast,
  own: ReadonlySet<number>,
  { count, context }: Filling,
): Promise<number[]> {
  if (nonce - count > MOST_NONCE_GAPS) return []
  const held = await holdersOf(context.store, { chainId, from }, count)
  const below = Array.from({ length: Math.max(0, nonce - count) }, (_, i) => count + i)
  return below.filter((gap) => !own.has(gap) && !held.has(gap))
}

type Place = { nonce: number; before: readonly BroadcastAttempt[] }

async function fill(broadcast: Broadcast, { nonce, before }: Place, filling: Filling): Promise<boolean> {
  const { context, replacing, isOverdue } = filling
  const last = before.at(-1)
  if (last !== undefined && isFiller(last) && !isOverdue) return resent(last, context)
  const fees = await feesAbove(before, filling)
  if (fees === null) return last !== undefined && isFiller(last) ? resent(last, context) : false
  const { chainId, from, planId } = broadcast
  const rawTransaction = await replacing.signer.signTransaction({
    chainId,
    nonce,
    to: from,
    data: '0x',
    value: 0n,
    gas: await gasOfNothing(context, from),
    ...fees,
  })
  const reason = `nonce ${nonce} is free again: used up by a transaction that does nothing, so that one pause lands`
  const filler = { planId, nonce, rawTransaction, transactionHash: keccak256(rawTransaction), reason }
  await keepAttempt(context.store, filler)
  crashPoint('contain.filled')
  await resent(filler, context)
  await replacing.tell({ broadcast: { ...broadcast, ...filler, state: 'sent' }, reason })
  return true
}

const GAS_OF_NOTHING = 21_000n

/** Gas units of a transfer to oneself, plus a quarter of the node's estimate: layers and later forks differ. */
async function gasOfNothing({ rpc }: BroadcastContext, from: Address): Promise<bigint> {
  try {
    return ((await estimateGas(rpc, { from, to: from })) * 5n) / 4n
  } catch {
    return GAS_OF_NOTHING
  }
}

/** More than all fees that were signed with the nonce; null where the cap leaves no room. */
async function feesAbove(
  before: readonly BroadcastAttempt[],
  { replacing, context }: Filling,
): Promise<Fees | null> {
  const baseFee = await baseFeeOf(context.rpc)
  let most: Fees | null = null
  for (const { rawTransaction } of before) {
    const { maxFeePerGas = 0n, maxPriorityFeePerGas = 0n } = parseTransaction(rawTransaction)
    if (most === null || maxFeePerGas > most.maxFeePerGas) most = { maxFeePerGas, maxPriorityFeePerGas }
  }
  return most === null ? feesFor(replacing.fees, baseFee) : escalated(most, replacing.fees, baseFee)
}

/** Sent publicly: a transaction that must not be mined needs no secrecy. A node that refuses gets it again later. */
async function resent(
  { rawTransaction }: Pick<BroadcastAttempt, 'rawTransaction'>,
  { rpc }: BroadcastContext,
): Promise<false> {
  await sendRawTransaction(rpc, rawTransaction).catch(() => undefined)
  return false
}
