import type { Detector, DetectorInput, Scope } from '../../../model/detector.ts'
import { inScope } from '../../../model/detector.ts'
import type { TransactionFacts, TransferFact } from '../../../model/fact.ts'
import type { AssetChange, Finding } from '../../../model/finding.ts'
import type { Address } from '../../../model/hex.ts'
import { actorCluster } from '../../lib/actors.ts'
import { buildFinding } from '../../lib/build-finding.ts'
import { changesOf, isPureGain, mintedTo, netOf, transfersIn } from '../../lib/flows.ts'
import { isDeposit } from '../../lib/payments.ts'
import type { ConfidenceOptions } from '../../lib/per-transaction.ts'
import { confidenceOptions, perTransaction } from '../../lib/per-transaction.ts'
import type { Kind } from './chain.ts'
import type { Reentry } from './reentries.ts'
import { findReentries } from './reentries.ts'

/**
 * Reentrancy (SWC-107): a caller-chosen contract got control inside an unfinished call into V and called V again, or a
 * contract that shares V's books, and value moved to the caller that a single pass would not have moved. Flash
 * callbacks, hooks and refunds look similar, but they give back what they took, or take nothing.
 */
export const reentrancy: Detector = perTransaction({
  id: 'reentrancy',
  title: 'A contract was entered again before its first call had finished',
  yieldsToOwners: true,
  options: confidenceOptions,
  evaluate,
})

function evaluate(
  tx: TransactionFacts,
  { facts, scope }: DetectorInput,
  options: ConfidenceOptions,
): Finding[] {
  const { frames } = tx.transaction
  if (frames.length < 4 || tx.transaction.succeeded === false) return []
  const actors = actorCluster(tx, scope)
  const { to } = tx.transaction
  // the contract that the sender calls may be their own wallet, which a flash lender calls back
  const own = scope.kind === 'everything' && to !== null ? new Set([...actors, to]) : actors
  const reentries = findReentries(frames, (contract) => kindOf(contract, own, scope))
  if (reentries.length === 0) return []
  const judged = reentries
    .map((reentry) => judge(reentry, tx, actors))
    .filter((verdict) => verdict !== undefined)
    .filter((verdict) => verdict.confidence >= options.minConfidence)
    .sort((a, b) => b.confidence - a.confidence)
  const best = judged[0]
  if (best === undefined) return []
  return [findingOf(best, judged, { tx, actors, scope, bundle: facts.bundle })]
}

function kindOf(contract: Address, actors: ReadonlySet<Address>, scope: Scope): Kind {
  if (actors.has(contract)) return 'actor'
  return inScope(scope, contract) ? 'watched' : 'other'
}

type Verdict = { reentry: Reentry; confidence: number; reasons: string[]; taken: TransferFact[] }

/** Evaluates the movements. The control flow alone is only half a proof: hooks and callbacks have it too. */
function judge(reentry: Reentry, tx: TransactionFacts, actors: ReadonlySet<Address>): Verdict | undefined {
  const side = new Set([...actors, reentry.via])
  const during = transfersIn(tx.facts, { from: reentry.outer.index, to: reentry.outer.end })
  const taken = during.filter((transfer) => side.has(transfer.to) && !side.has(transfer.from))
  // A router directs every pool, but only a contract that pays has books that can be cheated.
  const pays = taken.some(
    (transfer) => transfer.from === reentry.outerContract && transfer.frame < reentry.inner.index,
  )
  if (reentry.outerContract !== reentry.innerContract && !pays) return undefined
  const signs = signsOf(reentry, { tx, during, side })
  if (!signs.some((sign) => sign.harm)) return undefined
  let confidence = signs.reduce((sum, sign) => sum + sign.weight, 0.3)
  if (reentry.attempted) confidence = Math.min(confidence, 0.55)
  if (givesBack(tx, reentry, side)) confidence -= 0.4
  return {
    reentry,
    confidence: Math.max(0, Math.min(0.98, confidence)),
    reasons: signs.map((sign) => sign.reason),
    taken,
  }
}

/** `harm`: an account may have lost by it; without any such sign there is nothing to report. */
type Sign = { weight: number; reason: string; harm: boolean }
type Moved = { tx: TransactionFacts; during: readonly TransferFact[]; side: ReadonlySet<Address> }

function signsOf(reentry: Reentry, { tx, during, side }: Moved): Sign[] {
  const signs: Sign[] = []
  const say = (weight: number, reason: string, harm: boolean): void => {
    signs.push({ weight, reason, harm })
  }
  const cross = reentry.outerContract !== reentry.innerContract
  if (isPureGain(netOf(during, side))) {
    say(0.35, 'within the outer call the caller’s side gained and gave nothing', cross)
  }
  if (losesSomething(tx, reentry)) {
    say(0.25, 'over the transaction the contracts lost assets', true)
  } else if (!cross && isPureGain(netOf(during, side)) && paidInAgain(tx, reentry).length > 0) {
    say(0.25, 'what was taken was paid in again afterwards, as a deposit that can be taken out', true)
  }
  if (mintedTo(during, side).length > 0) {
    say(0.25, 'claims were minted to the caller’s side between the two passes', true)
  }
  if (!cross && sameFunction(reentry)) say(0.05, 'the same function was entered twice', false)
  if (reentry.attempted) say(0, 'the way back in was refused this time', false)
  return signs
}

function sameFunction({ outer, inner }: Reentry): boolean {
  return outer.input.slice(0, 10) === inner.input.slice(0, 10)
}

function losesSomething(tx: TransactionFacts, { outerContract, innerContract }: Reentry): boolean {
  for (const contract of new Set([outerContract, innerContract])) {
    for (const [asset, amount] of tx.deltas.get(contract) ?? []) {
      if (amount < 0n && asset !== contract) return true
    }
  }
  return false
}

/**
 * The amount that the outer contract had lost when its call ended and then received as a deposit: over the transaction
 * it lacks nothing, but an account now has a claim that was not paid for.
 */
function paidInAgain(tx: TransactionFacts, { outer, outerContract }: Reentry): AssetChange[] {
  const { frames } = tx.transaction
  const account = new Set([outerContract])
  const deposits = transfersIn(tx.facts, { from: outer.end, to: frames.length }).filter(
    (transfer) =>
      transfer.to === outerContract && transfer.asset !== outerContract && isDeposit(transfer, frames),
  )
  const before = netOf(transfersIn(tx.facts, { from: 0, to: outer.end }), account)
  return [...netOf(deposits, account)].flatMap(([asset, paid]) => {
    const lost = -(before.get(asset) ?? 0n)
    const amount = lost < paid ? lost : paid
    return amount > 0n ? [{ account: outerContract, asset, amount }] : []
  })
}

/** The shape of a flash loan: the amount that left before the re-entry returns in full before the outer call ends. */
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
  const { loss } = changesOf(tx, victims)
  return buildFinding(tx, bundle, {
    detector: 'reentrancy',
    severity: best.confidence >= 0.85 ? 'critical' : best.confidence >= 0.6 ? 'high' : 'medium',
    confidence: best.confidence,
    categories: cross ? ['reentrancy', 'cross-contract-reentrancy'] : ['reentrancy'],
    protected: scope.kind === 'contracts' ? victims.filter((victim) => scope.addresses.has(victim)) : [],
    victims,
    actors: side,
    profit: changesOf(tx, side).profit,
    loss: loss.length > 0 ? loss : paidInAgain(tx, best.reentry),
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
