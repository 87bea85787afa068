import type { Ledger } from '../../facts/ledger.ts'
import { type Frame, NATIVE } from '../../model/block.ts'
import type { TransactionFacts, TransferFact } from '../../model/fact.ts'
import { type Address, ZERO_ADDRESS } from '../../model/hex.ts'
import { OWN } from './crossings.ts'

/** Value that passed between the acting side and a stranger. The coin and its wrapped form are one asset. */
export type Movement = {
  asset: string
  /** Base units; positive where the side received. */
  amount: bigint
  /** The other end; the zero address where it was minted or burned. */
  other: Address
  /** The stranger by whose function it moved: the one that the side had entered, or the other end where the side moved it itself. */
  by: Address
  /** The frame by which the side had entered; OWN where it moved the value itself. */
  crossing: number
  frame: number
}

export type Acting = {
  tx: TransactionFacts
  side: ReadonlySet<Address>
  crossings: Int32Array
  ledger: Ledger
}

/**
 * Movements between the side and strangers, in order. What an account lent through the functions of another and got back counts as its
 * own dealing.
 */
export function movementsOf(acting: Acting): Movement[] {
  const movements = crossed(acting)
  const lent = new Map<string, bigint>()
  for (const { other, asset, amount } of movements) {
    const key = `${other}${asset}`
    lent.set(key, (lent.get(key) ?? 0n) + amount)
  }
  return movements.map((movement) => {
    const { other, asset } = movement
    const isSquare = other !== ZERO_ADDRESS && (lent.get(`${other}${asset}`) ?? 0n) <= 0n
    return isSquare ? { ...movement, by: other } : movement
  })
}

function crossed({ tx, side, crossings, ledger }: Acting): Movement[] {
  const { frames } = tx.transaction
  return ledger.transfers.flatMap((transfer): Movement[] => {
    const { asset, from, to, amount, frame } = transfer
    const receives = side.has(to)
    if (amount === 0n || receives === side.has(from)) return []
    const other = receives ? from : to
    const crossing = crossingOf(transfer, frames, crossings)
    const entered = frames[crossing]?.context ?? null
    // the side asks the token itself: the other end is affected, or the token where it mints or burns
    const isToken = entered === null || entered === asset
    const by = !isToken
      ? entered
      : other !== ZERO_ADDRESS
        ? other
        : asset === NATIVE
          ? other
          : (asset as Address)
    const one = ledger.wrappers.has(asset) ? NATIVE : asset
    return [{ asset: one, amount: receives ? amount : -amount, other, by, crossing, frame }]
  })
}

/** A payment of the coin into the side runs in the side: the crossing is that of the payer. */
function crossingOf({ asset, frame }: TransferFact, frames: readonly Frame[], crossings: Int32Array): number {
  const own = crossings[frame] ?? OWN
  if (own !== OWN || asset !== NATIVE) return own
  return crossings[frames[frame]?.parent ?? OWN] ?? OWN
}
