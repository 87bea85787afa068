import { entryFrame } from '../../../model/block.ts'
import type { DetectorInput } from '../../../model/detector.ts'
import { inScope } from '../../../model/detector.ts'
import type { TransactionFacts, TransferFact } from '../../../model/fact.ts'
import type { Address } from '../../../model/hex.ts'
import { ZERO_ADDRESS } from '../../../model/hex.ts'
import type { Claim } from '../../lib/claims.ts'
import { transfersIn } from '../../lib/flows.ts'
import { CATEGORY, type Norms } from './judge.ts'
import type { Memory } from './memory.ts'
import { keep, noteRate, rateOf } from './memory.ts'

/** The claims that a vault issued in one transaction, and the one asset that was paid for them, if any. */
type Issue = {
  vault: Address
  claim: Address
  amount: bigint
  given: { asset: TransferFact['asset']; amount: bigint } | null
  to: Address
  frame: number
}

export type Issuing = { tx: TransactionFacts; actors: ReadonlySet<Address>; scope: DetectorInput['scope'] }

/** Records the issues and their prices, and reports options that were issued for free where no others were. */
export function takeIssues({ tx, actors, scope }: Issuing, memory: Memory, norms: Norms): Claim[] {
  const claims: Claim[] = []
  for (const fact of tx.facts) {
    if (fact.kind !== 'transfer' || fact.from !== ZERO_ADDRESS || fact.asset === 'native') continue
    if (fact.tokenId !== null) noteposition(fact, { tx, scope, memory })
    else {
      const issue = issueOf(fact, fact.asset, { tx, scope })
      if (issue === undefined) continue
      if (issue.given !== null) noteBacking(issue, memory)
      else if (actors.has(issue.to) && wasAlwaysBacked(issue, memory, norms) && paidNothing(tx, actors))
        claims.push(unbacked(issue))
    }
  }
  return claims
}

function paidNothing(tx: TransactionFacts, actors: ReadonlySet<Address>): boolean {
  return !tx.facts.some((it) => it.kind === 'transfer' && actors.has(it.from) && !actors.has(it.to))
}

type Within = { tx: TransactionFacts; scope: DetectorInput['scope'] }

/** The issuer: the account that called the token, or the token itself, whichever is protected. */
function issuerOf(transfer: TransferFact, token: Address, { tx, scope }: Within): Address | undefined {
  const entry = entryFrame(token, transfer.frame, tx.transaction.frames)
  const asked = entry === undefined ? null : (tx.transaction.frames[entry.parent]?.context ?? null)
  return [asked, token].find((it): it is Address => inScope(scope, it))
}

function noteposition(transfer: TransferFact, { tx, scope, memory }: Within & { memory: Memory }): void {
  if (transfer.asset === 'native') return
  const vault = issuerOf(transfer, transfer.asset, { tx, scope })
  if (vault === undefined || transfer.standard !== 'erc721') return
  keep(memory.positions, `${vault}${transfer.tokenId}`, transfer.asset)
  memory.paid.delete(`${vault}#${transfer.tokenId}`)
}

function issueOf(transfer: TransferFact, claim: Address, within: Within): Issue | undefined {
  const vault = issuerOf(transfer, claim, within)
  if (vault === undefined || transfer.amount === 0n) return undefined
  const { tx } = within
  const entry = entryFrame(vault, transfer.frame, tx.transaction.frames)
  const span = { from: entry?.index ?? -1, to: entry?.end ?? transfer.frame + 1 }
  const given = transfersIn(tx.facts, span).filter(
    (it) => it.to === vault && it.asset !== claim && it.tokenId === null,
  )
  const assets = new Set(given.map(({ asset }) => asset))
  const [asset] = assets
  return {
    vault,
    claim,
    amount: transfer.amount,
    to: transfer.to,
    frame: transfer.frame,
    given:
      asset === undefined || assets.size > 1
        ? null
        : { asset, amount: given.reduce((total, it) => total + it.amount, 0n) },
  }
}

function noteBacking({ vault, claim, amount, given }: Issue, memory: Memory): void {
  if (given === null || given.amount === 0n) return
  noteRate(memory.backings, `${vault}:${claim}:${given.asset}`, rateOf(given.amount, amount))
  noteRate(memory.backings, `${vault}:${claim}`, rateOf(given.amount, amount))
}

/**
 * True only for options that were exercised before, or whose issuer's other options were, and if every issue so far was
 * paid for.
 */
function wasAlwaysBacked(
  { vault, claim }: Issue,
  { backings, options }: Memory,
  { minSeen }: Norms,
): boolean {
  return options.has(`${vault}:${claim}`) && (backings.get(`${vault}:${claim}`)?.seen ?? 0) >= minSeen
}

function unbacked({ vault, claim, amount, to, frame }: Issue): Claim {
  return {
    contract: vault,
    victims: [claim],
    confidence: 0.8,
    categories: [CATEGORY, 'unbacked-mint'],
    statement: `${vault} issued ${amount} options ${claim} to ${to} and nothing was posted for them, as it was for every one before.`,
    frames: [frame],
    amounts: [{ account: to, asset: claim, amount }],
  }
}
