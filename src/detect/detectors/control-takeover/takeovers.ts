import type { Frame } from '../../../model/block.ts'
import { entryFrame } from '../../../model/block.ts'
import type { ControlChange, TransactionFacts, TransferFact } from '../../../model/fact.ts'
import type { Address } from '../../../model/hex.ts'
import { ZERO_ADDRESS } from '../../../model/hex.ts'
import type { Claim } from '../../lib/claims.ts'
import { signaturesOf } from '../../lib/consent.ts'
import { addressesIn, isEntry } from '../../lib/entries.ts'
import { oneSidedLoss } from '../../lib/parties.ts'
import { anyPayoutFrom, callOf, type Look, movesSomething, payoutAfter } from './look.ts'

/** Maximum claims of one rule about one transaction: an attack has a few, a deliberately slow trace thousands. */
const MOST_CLAIMS = 64

function firstClaims<Item>(items: readonly Item[], claimOf: (item: Item) => Claim | undefined): Claim[] {
  const claims: Claim[] = []
  for (const item of items) {
    const claim = claimOf(item)
    if (claim !== undefined) claims.push(claim)
    if (claims.length >= MOST_CLAIMS) break
  }
  return claims
}

const GRANTS: ReadonlySet<ControlChange> = new Set([
  'owner-changed',
  'role-granted',
  'admin-changed',
  'implementation-changed',
  'beacon-changed',
])

/** An owner, role, admin or implementation passes to the actors, and the contract then pays them without return. */
export function grantedToActors(look: Look): Claim[] {
  const { tx, actors, made } = look
  return firstClaims(tx.facts, (fact) => {
    if (fact.kind !== 'control' || !GRANTS.has(fact.change) || fact.subject === null) return undefined
    if (!look.isWatched(fact.contract) || !actors.has(fact.subject) || made.has(fact.contract))
      return undefined
    const payout = payoutAfter(look, fact.contract, fact.frame)
    if (payout === undefined) return undefined
    return {
      contract: fact.contract,
      victims: [],
      confidence: 0.95,
      categories: ['access-control'],
      statement: `${fact.change} of ${fact.contract} to ${fact.subject}, which then took ${payout.amount} of ${payout.asset} from it (frames ${fact.frame}, ${payout.frame}).`,
      frames: [fact.frame, payout.frame],
    }
  })
}

/**
 * A contract receives the address of one that the actors created in this transaction, in a call that does not itself
 * use it; later it calls that contract, and an account pays the actors without return.
 */
export function plantedDependency(look: Look): Claim[] {
  const { tx, made, actors } = look
  if (made.size === 0) return []
  return firstClaims(tx.transaction.frames, (frame) => {
    if (!isToldByActors(frame, look) || made.has(frame.context)) return undefined
    for (const plant of new Set(addressesIn(frame))) {
      const claim = made.has(plant) && actors.has(plant) ? plantOf(plant, frame, look) : undefined
      if (claim !== undefined) return claim
    }
    return undefined
  })
}

function plantOf(plant: Address, frame: Told, look: Look): Claim | undefined {
  const { context } = frame
  const used = callOf(plant, look, frame.index)
  if (used !== undefined && used.index < frame.end) return undefined
  const asked = askedBy(context, plant, { look, from: frame.end })
  const payout = asked === undefined ? undefined : anyPayoutFrom(look, asked.index)
  if (asked === undefined || payout === undefined) return undefined
  return {
    contract: context,
    victims: [payout.from],
    confidence: 0.9,
    categories: ['access-control'],
    statement: `${context} was told to rely on ${plant}, made in this transaction, and asked it before ${payout.from} paid ${payout.amount} of ${payout.asset} (frames ${frame.index}, ${asked.index}, ${payout.frame}).`,
    frames: [frame.index, asked.index, payout.frame],
  }
}

/** The first call of `plant` by `asker` at or after a frame. */
function askedBy(
  asker: Address,
  plant: Address,
  { look, from }: { look: Look; from: number },
): Frame | undefined {
  const { frames } = look.tx.transaction
  const at = look.callsTo.get(plant)?.find((index) => index >= from && frames[index]?.from === asker)
  return at === undefined ? undefined : frames[at]
}

