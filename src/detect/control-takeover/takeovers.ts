import type { Frame } from '../../model/block.ts'
import { entryFrame } from '../../model/block.ts'
import type { ControlChange, TransactionFacts, TransferFact } from '../../model/fact.ts'
import type { Address } from '../../model/hex.ts'
import { ZERO_ADDRESS } from '../../model/hex.ts'
import type { Claim } from '../claims.ts'
import { addressesIn, contextsAround, isEntry } from '../entries.ts'
import { oneSidedLoss } from '../parties.ts'

const GRANTS: ReadonlySet<ControlChange> = new Set([
  'owner-changed',
  'role-granted',
  'admin-changed',
  'implementation-changed',
  'beacon-changed',
])

/** An owner, role, admin or implementation becomes the actors', and the contract then pays them without return. */
export function grantedToActors(tx: TransactionFacts, actors: ReadonlySet<Address>): Claim[] {
  return tx.facts.flatMap((fact) => {
    if (fact.kind !== 'control' || !GRANTS.has(fact.change) || fact.subject === null) return []
    if (!actors.has(fact.subject) || isNew(fact.contract, tx)) return []
    const payout = payoutAfter(tx, { contract: fact.contract, frame: fact.frame, actors })
    if (payout === undefined) return []
    return [
      {
        contract: fact.contract,
        victims: [],
        confidence: 0.95,
        categories: ['access-control'],
        statement: `${fact.change} of ${fact.contract} to ${fact.subject}, which then took ${payout.amount} of ${payout.asset} from it (frames ${fact.frame}, ${payout.frame}).`,
        frames: [fact.frame, payout.frame],
      },
    ]
  })
}

/**
 * A contract is told of one that the actors made in this transaction, in a call that does not itself use it; later it
 * asks that contract, and somebody pays the actors without return.
 */
export function plantedDependency(tx: TransactionFacts, actors: ReadonlySet<Address>): Claim[] {
  const { frames } = tx.transaction
  const made = new Map(frames.filter(isCreation).map((frame) => [frame.to, frame.index]))
  if (made.size === 0) return []
  const planted: { frame: Frame; plant: Address }[] = []
  for (const frame of frames) {
    if (!isEntry(frame, frames) || !isByActors(frame, frames, actors) || actors.has(frame.context ?? '0x'))
      continue
    for (const plant of addressesIn(frame)) {
      const uses = frames.slice(frame.index, frame.end).some((inner) => inner.to === plant)
      if (made.has(plant) && actors.has(plant) && !uses) planted.push({ frame, plant })
    }
  }
  return planted.flatMap(({ frame, plant }) => {
    const asked = frames.find(
      (later) => later.index >= frame.end && later.to === plant && later.from === frame.context,
    )
    if (asked === undefined || frame.context === null || isNew(frame.context, tx)) return []
    const payout = anyPayoutAround(tx, { asked, actors })
    if (payout === undefined) return []
    return [
      {
        contract: frame.context,
        victims: [payout.from],
        confidence: 0.9,
        categories: ['access-control'],
        statement: `${frame.context} was told to rely on ${plant}, made in this transaction, and asked it before ${payout.from} paid ${payout.amount} of ${payout.asset} (frames ${frame.index}, ${asked.index}, ${payout.frame}).`,
        frames: [frame.index, asked.index, payout.frame],
      },
    ]
  })
}

/** Standard calls in which one names oneself without taking anything over. */
const NAMING: ReadonlySet<string> = new Set([
  '0x095ea7b3', // approve(address,uint256)
  '0xa22cb465', // setApprovalForAll(address,bool)
  '0x5c19a95c', // delegate(address)
  '0xd505accf', // permit(address,address,uint256,uint256,uint8,bytes32,bytes32)
  '0xa9059cbb', // transfer(address,uint256)
  '0x23b872dd', // transferFrom(address,address,uint256)
])

/** Characters of calldata with one word after the selector. */
const ONE_ARGUMENT = 2 + 8 + 64

/**
 * The actors name themselves in a call that moves nothing, and the same contract then pays them without return and
 * without their having paid it anything in this transaction (re-initialisation, a missing check on a setter).
 */
