import type { Finding, Severity } from '../../../model/finding.ts'
import { atLeast } from '../../../model/finding.ts'
import { wordAt } from '../../../model/hex.ts'
import type { StateCall, StateRead } from '../../../model/state-read.ts'
import { answersOf } from '../../lib/view-call.ts'
import { balanceCall } from './balances.ts'
import type { Outflow } from './outflows.ts'

/**
 * An outflow of an asset that the contract was never seen to deal in before: the whole that it is a part of is unknown.
 */
export type OpenShare = {
  outflow: Pick<Outflow, 'contract' | 'asset' | 'amount'>
  /** Base units that nothing accounts for. */
  unmatched: bigint
  isSure: boolean
  minShareBps: number
}
type Open = { shares: readonly OpenShare[]; confidence: number }
type Weigh = (shareBps: number, isSure: boolean) => { confidence: number; severity: Severity }

/** Keyed by the first piece of evidence: findings are copied on their way, their evidence is not. */
const open = new WeakMap<Finding['evidence'][number], Open>()

export function leaveOpen(finding: Finding, shares: readonly OpenShare[]): void {
  const [first] = finding.evidence
  if (first !== undefined && shares.length > 0) open.set(first, { shares, confidence: finding.confidence })
}

/** The shares that a finding of this process leaves open; none where its confidence was lowered meanwhile. */
export function openShares({ evidence: [first], confidence }: Finding): readonly OpenShare[] {
  const known = first === undefined ? undefined : open.get(first)
  return known === undefined || confidence < known.confidence ? [] : known.shares
}

/** The calls to make on the state before the block. */
export function callsFor(shares: readonly OpenShare[]): StateCall[] {
  return shares.map(({ outflow }) => balanceCall(outflow.contract, outflow.asset))
}

/** The finding, weighed by the contract's balance; null where the outflow is too small a part to report. */
export function withShares(
  finding: Finding,
  { shares, reads, weigh }: { shares: readonly OpenShare[]; reads: readonly StateRead[]; weigh: Weigh },
): Finding | null {
  const answers = answersOf(reads)
  const weighed = shares.flatMap(({ outflow, unmatched, isSure, minShareBps }) => {
    const { to, data } = balanceCall(outflow.contract, outflow.asset)
    const word = wordAt(answers.get(`${to}:${data}`) ?? '0x', 0)
    const balance = word === undefined ? 0n : BigInt(`0x${word}`)
    // A contract that pays out more than it had received it on the way: nothing is known.
    if (balance < unmatched) return []
    const shareBps = Number((unmatched * 10_000n) / balance)
    const statement = `${outflow.amount} of ${outflow.asset} left ${outflow.contract}: ${(shareBps / 100).toFixed(1)} % of what it had at the block before; no inflow, debt or burn accounts for it; the takers ${isSure ? 'had not paid it in' : 'were not seen to pay it in'}`
    return [{ statement, isSmall: shareBps < minShareBps, ...weigh(shareBps, isSure) }]
  })
  if (weighed.length === shares.length && weighed.every(({ isSmall }) => isSmall)) return null
  const [worst] = weighed.filter(({ isSmall }) => !isSmall).sort((a, b) => b.confidence - a.confidence)
  if (worst === undefined || worst.confidence < finding.confidence) return finding
  const { confidence, severity, statement } = worst
  return {
    ...finding,
    confidence,
    severity: atLeast(finding.severity, severity) ? finding.severity : severity,
    evidence: [{ statement, frames: [], amounts: [] }, ...finding.evidence],
    message: `${statement}.`,
  }
}
