import { z } from 'zod'
import type { Asset, Frame } from '../../../model/block.ts'
import type { Detector, DetectorInput } from '../../../model/detector.ts'
import { inScope } from '../../../model/detector.ts'
import type { TransactionFacts, TransferFact } from '../../../model/fact.ts'
import type { Finding } from '../../../model/finding.ts'
import type { Address, Hex } from '../../../model/hex.ts'
import { selectorOf } from '../../../model/hex.ts'
import { actorCluster } from '../../lib/actors.ts'
import type { Claim } from '../../lib/claims.ts'
import { findingFrom } from '../../lib/claims.ts'
import { perTransaction } from '../../lib/per-transaction.ts'

const options = z.strictObject({})

/** Functions for voting and enacting of OpenZeppelin Governor, Compound's Bravo and Alpha, Aave and DSChief. */
const VOTES: ReadonlySet<Hex> = new Set([
  '0x56781388', // castVote(uint256,uint8)
  '0x7b3c71d3', // castVoteWithReason(uint256,uint8,string)
  '0x5f398a14', // castVoteWithReasonAndParams(uint256,uint8,string,bytes)
  '0x3bccf4fd', // castVoteBySig(uint256,uint8,uint8,bytes32,bytes32)
  '0x15373e3d', // castVote(uint256,bool)
  '0x612c56fa', // submitVote(uint256,bool)
  '0x0121b93f', // vote(uint256)
  '0xc9d27afe', // vote(uint256,bool)
  '0xa69beaba', // vote(bytes32)
])
const ENACTS: ReadonlySet<Hex> = new Set([
  '0xfe0d94c1', // execute(uint256)
  '0x2656227d', // execute(address[],uint256[],bytes[],bytes32)
  '0x0825f38f', // executeTransaction(address,uint256,string,bytes,uint256)
  '0x3c278bd5', // lift(address)
])

/**
 * Governance attack: the same transaction votes and enacts, or votes with power that was borrowed for it: voting tokens
 * come to the actors before the vote and leave them after it. Honest proposals have days between vote and enactment;
 * delegation campaigns lend votes for longer than a transaction.
 */
export const governance: Detector = perTransaction({
  id: 'governance',
  title: 'A vote was cast with borrowed power, or enacted at once',
  options,
  evaluate,
})

function evaluate(tx: TransactionFacts, { facts, scope }: DetectorInput): Finding[] {
  const { frames } = tx.transaction
  const votes = frames.filter((frame) => isCall(frame, VOTES) && inScope(scope, frame.context))
  if (votes.length === 0) return []
  const actors = actorCluster(tx, scope)
  const enacts = frames.filter((frame) => isCall(frame, ENACTS))
  const power = powerOf(tx, actors)
  const claims = votes.flatMap((vote) => [...enactedAtOnce(vote, enacts), ...borrowedPower(vote, power)])
  return findingFrom(claims, { detector: 'governance', tx, actors, scope, bundle: facts.bundle })
}

function isCall({ type, input, reverted }: Frame, names: ReadonlySet<Hex>): boolean {
  const selector = selectorOf(input)
  return type === 'CALL' && !reverted && selector !== undefined && names.has(selector)
}

function enactedAtOnce(vote: Frame, enacts: readonly Frame[]): Claim[] {
  const enact = enacts.find((frame) => frame.index > vote.index && frame.context === vote.context)
  if (enact === undefined || vote.context === null) return []
  return [
    {
      contract: vote.context,
      victims: [],
      confidence: 0.9,
      categories: ['governance'],
      statement: `A vote on ${vote.context} (frame ${vote.index}) was enacted in the same transaction (frame ${enact.index}).`,
      frames: [vote.index, enact.index],
    },
  ]
}

/** The transfers to the actors and from them, in execution order. */
type Power = { came: readonly TransferFact[]; gone: ReadonlyMap<Asset, readonly TransferFact[]> }

function powerOf(tx: TransactionFacts, actors: ReadonlySet<Address>): Power {
  const moves = tx.facts.filter((fact): fact is TransferFact => fact.kind === 'transfer' && fact.amount > 0n)
  const gone = new Map<Asset, TransferFact[]>()
  for (const move of moves) {
    if (!actors.has(move.from) || actors.has(move.to)) continue
    const known = gone.get(move.asset)
    if (known === undefined) gone.set(move.asset, [move])
    else known.push(move)
  }
  return {
    came: moves.filter(({ from, to }) => actors.has(to) && !actors.has(from)),
    gone,
  }
}

/** The same token and at least half of the amount arrives before the vote and leaves after it. */
function borrowedPower(vote: Frame, power: Power): Claim[] {
  const came = power.came.find((move) => move.frame < vote.index)
  if (came === undefined) return []
  const gone = power.gone
    .get(came.asset)
    ?.find((move) => move.frame >= vote.end && move.amount * 2n >= came.amount)
  if (gone === undefined || vote.context === null) return []
  return [
    {
      contract: vote.context,
      victims: [],
      confidence: 0.75,
      categories: ['governance'],
      statement: `${came.amount} of ${came.asset} came to the actors before the vote on ${vote.context} and ${gone.amount} left them after it (frames ${came.frame}, ${vote.index}, ${gone.frame}).`,
      frames: [came.frame, vote.index, gone.frame],
    },
  ]
}