export function selfAppointed(tx: TransactionFacts, actors: ReadonlySet<Address>): Claim[] {
  const { frames } = tx.transaction
  return frames.flatMap((frame) => {
    const { context, type, input } = frame
    // a view changes nothing, and a call without an argument names nobody: nine calls in ten end here
    if (type === 'STATICCALL' || input.length < ONE_ARGUMENT || context === null || actors.has(context))
      return []
    if (!isEntry(frame, frames)) return []
    if (NAMING.has(frame.input.slice(0, 10)) || !isByActors(frame, frames, actors)) return []
    const named = addressesIn(frame).find((address) => actors.has(address))
    if (named === undefined || movesSomething(tx, frame) || !oneSidedOrShared(tx, context)) return []
    const payout = payoutAfter(tx, { contract: context, frame: frame.index, actors })
    if (payout === undefined || payout.frame < frame.end) return []
    return [
      {
        contract: context,
        victims: [],
        confidence: 0.72,
        categories: ['access-control'],
        statement: `${named} was named in a call to ${context} that moved nothing, and then took ${payout.amount} of ${payout.asset} from it (frames ${frame.index}, ${payout.frame}).`,
        frames: [frame.index, payout.frame],
      },
    ]
  })
}

/** The actors, calling the token themselves, destroy what belongs to a stranger. */
export function strangersBurned(tx: TransactionFacts, actors: ReadonlySet<Address>): Claim[] {
  const { frames } = tx.transaction
  return tx.facts.flatMap((fact) => {
    if (fact.kind !== 'transfer' || fact.to !== ZERO_ADDRESS || fact.from === ZERO_ADDRESS) return []
    if (fact.asset === 'native' || actors.has(fact.from) || fact.amount === 0n || fact.from === fact.asset)
      return []
    const entry = entryFrame(fact.asset, fact.frame, frames)
    if (entry?.from === null || entry === undefined || !actors.has(entry.from)) return []
    if (frames.some((frame) => frame.context === fact.from) || !oneSidedLoss(tx, fact.from)) return []
    return [
      {
        contract: fact.asset,
        victims: [fact.from],
        confidence: fact.tokenId === null ? 0.6 : 0.7,
        categories: ['access-control'],
        statement: `${entry.from} had ${fact.asset} destroy ${fact.amount} that belonged to ${fact.from}, who took no part (frame ${fact.frame}).`,
        frames: [fact.frame],
      },
    ]
  })
}

function isCreation(frame: Frame): boolean {
  return (frame.type === 'CREATE' || frame.type === 'CREATE2') && !frame.reverted && frame.to !== null
}

function isNew(contract: Address, tx: TransactionFacts): boolean {
  return tx.transaction.frames.some((frame) => isCreation(frame) && frame.to === contract)
}

function isByActors(frame: Frame, frames: readonly Frame[], actors: ReadonlySet<Address>): boolean {
  const caller = frames[frame.parent]?.context ?? frame.from
  return caller !== null && actors.has(caller)
}

function movesSomething(tx: TransactionFacts, frame: Frame): boolean {
  return tx.facts.some(
    (fact) =>
      fact.kind === 'transfer' && fact.frame >= frame.index && fact.frame < frame.end && fact.amount > 0n,
  )
}

/** The contract ends with losses only, or with nothing at all (it paid through another contract). */
function oneSidedOrShared(tx: TransactionFacts, contract: Address): boolean {
  return [...(tx.deltas.get(contract)?.values() ?? [])].every((amount) => amount < 0n)
}

type After = { contract: Address; frame: number; actors: ReadonlySet<Address> }

/** The first transfer to the actors after a frame that the contract made or ordered, if they gave it nothing. */
function payoutAfter(tx: TransactionFacts, { contract, frame, actors }: After): TransferFact | undefined {
  const { frames } = tx.transaction
  const transfers = tx.facts.filter(
    (fact): fact is TransferFact => fact.kind === 'transfer' && fact.amount > 0n,
  )
  const gave = transfers.some(
    (move) => actors.has(move.from) && !actors.has(move.to) && ordered(move, contract, frames),
  )
  if (gave) return undefined
  return transfers.find(
    (move) =>
      move.frame > frame &&
      actors.has(move.to) &&
      !actors.has(move.from) &&
      move.from !== ZERO_ADDRESS &&
      (move.from === contract || ordered(move, contract, frames)),
  )
}

function ordered(move: TransferFact, contract: Address, frames: readonly Frame[]): boolean {
  return move.to === contract || contextsAround(move.frame, frames).includes(contract)
}

/** A payment to the actors in the call during which the plant was asked, or the next one, by somebody who lost by it. */
function anyPayoutAround(
  tx: TransactionFacts,
  { asked, actors }: { asked: Frame; actors: ReadonlySet<Address> },
): TransferFact | undefined {
  return tx.facts.find((fact): fact is TransferFact => {
    if (fact.kind !== 'transfer' || fact.amount === 0n || fact.frame < asked.index) return false
    return actors.has(fact.to) && !actors.has(fact.from) && oneSidedLoss(tx, fact.from)
  })
}
