import type { Asset } from '../../../model/block.ts'
import type { TransactionFacts, TransferFact } from '../../../model/fact.ts'
import type { Address } from '../../../model/hex.ts'
import { ZERO_ADDRESS } from '../../../model/hex.ts'
import { isWithin } from '../../lib/entries.ts'
import { isDeposit, paymentsFrom } from '../../lib/payments.ts'

/** The exchange of a vault's shares for one asset, in one direction, in one transaction. */
export type Dealing = {
  side: 'deposit' | 'redemption'
  /** The vault itself, or a token that it alone issues. */
  share: Asset
  asset: Asset
  /** Base units of the asset. */
  paid: bigint
  shares: bigint
  /** The owner of the shares. */
  account: Address
  /** The accounts that had the shares, requested the exchange, or were paid. */
  parties: ReadonlySet<Address>
  frames: readonly number[]
}
type Given = { from: Address; asset: Asset; amount: bigint }

/** A transaction's dealings with a vault: shares for an asset in one direction, and assets only sent to it. */
export function dealingOf(
  tx: TransactionFacts,
  vault: Address,
): { dealing: Dealing | undefined; gifts: Given[] } {
  const moves = tx.facts.filter(
    (fact): fact is TransferFact =>
      fact.kind === 'transfer' && fact.amount > 0n && fact.tokenId === null && fact.from !== fact.to,
  )
  const { frames } = tx.transaction
  const isShare = ({ asset, frame }: TransferFact): boolean =>
    asset === vault || isWithin(vault, frame, frames)
  const minted = moves.filter((move) => move.from === ZERO_ADDRESS && move.to !== vault && isShare(move))
  const burnt = moves.filter((move) => move.to === ZERO_ADDRESS && isShare(move))
  const incoming = moves.filter(
    ({ asset, from, to }) => to === vault && asset !== vault && from !== ZERO_ADDRESS,
  )
  const gifts = incoming
    .filter((fact) => !isDeposit(fact, frames) && !isWithin(vault, fact.frame, frames))
    .map(({ from, asset, amount }) => ({ from, asset, amount }))
  if (minted.length > 0 && burnt.length > 0) return { dealing: undefined, gifts }
  const dealing =
    minted.length > 0
      ? one('deposit', { shares: minted, assets: incoming.filter((fact) => isDeposit(fact, frames)) })
      : one('redemption', {
          shares: burnt,
          assets: moves.filter(
            ({ from, to, asset }) => from === vault && to !== ZERO_ADDRESS && asset !== vault,
          ),
        })
  if (dealing === undefined) return { dealing, gifts }
  const asked = paymentsFrom(vault, tx).flatMap(({ asker }) => asker ?? [])
  return { dealing: { ...dealing, parties: new Set([...dealing.parties, ...asked]) }, gifts }
}

type Moves = { shares: readonly TransferFact[]; assets: readonly TransferFact[] }

/** Undefined where several accounts or assets are involved: then the price cannot be attributed. */
function one(side: Dealing['side'], { shares, assets }: Moves): Dealing | undefined {
  const asset = assets[0]?.asset
  const share = shares[0]?.asset
  const ofOwner = shares.map(({ from, to }) => (side === 'deposit' ? to : from))
  const [account] = ofOwner
  if (asset === undefined || share === undefined || account === undefined) return undefined
  if (shares.some((move) => move.asset !== share)) return undefined
  if (assets.some((move) => move.asset !== asset) || ofOwner.some((owner) => owner !== account))
    return undefined
  return {
    side,
    share,
    asset,
    paid: sum(assets),
    shares: sum(shares),
    account,
    parties: new Set([account, ...assets.map(({ to, from }) => (side === 'deposit' ? from : to))]),
    frames: [...new Set([...shares, ...assets].map(({ frame }) => frame))].slice(0, 8),
  }
}

function sum(moves: readonly TransferFact[]): bigint {
  return moves.reduce((total, { amount }) => total + amount, 0n)
}
