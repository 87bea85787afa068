import { z } from 'zod'
import { entryFrame } from '../../../model/block.ts'
import { inScope } from '../../../model/detector.ts'
import type { TransactionFacts } from '../../../model/fact.ts'
import type { Finding } from '../../../model/finding.ts'
import type { Address } from '../../../model/hex.ts'
import { ZERO_ADDRESS } from '../../../model/hex.ts'
import { actorCluster } from '../../lib/actors.ts'
import type { Claim } from '../../lib/claims.ts'
import { findingFrom } from '../../lib/claims.ts'
import { consentTo, noSignatures } from '../../lib/consent.ts'
import { oneSidedLoss } from '../../lib/parties.ts'
import { type Remembered, withMemory } from '../../lib/per-transaction.ts'

const options = z.strictObject({
  /** Owners who must have approved the spender while it was watched. */
  minOwners: z.number().int().min(2).default(3),
  /** Owners whose tokens it must have pulled without their participation. */
  minPulls: z.number().int().min(2).default(2),
  /** How long approvals count, seconds: thirty days. */
  windowSeconds: z
    .number()
    .int()
    .min(1)
    .default(30 * 24 * 3_600),
})
type Options = z.infer<typeof options>

/** spender → the owners whose approvals it has (with their times), and those whose tokens it pulled */
type Spenders = Map<Address, { owners: Map<Address, number>; pulled: Set<Address> }>

type Work = Remembered<Spenders, Options>

const MOST_SPENDERS = 5_000

/**
 * Approval drain: a spender that was unknown when the watch began collects approvals from several owners and then pulls
 * their tokens in transactions that they did not send, without giving anything. The token, the spender or an owner is
 * in scope. Routers pull from those who call them; claims and Permit2 act in the owner's own transaction.
 */
export const approvalDrain = withMemory<Spenders, Options>({
  id: 'approval-drain',
  title: 'A young spender empties those who approved it',
  options,
  init: () => new Map(),
  stateVersion: 1,
  evaluate,
})

function evaluate(tx: TransactionFacts, work: Work): Finding[] {
  const { input, memory: spenders, options } = work
  const at = input.facts.bundle.timestamp ?? 0
  const claims: Claim[] = []
  for (const fact of tx.facts) {
    if (fact.kind === 'approval' && fact.amount > 0n) noteApproval(spenders, { ...fact, at })
    if (
      fact.kind !== 'transfer' ||
      fact.asset === 'native' ||
      fact.from === ZERO_ADDRESS ||
      fact.amount === 0n
    )
      continue
    if (fact.from === tx.transaction.from || spenders.size === 0 || !oneSidedLoss(tx, fact.from)) continue
    const spender = entryFrame(fact.asset, fact.frame, tx.transaction.frames)?.from
    const known = spender ? spenders.get(spender) : undefined
    if (!spender || known === undefined || !known.owners.has(fact.from)) continue
    // a token that sells its own fees through a router asks for the pull itself, in anybody's transaction
    if (entryFrame(spender, fact.frame, tx.transaction.frames)?.from === fact.from) continue
    // the signer of an offer that is accepted (a lender) is not a victim of the pull
    const actors = actorCluster(tx, input.scope)
    if (consentTo(fact, { tx, actors, scope: input.scope, memory: noSignatures() }) === 'given') continue
    known.pulled.add(fact.from)
    const recent = [...known.owners.values()].filter((since) => at - since <= options.windowSeconds).length
    const concerned = [fact.asset, spender, fact.from].some((it) => inScope(input.scope, it))
    if (!concerned || recent < options.minOwners || known.pulled.size < options.minPulls) continue
    claims.push({
      contract: spender,
      victims: [fact.from],
      confidence: 0.7,
      categories: ['approval-drain'],
      statement: `${spender}, approved by ${recent} owners of late, has now pulled the tokens of ${known.pulled.size} of them in transactions that were not theirs; here ${fact.amount} of ${fact.asset} from ${fact.from}.`,
      frames: [fact.frame],
      amounts: [{ account: fact.to, asset: fact.asset, amount: fact.amount }],
    })
  }
  if (claims.length === 0) return []
  const actors = actorCluster(tx, input.scope)
  return findingFrom(claims, {
    detector: 'approval-drain',
    tx,
    actors,
    scope: input.scope,
    bundle: input.facts.bundle,
  })
}

type Approval = { owner: Address; spender: Address; at: number }

function noteApproval(spenders: Spenders, { owner, spender, at }: Approval): void {
  let known = spenders.get(spender)
  if (known === undefined) {
    known = { owners: new Map(), pulled: new Set() }
    spenders.set(spender, known)
    if (spenders.size > MOST_SPENDERS)
      for (const oldest of spenders.keys()) if (spenders.delete(oldest)) break
  }
  // A spender with a thousand owners is an institution, not a trap: it is remembered as one and its count stops.
  if (known.owners.size < 1_000) known.owners.set(owner, at)
}
