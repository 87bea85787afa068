import { NATIVE } from '../../model/block.ts'
import type { Finding } from '../../model/finding.ts'
import type { Address } from '../../model/hex.ts'
import type { Evidence } from './evidence.ts'
import { isWrappedCoin } from './worth.ts'

/** A contract whose rule may have let value out, with the reasons, the strongest first. */
export type Culprit = { account: Address; score: number; reasons: string[] }

/** How much each sign counts; tuned on the attacks before 2022 (bench/root-cause.ts). */
const WEIGHT = {
  lost: 1,
  taken: 1,
  reentered: 0.6,
  spender: 0.9,
  consent: 0.9,
  rewritten: 0.9,
  direct: 1.5,
  directPaid: 0.8,
  named: 0.9,
  alsoNamed: 0.2,
  influence: 0.5,
  traded: 0.6,
}
/** A sign on an account that neither lost nor gave anything counts only in part: lenders are re-entered by design. */
const ALONE = 0.3

const MOST = 16
/** A contract with less than this part of the first score has no part in the cause. */
const LEAST_PART = 0.1

/** Ranks the contracts of strangers by their part in the attack. An account that ran no code had no rule. */
export function culpritsOf(evidence: readonly Evidence[], findings: readonly Finding[]): Culprit[] {
  const signs = new Map<Address, { score: number; reasons: [number, string][] }>()
  const add = (account: Address, score: number, reason: string): void => {
    if (!(score > 0) || !Number.isFinite(score)) return
    const known = signs.get(account) ?? { score: 0, reasons: [] }
    signs.set(account, known)
    known.score += score
    known.reasons.push([score, reason])
  }
  const part = 1 / Math.max(1, evidence.length)
  for (const one of evidence) addSigns(one, part, add)
  addFindings(findings, add)
  const own = new Set(evidence.flatMap(({ acting }) => [...acting.side]))
  const running = new Set(
    evidence.flatMap(({ acting }) => acting.tx.transaction.frames.map(({ context }) => context)),
  )
  const ranked = [...signs]
    .filter(([account]) => !own.has(account) && running.has(account))
    .map(([account, { score, reasons }]) => ({
      account,
      score,
      reasons: reasons.sort((a, b) => b[0] - a[0]).map(([, reason]) => reason),
    }))
    .sort((a, b) => b.score - a.score)
  const least = (ranked[0]?.score ?? 0) * LEAST_PART
  return ranked.filter(({ score }) => score >= least).slice(0, MOST)
}

type Add = (account: Address, score: number, reason: string) => void

const percent = (share: number): string => `${Math.round(share * 100)} %`

function addSigns(evidence: Evidence, part: number, add: Add): void {
  const { taken, reentries, rewrites, consents, lost } = evidence
  addDirect(evidence, part, add)
  addAlike(evidence, part, add)
  for (const [account, share] of lost)
    add(
      account,
      WEIGHT.lost * share * part,
      `it bears ${percent(share)} of the losses, at the prices before the attack`,
    )
  for (const [account, share] of taken)
    add(
      account,
      WEIGHT.taken * share * part,
      `${percent(share)} of what the attacker took came out by its functions`,
    )
  const involved = (account: Address): number =>
    Math.min(1, ALONE + (lost.get(account) ?? 0) + (taken.get(account) ?? 0))
  for (const account of new Set(reentries.map((one) => one.account)))
    add(
      account,
      WEIGHT.reentered * involved(account) * part,
      'it was called again while a call of it was unfinished',
    )
  for (const account of new Set(consents.map(({ owner }) => owner)))
    add(account, WEIGHT.consent * part, 'it let the attacker spend its tokens')
  addSpenders(evidence, part, add)
  addTraded(evidence, part, add)
  for (const { account, part: used } of evidence.influences)
    add(
      account,
      WEIGHT.influence * used * part,
      'the attacker changed its state just before, and the payout used it',
    )
  const rewritten = new Map<Address, number>()
  for (const { token, part: changed } of rewrites)
    rewritten.set(token, Math.max(rewritten.get(token) ?? 0, changed))
  for (const [token, changed] of rewritten)
    add(token, WEIGHT.rewritten * changed * part, 'its own code changed the balance of a pool or a holder')
}

