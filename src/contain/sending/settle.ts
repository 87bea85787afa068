import { parseTransaction } from 'viem'
import { required } from '../../chain/methods/answer.ts'
import { getBlock, getBlockSenders } from '../../chain/methods/get-block.ts'
import { getBlockNumber } from '../../chain/methods/get-block-number.ts'
import { getTransactionCount } from '../../chain/methods/get-transaction-count.ts'
import { getTransactionReceipt } from '../../chain/methods/get-transaction-receipt.ts'
import type { Rpc } from '../../chain/rpc/rpc.ts'
import { crashPoint } from '../../kit/crash-point.ts'
import type { Broadcast } from '../../model/containment.ts'
import type { Address, Hash, Hex } from '../../model/hex.ts'
import { type BroadcastAttempt, listAttempts } from '../../store/broadcast-attempts.ts'
import { adopt, findBroadcast, moveBroadcast } from '../../store/broadcasts.ts'
import type { BroadcastContext } from './broadcast.ts'

/**
 * The mined one of the plan's transactions becomes its broadcast; where two were mined (under two nonces), the one that
 * succeeded. Transactions that only fill a nonce do not count.
 */
export async function settleIfMined(
  { planId }: Broadcast,
  { rpc, store }: BroadcastContext,
): Promise<Broadcast | undefined> {
  const landed = await landedOf(await listAttempts(store, planId), rpc)
  if (landed === undefined) return undefined
  const { attempt, mined } = landed
  const standing = await findBroadcast(store, planId)
  if (standing !== undefined && isKnown(standing, { ...attempt, ...mined })) return standing
  crashPoint('contain.mined')
  // a process that died sent it before this was recorded, or the answer to the call was lost; or an earlier receipt was
  // wrong, and the record is corrected
  if (standing !== undefined && standing.state !== 'sent' && standing.state !== mined.state)
    await moveBroadcast(store, { planId, to: 'sent' })
  await adopt(store, attempt)
  return moveBroadcast(store, { planId, to: mined.state, block: mined.block })
}

type Landed = { attempt: BroadcastAttempt; mined: Mined }

async function landedOf(attempts: readonly BroadcastAttempt[], rpc: Rpc): Promise<Landed | undefined> {
  let reverted: Landed | undefined
  for (const attempt of [...attempts].reverse()) {
    if (isFiller(attempt)) continue
    const mined = await receiptOf(attempt, rpc)
    if (mined?.state === 'mined') return { attempt, mined }
    if (mined !== undefined) reverted ??= { attempt, mined }
  }
  return reverted
}

function isKnown(
  standing: Broadcast,
  { transactionHash, state, block }: Mined & { transactionHash: Hash },
): boolean {
  return (
    standing.transactionHash === transactionHash &&
    standing.state === state &&
    standing.blockHash === block.hash
  )
}

/** A transaction that does nothing: signed only so that no other transaction can have its nonce. */
export function isFiller({ rawTransaction }: { rawTransaction: Hex }): boolean {
  return (parseTransaction(rawTransaction).data ?? '0x') === '0x'
}

type Mined = { state: 'mined' | 'reverted'; block: { number: number; hash: Hash } }

/**
 * The present place of a mined transaction, or undefined; a receipt from a block that is not in the chain does not
 * count.
 */
async function receiptOf(
  { transactionHash }: { transactionHash: Hash },
  rpc: Rpc,
): Promise<Mined | undefined> {
  const receipt = await getTransactionReceipt(rpc, transactionHash)
  if (receipt === null) return undefined
  const block = {
    number: required(receipt.blockNumber, 'receipt.blockNumber'),
    hash: required(receipt.blockHash, 'receipt.blockHash'),
  }
  if ((await hashAt(rpc, block.number)) !== block.hash) return undefined
  return { state: receipt.succeeded ? 'mined' : 'reverted', block }
}

/** The hash of a block by its number, or null where the node has none there. */
export async function hashAt(rpc: Rpc, number: number): Promise<Hash | null> {
  const block = await getBlock(rpc, number)
  return block === null ? null : required(block.hash, 'block.hash')
}

/** Blocks in which the user of a nonce is searched for: nodes without an archive keep as many states. */
const LOOK_BACK = 120

/**
 * Whether another transaction of this account was mined with a nonce: seen in a block, or deeper than any reorg. A
 * count together with a missing receipt proves nothing: the two may come from different nodes, and a second pause would
 * be signed.
 */
export async function isTaken(
  rpc: Rpc,
  { from, nonce, ours }: { from: Address; nonce: number; ours: ReadonlySet<string> },
): Promise<boolean> {
  const head = await getBlockNumber(rpc)
  const oldest = Math.max(0, head - LOOK_BACK)
  for (let number = head; number > oldest; number--) {
    const senders = await getBlockSenders(rpc, number)
    const user = senders?.find((sender) => sender.from === from && sender.nonce === nonce)
    if (user !== undefined) return !ours.has(user.hash)
  }
  return (await getTransactionCount(rpc, { address: from, block: oldest })) > nonce
}
