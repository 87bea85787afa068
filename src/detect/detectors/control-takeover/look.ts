import { firstAtLeast } from '../../../kit/sorted.ts'
import type { Frame } from '../../../model/block.ts'
import type { Scope } from '../../../model/detector.ts'
import { inScope } from '../../../model/detector.ts'
import type { TransactionFacts, TransferFact } from '../../../model/fact.ts'
import type { Address } from '../../../model/hex.ts'
import { ZERO_ADDRESS } from '../../../model/hex.ts'
import { isWithin } from '../../lib/entries.ts'
import { oneSidedLoss } from '../../lib/parties.ts'

/** The properties of one transaction that the rules use repeatedly, computed once. */
export type Look = {
  tx: TransactionFacts
  actors: ReadonlySet<Address>
  isWatched(contract: Address | null): contract is Address
  /** Created in this transaction. */
  made: ReadonlySet<Address>
  /** The accounts that had control at any time. */
  ran: ReadonlySet<Address | null>
  /** Frames in which something moved, ascending. */
  moved: readonly number[]
  /** To the actors from others, and from the actors to others, in execution order. */
  toActors: readonly TransferFact[]
  fromActors: readonly TransferFact[]
  /** contract → frames that call it, ascending */
  callsTo: ReadonlyMap<Address, readonly number[]>
  /** contract → its payments to the actors, or those it ordered; null where they gave it something */
  payouts: Map<Address, readonly TransferFact[] | null>
}

export function lookAt(tx: TransactionFacts, actors: ReadonlySet<Address>, scope: Scope): Look {
  const { frames } = tx.transaction
  const transfers = tx.facts.filter(
    (fact): fact is TransferFact => fact.kind === 'transfer' && fact.amount > 0n,
  )
  return {
    tx,
    actors,
    isWatched: (contract): contract is Address => inScope(scope, contract),
    made: new Set(frames.filter(isCreation).map(({ to }) => to)),
    ran: new Set(frames.map(({ context }) => context)),
    moved: transfers.map(({ frame }) => frame).sort((a, b) => a - b),
    toActors: transfers.filter(({ from, to }) => actors.has(to) && !actors.has(from)),
    fromActors: transfers.filter(({ from, to }) => actors.has(from) && !actors.has(to)),
    callsTo: callsOf(frames),
    payouts: new Map(),
  }
}

function callsOf(frames: readonly Frame[]): Map<Address, number[]> {
  const calls = new Map<Address, number[]>()
  for (const { to, index } of frames) {
    if (to === null) continue
    const known = calls.get(to)
    if (known === undefined) calls.set(to, [index])
    else known.push(index)
  }
  return calls
}

type Creation = Frame & { to: Address }

function isCreation(frame: Frame): frame is Creation {
  return (frame.type === 'CREATE' || frame.type === 'CREATE2') && !frame.reverted && frame.to !== null
}

/** True where something moved during the call. */
export function movesSomething({ moved }: Look, { index, end }: Frame): boolean {
  return (moved[firstAtLeast(moved, index)] ?? Number.POSITIVE_INFINITY) < end
}

/** The first call of `contract` in a range of frames. */
export function callOf(contract: Address, { callsTo, tx }: Look, from: number): Frame | undefined {
  const calls = callsTo.get(contract) ?? []
  return tx.transaction.frames[calls[firstAtLeast(calls, from)] ?? -1]
}

/** Maximum contracts of one transaction whose payments are searched: there are fewer named ones. */
const MOST_PAYERS = 256

/** The first transfer to the actors after a frame that the contract made or ordered, if they gave it nothing. */
export function payoutAfter(look: Look, contract: Address, frame: number): TransferFact | undefined {
  let payouts = look.payouts.get(contract)
  if (payouts === undefined) {
    payouts = look.payouts.size < MOST_PAYERS ? payoutsOf(look, contract) : null
    look.payouts.set(contract, payouts)
  }
  return payouts?.find((move) => move.frame > frame)
}

function payoutsOf({ tx, toActors, fromActors }: Look, contract: Address): TransferFact[] | null {
  const { frames } = tx.transaction
  const isOrdered = (move: TransferFact): boolean =>
    move.to === contract || isWithin(contract, move.frame, frames)
  if (fromActors.some(isOrdered)) return null
  return toActors.filter((move) => move.from !== ZERO_ADDRESS && (move.from === contract || isOrdered(move)))
}

/** A payment to the actors at or after a frame, by an account that lost by it. */
export function anyPayoutFrom({ tx, toActors }: Look, frame: number): TransferFact | undefined {
  return toActors.find((move) => move.frame >= frame && oneSidedLoss(tx, move.from))
}