/** The sender called it, with nothing of the attacker’s in between. */
function addDirect({ acting: { tx, side }, movements }: Evidence, part: number, add: Add): void {
  const { to, input } = tx.transaction
  if (to === null || side.has(to) || input.length < 10) return
  const weight = movements.length === 0 ? WEIGHT.direct : WEIGHT.directPaid
  add(to, weight * part, 'the sender called it directly')
}

/** Of several contracts that paid by the same function, the first stands for all. */
function addAlike({ takings, taken, lost }: Evidence, part: number, add: Add): void {
  const groups = new Map<string, Address[]>()
  for (const [account, { selector }] of takings)
    if (selector.length === 10) groups.set(selector, [...(groups.get(selector) ?? []), account])
  for (const accounts of groups.values()) {
    const [first, ...others] = accounts.sort(
      (a, b) => (takings.get(a)?.first ?? 0) - (takings.get(b)?.first ?? 0),
    )
    if (first === undefined || others.length === 0) continue
    let share = 0
    for (const account of others)
      share += (taken.get(account) ?? 0) * WEIGHT.taken + (lost.get(account) ?? 0) * WEIGHT.lost
    add(first, share * part, `the first of ${accounts.length} contracts that paid by the same function`)
  }
}

/** Those who moved the tokens of owners that took no part, by the value that they moved. */
function addSpenders({ spendings, worth, lost, acting }: Evidence, part: number, add: Add): void {
  const values = new Map<Address, number>()
  let total = 0
  for (const { spender, owner, asset, amount } of spendings) {
    if (!lost.has(owner) || (spender === null && acting.ledger.wrappers.has(asset))) continue
    const value = Number(amount) * (worth.get(asset) ?? 0)
    total += value
    const account = spender ?? asset
    values.set(account, (values.get(account) ?? 0) + value)
  }
  if (!(total > 0)) return
  const isLoss = [...new Set(spendings.map(({ owner }) => owner))].reduce(
    (sum, owner) => sum + (lost.get(owner) ?? 0),
    0,
  )
  for (const [account, value] of values)
    add(
      account,
      WEIGHT.spender * Math.min(1, isLoss) * (value / total) * part,
      'it moved tokens of owners that took no part',
    )
}

/**
 * A pool that trades by a formula loses only where a balance was changed for it: the tokens that it trades, but for established ones,
 * are suspected with it.
 */
function addTraded({ acting: { tx, ledger }, lost, established }: Evidence, part: number, add: Add): void {
  const traded = new Map<string, Set<Address>>()
  for (const fact of tx.facts) {
    if (fact.kind !== 'swap' || !lost.has(fact.pool)) continue
    for (const asset of [fact.assetIn, fact.assetOut]) {
      if (asset === NATIVE || ledger.wrappers.has(asset) || established.has(asset) || isWrappedCoin(asset))
        continue
      traded.set(asset, (traded.get(asset) ?? new Set()).add(fact.pool))
    }
  }
  for (const [asset, pools] of traded) {
    let share = 0
    for (const pool of pools) share += lost.get(pool) ?? 0
    add(
      asset as Address,
      WEIGHT.traded * Math.min(1, share) * part,
      'it is traded by the pool that lost, whose balance its own code may change',
    )
  }
}

function addFindings(findings: readonly Finding[], add: Add): void {
  const best = new Map<Address, number>()
  for (const { victims, confidence } of findings)
    victims.forEach((account, index) => {
      const score = confidence ** 2 * (index === 0 ? WEIGHT.named : WEIGHT.alsoNamed)
      best.set(account, Math.max(best.get(account) ?? 0, score))
    })
  for (const [account, score] of best) add(account, score, 'a rule names it as the victim')
}
