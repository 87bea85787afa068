import type { Frame } from '../../../model/block.ts'
import { entryFrame } from '../../../model/block.ts'
import type { Detector, DetectorInput, Scope } from '../../../model/detector.ts'
import { inScope } from '../../../model/detector.ts'
import type { TransactionFacts, TransferFact } from '../../../model/fact.ts'
import type { Finding } from '../../../model/finding.ts'
import type { Address } from '../../../model/hex.ts'
import { ZERO_ADDRESS } from '../../../model/hex.ts'
import { actorCluster } from '../../lib/actors.ts'
import type { Claim } from '../../lib/claims.ts'
import { findingFrom } from '../../lib/claims.ts'
import {
  type Consent,
  consentTo,
  copySignatures,
  noSignatures,
  noteSignatures,
  type Signatures,
} from '../../lib/consent.ts'
import { isLone, oneSidedLoss } from '../../lib/parties.ts'
import type { ConfidenceOptions } from '../../lib/per-transaction.ts'
import { confidenceOptions } from '../../lib/per-transaction.ts'

/**
 * Arbitrary call: a contract lends its authority to its caller. Either it runs the caller's code in its own context
 * (delegatecall to a contract of the actors), or it moves tokens of an uninvolved third party, who receives nothing, to
 * the actors, on an allowance that the third party had given to the contract. Routers and multicalls move the tokens of
 * their own callers; settlements give the third party something in return; smart wallets run library code, not their
 * caller's; a lender who signed an offer agreed to it.
 */
export const arbitraryCall: Detector<Signatures, ConfidenceOptions> = {
  id: 'arbitrary-call',
  title: 'A contract lent its authority to its caller',
  layer: 'pattern',
  everywhere: true,
  needs: ['traces'],
  options: confidenceOptions,
  init: noSignatures,
  stateVersion: 2,
  snapshot: copySignatures,
  evaluate: (input, memory, options) =>
    input.facts.transactions.flatMap((tx) => {
      const findings = evaluate(tx, { input, memory, options })
      noteSignatures(tx, memory)
      return findings
    }),
}

type Work = { input: DetectorInput; memory: Signatures; options: ConfidenceOptions }

function evaluate(tx: TransactionFacts, { input: { facts, scope }, memory, options }: Work): Finding[] {
  if (tx.transaction.succeeded === false || tx.transaction.frames.length < 2) return []
  const actors = actorCluster(tx, scope)
  const claims = [...foreignCode(tx, { actors, scope }), ...strangersFunds(tx, { actors, scope, memory })]
  return findingFrom(
    claims.filter(({ confidence }) => confidence >= options.minConfidence),
    {
      detector: 'arbitrary-call',
      tx,
      actors,
      scope,
      bundle: facts.bundle,
      ...(isLone(tx, scope) ? { most: 'medium' as const } : {}),
    },
  )
}

type Sides = { actors: ReadonlySet<Address>; scope: Scope }

/** A contract that is not the actors' runs the actors' code in its own context. */
function foreignCode(tx: TransactionFacts, { actors, scope }: Sides): Claim[] {
  return tx.transaction.frames
    .filter((frame) => runsActorsCode(frame, actors, scope))
    .map((frame) => ({
      contract: frame.context ?? ZERO_ADDRESS,
      victims: [],
      confidence: 0.93,
      categories: ['arbitrary-call', 'context-hijacking'],
      frames: [frame.index],
      statement: `${frame.context} ran the code of ${frame.to}, a contract of the actors, in its own context (frame ${frame.index}).`,
    }))
}

function runsActorsCode(frame: Frame, actors: ReadonlySet<Address>, scope: Scope): boolean {
  const { type, reverted, context, to } = frame
  if ((type !== 'DELEGATECALL' && type !== 'CALLCODE') || reverted || context === null || to === null)
    return false
  return !actors.has(context) && context !== to && actors.has(to) && inScope(scope, context)
}

/** By the owner's consent: `given` is below the reporting threshold unless `minConfidence` allows it. */
const CONFIDENCE: Readonly<Record<Consent, number>> = { none: 0.85, likely: 0.6, given: 0.3 }

/** A spender that is not the actors' takes a stranger's tokens, and the actors receive them in the end. */
function strangersFunds(
  tx: TransactionFacts,
  { actors, scope, memory }: Sides & { memory: Signatures },
): Claim[] {
  const { frames } = tx.transaction
  let callers: Set<Address | null> | undefined
  return tx.facts.flatMap((fact) => {
    if (
      fact.kind !== 'transfer' ||
      fact.asset === 'native' ||
      fact.from === ZERO_ADDRESS ||
      fact.amount === 0n
    )
      return []
    if (!actors.has(fact.to) || actors.has(fact.from)) return []
    callers ??= new Set(frames.map((frame) => frame.from))
    if (callers.has(fact.from)) return []
    const spender = askedBy(fact, frames)
    if (!spender || actors.has(spender) || spender === fact.from || spender === fact.asset) return []
    if (!inScope(scope, spender) && !inScope(scope, fact.from)) return []
    if (!oneSidedLoss(tx, fact.from)) return []
    const consent = consentTo(fact, { tx, actors, scope, memory })
    const signed = consent === 'none' ? '' : ' A signature of theirs was verified before.'
    return [
      {
        contract: spender,
        victims: [fact.from],
        confidence: CONFIDENCE[consent],
        categories: ['arbitrary-call', 'approval-abuse'],
        frames: [fact.frame],
        amounts: [{ account: fact.to, asset: fact.asset, amount: fact.amount }],
        statement: `${spender} moved ${fact.amount} of ${fact.asset} from ${fact.from}, who took no part and got nothing, to ${fact.to} (frame ${fact.frame}).${signed}`,
      },
    ]
  })
}

/**
 * The account that asked the token for a movement. A token whose logic is another contract is called back by it to emit the
 * event: then it is the caller of the outer call, which names the amount.
 */
function askedBy({ asset, amount, frame: index }: TransferFact, frames: readonly Frame[]): Address | null {
  if (asset === 'native') return frames[index]?.from ?? null
  const nearest = entryFrame(asset, index, frames)
  const word = amount.toString(16).padStart(64, '0')
  let frame = nearest === undefined ? undefined : frames[nearest.parent]
  for (; frame !== undefined; frame = frames[frame.parent])
    if (frame.context === asset && isMove(frame) && frame.input.includes(word))
      return entryFrame(asset, frame.index, frames)?.from ?? null
  return nearest?.from ?? null
}

/** `transfer` and `transferFrom` of ERC-20. */
const isMove = ({ input }: Frame): boolean => /^0x(a9059cbb|23b872dd)/.test(input)