/** Standard calls in which callers name themselves without taking over anything. */
const NAMING: ReadonlySet<string> = new Set([
  '0x095ea7b3', // approve(address,uint256)
  '0xa22cb465', // setApprovalForAll(address,bool)
  '0x5c19a95c', // delegate(address)
  '0xd505accf', // permit(address,address,uint256,uint256,uint8,bytes32,bytes32)
  '0xa9059cbb', // transfer(address,uint256)
  '0x23b872dd', // transferFrom(address,address,uint256)
])

/**
 * The actors name themselves in a call that moves nothing, and the same contract then pays them without return and
 * although they paid it nothing in this transaction (re-initialisation, a missing check on a setter).
 */
export function selfAppointed(look: Look): Claim[] {
  const { tx, actors } = look
  return firstClaims(tx.transaction.frames, (frame) => {
    if (!isToldByActors(frame, look) || NAMING.has(frame.input.slice(0, 10))) return undefined
    const { context } = frame
    const named = addressesIn(frame).find((address) => actors.has(address))
    if (named === undefined || movesSomething(look, frame) || !oneSidedOrShared(tx, context)) return undefined
    const payout = payoutAfter(look, context, frame.index)
    if (payout === undefined || payout.frame < frame.end) return undefined
    return {
      contract: context,
      victims: [],
      confidence: 0.72,
      categories: ['access-control'],
      statement: `${named} was named in a call to ${context} that moved nothing, and then took ${payout.amount} of ${payout.asset} from it (frames ${frame.index}, ${payout.frame}).`,
      frames: [frame.index, payout.frame],
    }
  })
}

/** The actors call the token directly and destroy a stranger's tokens. */
export function strangersBurned(look: Look): Claim[] {
  const { tx, actors, ran } = look
  return firstClaims(tx.facts, (fact) => {
    if (fact.kind !== 'transfer' || fact.to !== ZERO_ADDRESS || fact.from === ZERO_ADDRESS) return undefined
    if (fact.asset === 'native' || !look.isWatched(fact.asset) || actors.has(fact.from)) return undefined
    if (fact.amount === 0n || fact.from === fact.asset || ran.has(fact.from)) return undefined
    if (!oneSidedLoss(tx, fact.from)) return undefined
    const entry = entryFrame(fact.asset, fact.frame, tx.transaction.frames)
    if (entry === undefined || entry.from === null || !actors.has(entry.from)) return undefined
    if (hasSigned(fact, tx)) return undefined
    return {
      contract: fact.asset,
      victims: [fact.from],
      confidence: fact.tokenId === null ? 0.6 : 0.7,
      categories: ['access-control'],
      statement: `${entry.from} had ${fact.asset} destroy ${fact.amount} that belonged to ${fact.from}, who took no part (frame ${fact.frame}).`,
      frames: [fact.frame],
    }
  })
}

type Told = Frame & { context: Address }

/** A call of the actors into a watched contract that is not theirs. */
function isToldByActors(frame: Frame, { tx, actors, isWatched }: Look): frame is Told {
  const { frames } = tx.transaction
  if (!isWatched(frame.context) || actors.has(frame.context) || !isEntry(frame, frames)) return false
  const caller = frames[frame.parent]?.context ?? frame.from
  return caller !== null && actors.has(caller)
}

/** The contract ends with losses only, or with no change at all (it paid through another contract). */
function oneSidedOrShared(tx: TransactionFacts, contract: Address): boolean {
  return (tx.deltas.get(contract)?.size ?? 0) === 0 || oneSidedLoss(tx, contract)
}

/** True where the token itself verified a signature of the owner for each destruction of their tokens so far. */
function hasSigned({ asset, from, frame }: TransferFact, { facts, transaction }: TransactionFacts): boolean {
  if (asset === 'native') return false
  const destroyed = facts.filter(
    (fact) =>
      fact.kind === 'transfer' &&
      fact.asset === asset &&
      fact.from === from &&
      fact.to === ZERO_ADDRESS &&
      fact.frame <= frame,
  )
  const { frames } = transaction
  return signaturesOf(from, asset, { frames, before: frames[frame]?.end ?? 0 }) >= destroyed.length
}
