import { z } from 'zod'
import type { Detector, DetectorInput, Scope } from '../../model/detector.ts'
import { inScope } from '../../model/detector.ts'
import type { TransactionFacts, TransferFact } from '../../model/fact.ts'
import type { Finding } from '../../model/finding.ts'
import type { Address } from '../../model/hex.ts'
import { actorCluster } from '../actors.ts'
import { buildFinding } from '../build-finding.ts'
import { changesOf, isPureGain, mintedTo, netOf, transfersIn } from '../flows.ts'
import type { Reentry } from './reentries.ts'
import { findReentries } from './reentries.ts'

const options = z.strictObject({
  /** Confidence below which nothing is said. */
  minConfidence: z.number().min(0).max(1).default(0.5),
})
type Options = z.infer<typeof options>

/**
 * Reentrancy (SWC-107): a caller-chosen contract got control inside an unfinished call into V and called V again,
 * or a contract that shares V's books, and value moved to the caller that a single pass would not have moved.
 * Flash callbacks, hooks and refunds are the look-alikes: they give back what they took, or take nothing.
 */
export const reentrancy: Detector<null, Options> = {
  id: 'reentrancy',
  title: 'A contract was entered again before its first call had finished',
  needs: ['traces'],
  options,
  init: () => null,
  snapshot: () => null,
  evaluate: (input, _state, options) =>
    input.facts.transactions.flatMap((tx) => evaluate(tx, input, options)),
}

function evaluate(tx: TransactionFacts, { facts, scope }: DetectorInput, options: Options): Finding[] {
  const { frames } = tx.transaction
  if (frames.length < 4 || tx.transaction.succeeded === false) return []
  const reentries = findReentries(frames)
  if (reentries.length === 0) return []
  const actors = actorCluster(tx, scope)
  const judged = reentries
    .filter((reentry) => concerns(reentry, actors, scope))
    .map((reentry) => judge(reentry, tx, actors))
    .filter((verdict) => verdict.confidence >= options.minConfidence)
    .sort((a, b) => b.confidence - a.confidence)
  const best = judged[0]
  if (best === undefined) return []
  return [findingOf(best, judged, { tx, actors, scope, bundle: facts.bundle })]
}

function concerns(reentry: Reentry, actors: ReadonlySet<Address>, scope: Scope): boolean {
  const { outerContract, innerContract } = reentry
  if (actors.has(outerContract) || actors.has(innerContract)) return false
  return inScope(scope, outerContract) || inScope(scope, innerContract)
}

type Verdict = { reentry: Reentry; confidence: number; reasons: string[]; taken: TransferFact[] }

/** Weighs what moved. The control flow alone is half a proof: hooks and callbacks have it too. */
function judge(reentry: Reentry, tx: TransactionFacts, actors: ReadonlySet<Address>): Verdict {
  const side = new Set([...actors, reentry.via])
  const span = { from: reentry.outer.index, to: reentry.outer.end }
  const during = transfersIn(tx.facts, span)
  const taken = during.filter((transfer) => side.has(transfer.to) && !side.has(transfer.from))
  const reasons: string[] = []
  let confidence = 0.3
  if (isPureGain(netOf(during, side))) {
    confidence += 0.35
    reasons.push('within the outer call the caller’s side gained and gave nothing')
  }
  if (losesOneSided(tx, reentry)) {
    confidence += 0.25
    reasons.push('over the transaction the contracts lost assets and issued nothing for them')
  }
  if (mintedTo(during, side).length > 0) {
    confidence += 0.2
    reasons.push('claims were minted to the caller’s side between the two passes')
  }
  if (reentry.outerContract === reentry.innerContract && sameFunction(reentry)) {
    confidence += 0.05
    reasons.push('the same function was entered twice')
  }
  if (givesBack(tx, reentry, side)) confidence -= 0.4
  return { reentry, confidence: Math.max(0, Math.min(0.98, confidence)), reasons, taken }
}

function sameFunction({ outer, inner }: Reentry): boolean {
  return outer.input.slice(0, 10) === inner.input.slice(0, 10)
}

function losesOneSided(tx: TransactionFacts, { outerContract, innerContract }: Reentry): boolean {
  for (const contract of new Set([outerContract, innerContract])) {
    for (const [asset, amount] of tx.deltas.get(contract) ?? []) {
      if (amount < 0n && asset !== contract) return true
    }
  }
  return false
}

/** A flash loan's shape: what went out before the way back in came back, whole, before the outer call ended. */
function givesBack(
  tx: TransactionFacts,
  { outer, inner, outerContract }: Reentry,
  side: ReadonlySet<Address>,
): boolean {
  const lent = transfersIn(tx.facts, { from: outer.index, to: inner.index }).filter((transfer) =>
    side.has(transfer.to),
  )
  if (lent.length === 0) return false
  const returned = transfersIn(tx.facts, { from: inner.index, to: outer.end })
  return lent.every(
    (loan) =>
      returned.some(
        (back) => back.asset === loan.asset && back.to === loan.from && back.amount >= loan.amount,
      ) ||
      returned.some(
        (back) => back.asset === loan.asset && back.to === outerContract && back.amount >= loan.amount,
      ),
  )
}

type Context = {
  tx: TransactionFacts
  actors: ReadonlySet<Address>
  scope: Scope
  bundle: DetectorInput['facts']['bundle']
}

function findingOf(best: Verdict, all: readonly Verdict[], context: Context): Finding {
  const { tx, actors, scope, bundle } = context
  const victims = [...new Set(all.flatMap(({ reentry }) => [reentry.outerContract, reentry.innerContract]))]
  const side = [...new Set([...actors, ...all.map(({ reentry }) => reentry.via)])]
  const { outerContract, innerContract, via, outer, inner } = best.reentry
  const cross = outerContract !== innerContract
  return buildFinding(tx, bundle, {
    detector: 'reentrancy',
    severity: best.confidence >= 0.85 ? 'critical' : best.confidence >= 0.6 ? 'high' : 'medium',
    confidence: best.confidence,
    categories: cross ? ['reentrancy', 'cross-contract-reentrancy'] : ['reentrancy'],
    protected: scope.kind === 'contracts' ? victims.filter((victim) => scope.addresses.has(victim)) : [],
    victims,
    actors: side,
    profit: changesOf(tx, side).profit,
    loss: changesOf(tx, victims).loss,
    evidence: all.slice(0, 8).map((verdict) => ({
      statement: statementOf(verdict),
      frames: [verdict.reentry.outer.index, verdict.reentry.inner.index],
      amounts: verdict.taken.slice(0, 8).map(({ to, asset, amount }) => ({ account: to, asset, amount })),
    })),
    message: cross
      ? `${innerContract} was entered by ${via} while a call into ${outerContract}, which shares its books, was unfinished (frames ${outer.index}, ${inner.index}).`
      : `${outerContract} was entered again by ${via} before its first call had finished (frames ${outer.index}, ${inner.index}).`,
  })
}

function statementOf({ reentry, reasons }: Verdict): string {
  const { outer, inner, outerContract, innerContract, via } = reentry
  const flow = `frame ${outer.index} entered ${outerContract} (${outer.input.slice(0, 10)}); before it returned, ${via} entered ${innerContract} (${inner.input.slice(0, 10)}) in frame ${inner.index}`
  return reasons.length === 0 ? flow : `${flow}; ${reasons.join('; ')}`
}
