import { z } from 'zod'
import type { Asset } from '../../model/block.ts'
import type { Detector, Scope } from '../../model/detector.ts'
import type { TransactionFacts } from '../../model/fact.ts'
import type { Finding } from '../../model/finding.ts'
import { atLeast } from '../../model/finding.ts'
import type { Address, Hash } from '../../model/hex.ts'
import { type Births, noteBirths } from '../births.ts'
import { balancesRead } from '../drain/read-balances.ts'
import { type Accounts, accountOf, claimOf, payIn, takeOut } from './accounts.ts'
import { hasIssued, isDeposit } from './payments.ts'
import { coveredOf, lossesOf, paymentsOf, type Taken } from './question.ts'
import { isOwn, lowered, type Weighed, withExcess } from './weigh.ts'

type Ledger = Births & { accounts: Accounts }

const options = z.strictObject({})

/**
 * Paid in: says nothing by itself. It remembers who paid what into protected contracts, and holds it against what others
 * found: takers who took no more than was their own are on record at `medium`, with the reason; of those who took more it
 * says how much more. So a stranger cannot have an honest contract paused by withdrawing their own deposit in an odd way.
 */
export const paidIn: Detector<Ledger, z.infer<typeof options>> = {
  id: 'paid-in',
  title: 'Takers who take back what they had paid in do no harm',
  layer: 'pattern',
  needs: ['traces'],
  options,
  init: () => ({ accounts: new Map(), whole: new Set(), born: new Set() }),
  stateVersion: 1,
  snapshot: (ledger) => structuredClone(ledger),
  evaluate: () => [],
  weigh({ facts, scope }, { findings, yielding }, ledger) {
    const { size } = yielding
    const byHash = new Map<Hash | null, Finding[]>()
    if (size > 0)
      for (const finding of findings)
        byHash.set(finding.transactionHash, [...(byHash.get(finding.transactionHash) ?? []), finding])
    const answers = new Map<Finding, Finding>()
    for (const tx of facts.transactions) {
      const said = byHash.get(tx.transaction.hash) ?? []
      const about = said.filter(({ detector }) => yielding.has(detector))
      if (about.length > 0)
        for (const [finding, answer] of weighed(about, {
          tx,
          ledger,
          first: !said.some((it) => isRemark(it, yielding)),
        }))
          answers.set(finding, answer)
      learn(tx, ledger, scope)
    }
    return answers.size === 0 ? findings : findings.map((finding) => answers.get(finding) ?? finding)
  },
}

/** What is still to be asked of the contracts themselves about a finding: who took what, and who may say it was theirs. */
export type OpenQuestion = { taken: readonly Weighed[]; sender: Address | null }

const questions = new WeakMap<Finding, OpenQuestion>()

/** The question that a finding of this process leaves open; undefined where there is none. */
export function openQuestion(finding: Finding): OpenQuestion | undefined {
  return questions.get(finding)
}

/** Somebody else says already, loud enough, that the transaction is to be looked at. */
function isRemark({ detector, severity, shadow }: Finding, yielding: ReadonlySet<string>): boolean {
  return !shadow && !yielding.has(detector) && atLeast(severity, 'medium')
}

type Weighing = { tx: TransactionFacts; ledger: Ledger; first: boolean }

function weighed(about: readonly Finding[], { tx, ledger, first: isFirst }: Weighing): [Finding, Finding][] {
  let first = isFirst
  return about.flatMap((finding): [Finding, Finding][] => {
    if (finding.protected.length === 0 || !atLeast(finding.severity, 'medium')) return []
    const losses = lossesOf(finding, tx)
    if (losses === null || losses.length === 0) return []
    const taken = losses.map((loss) => weighLoss(takenOf(loss, tx, ledger), tx))
    const isIssued = finding.protected.some((contract) => hasIssued(contract, tx))
    if (isIssued || !isOwn(taken)) {
      const answer = withExcess(finding, taken)
      if (!isIssued) questions.set(answer, { taken, sender: tx.transaction.from })
      return [[finding, answer]]
    }
    const answer = lowered(finding, taken, { first, source: 'their payments show' })
    first = false
    return [[finding, answer]]
  })
}

type Loss = { contract: Address; asset: Asset; amount: bigint }

function takenOf({ contract, asset, amount }: Loss, tx: TransactionFacts, ledger: Ledger): Taken {
  const payments = paymentsOf(tx, contract, asset)
  const account = accountOf(ledger.accounts, contract, asset)
  const owners = new Set([
    tx.transaction.from,
    ...payments.flatMap(({ asker, recipient }) => [asker, recipient]),
  ])
  const known = [...owners].filter((owner) => owner !== null)
  return {
    ...{ contract, asset, amount, payments },
    paidIn: new Map(known.map((owner) => [owner, claimOf(account, owner)])),
    isWhole: new Set(known.filter((owner) => ledger.whole.has(contract) || ledger.born.has(owner))),
  }
}

function weighLoss(taken: Taken, tx: TransactionFacts): Weighed {
  const covered = coveredOf(taken, taken.paidIn, tx.transaction.from)
  const reads = balancesRead(tx, (holder) => holder === taken.contract)
  return { taken, covered, balance: reads.get(taken.contract)?.get(taken.asset) ?? null }
}

/** Deposits and payments of protected contracts, as they happen. */
function learn(tx: TransactionFacts, ledger: Ledger, scope: Scope): void {
  if (scope.kind !== 'contracts') return
  noteBirths(tx, ledger, scope)
  const { addresses } = scope
  const { frames } = tx.transaction
  for (const fact of tx.facts) {
    if (fact.kind !== 'transfer' || fact.tokenId !== null || fact.amount === 0n || fact.from === fact.to)
      continue
    const { from, to, asset, amount } = fact
    if (addresses.has(to) && asset !== to && isDeposit(fact, frames))
      payIn(accountOf(ledger.accounts, to, asset), from, amount)
    if (addresses.has(from) && asset !== from) takeOut(accountOf(ledger.accounts, from, asset), to, amount)
  }
}
