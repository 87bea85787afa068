import type { Asset } from '../../../model/block.ts'
import { entryFrame } from '../../../model/block.ts'
import { inScope, type Scope } from '../../../model/detector.ts'
import type { TransactionFacts, TransferFact } from '../../../model/fact.ts'
import type { Address } from '../../../model/hex.ts'
import { ZERO_ADDRESS } from '../../../model/hex.ts'
import type { Claim } from '../../lib/claims.ts'
import { isWithin } from '../../lib/entries.ts'

/** The exchange of a vault's shares for one asset, in one call of it. */
type Dealt = { entry: number; asset: Asset; paid: bigint; shares: bigint }
type Gift = { from: Address; asset: Asset; amount: bigint; frame: number }
/** The actions on one vault in one transaction, in execution order. */
type Doings = { dealt: Dealt[]; gifts: Gift[] }

export type InOne = {
  tx: TransactionFacts
  vault: Address
  scope: Scope
  /** The minimum factor by which a share's price must have risen. */
  minTimes: number
}

/** Maximum dealings and gifts considered per transaction. */
const MOST = 32

/**
 * Share inflation that begins and ends in one transaction: shares are bought or redeemed, a gift multiplies their
 * price, and another contract, which lends against the shares' value, pays the giver; the gift is taken back. The vault
 * itself may lose nothing by it.
 */
export function inflatedInOne({ tx, vault, scope, minTimes }: InOne): (Claim & { givers: Address[] })[] {
  const { dealt, gifts } = doingsOf(tx, vault)
  for (const gift of gifts.slice(0, MOST)) {
    const before = dealt.find(({ entry, asset }) => entry < gift.frame && asset === gift.asset)
    const after = dealt.findLast(({ entry, asset }) => entry > gift.frame && asset === gift.asset)
    if (before === undefined || after === undefined) continue
    if (after.paid * before.shares < before.paid * after.shares * BigInt(minTimes)) continue
    const atOldPrice = (after.shares * before.paid) / before.shares
    // a gift too small to explain it: the price has another cause
    if (gift.amount * 4n < after.paid - atOldPrice) continue
    const paid = paidTo(gift, { tx, vault, scope })
    const [first] = paid
    if (first === undefined) continue
    return [
      {
        contract: vault,
        victims: [...new Set(paid.map(({ from }) => from))],
        confidence: 0.87,
        categories: ['donation'],
        statement: `${gift.from} gave ${vault} ${gift.amount} of ${gift.asset} without a deposit; a share that cost ${before.paid} of it for ${before.shares} fetched ${after.paid} for ${after.shares} in the same transaction, and ${first.from} paid ${first.amount} of ${first.asset} in between.`,
        frames: [before.entry, gift.frame, first.frame, after.entry],
        amounts: paid.map(({ from, asset, amount }) => ({ account: from, asset, amount })),
        givers: [gift.from],
      },
    ]
  }
  return []
}

/** The losses of protected contracts other than the vault to the giver, or to the sender, after the gift. */
function paidTo(gift: Gift, { tx, vault, scope }: Omit<InOne, 'minTimes'>): TransferFact[] {
  return tx.facts.filter(
    (fact): fact is TransferFact =>
      fact.kind === 'transfer' &&
      fact.frame > gift.frame &&
      fact.amount > 0n &&
      fact.from !== vault &&
      inScope(scope, fact.from) &&
      (fact.to === gift.from || fact.to === tx.transaction.from) &&
      (tx.deltas.get(fact.from)?.get(fact.asset) ?? 0n) < 0n,
  )
}

function doingsOf(tx: TransactionFacts, vault: Address): Doings {
  const { frames } = tx.transaction
  const calls = new Map<number, { minted: bigint; burnt: bigint; moves: TransferFact[] }>()
  const gifts: Gift[] = []
  for (const fact of tx.facts) {
    if (fact.kind !== 'transfer' || fact.amount === 0n || fact.tokenId !== null) continue
    const { asset, from, to, amount, frame } = fact
    const isElsewhere = from !== vault && to !== vault
    const isShare = asset === vault || (isElsewhere && (from === ZERO_ADDRESS || to === ZERO_ADDRESS))
    if (!isShare && isElsewhere) continue
    if (!isWithin(vault, frame, frames)) {
      if (!isShare && to === vault) gifts.push({ from, asset, amount, frame })
      continue
    }
    const entry = entryFrame(vault, frame, frames)
    if (entry === undefined) continue
    const call = calls.get(entry.index) ?? { minted: 0n, burnt: 0n, moves: [] }
    calls.set(entry.index, call)
    if (!isShare) call.moves.push(fact)
    // Compound's claims come from their market and return to it
    else if (from === ZERO_ADDRESS || from === vault) call.minted += amount
    else if (to === ZERO_ADDRESS || to === vault) call.burnt += amount
  }
  return { dealt: [...calls].flatMap(([entry, call]) => dealtIn(entry, call, vault)), gifts }
}

function dealtIn(
  entry: number,
  { minted, burnt, moves }: { minted: bigint; burnt: bigint; moves: readonly TransferFact[] },
  vault: Address,
): Dealt[] {
  const [first] = moves
  if (first === undefined || minted > 0n === burnt > 0n) return []
  if (moves.some(({ asset }) => asset !== first.asset)) return []
  const paid = moves.reduce((sum, { to, amount }) => sum + (to === vault ? amount : -amount), 0n)
  const isFair = minted > 0n ? paid > 0n : paid < 0n
  return isFair ? [{ entry, asset: first.asset, paid: paid < 0n ? -paid : paid, shares: minted + burnt }] : []
}
