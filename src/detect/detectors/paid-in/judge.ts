import type { Asset } from '../../../model/block.ts'
import type { TransactionFacts } from '../../../model/fact.ts'
import type { Finding } from '../../../model/finding.ts'
import { atLeast } from '../../../model/finding.ts'
import type { Address } from '../../../model/hex.ts'
import type { Births } from '../../lib/births.ts'
import { handles, hasIssued } from '../../lib/payments.ts'
import { coveredOf, lossesOf, paymentsOf, type Taken } from '../../lib/question.ts'
import { balancesRead } from '../../lib/read-balances.ts'
import { type Accounts, accountOf, claimOf } from './accounts.ts'
import { disbelieved, isOwn, lowered, type Weighed, withExcess } from './weigh.ts'

/** The detector's memory: payments, and the accounts whose whole past was seen. */
export type Ledger = Births & { accounts: Accounts }

/**
 * The open question of a finding that the contracts themselves must answer: the takers, and the owners who may claim
 * the amount.
 */
export type OpenQuestion = {
  /** The finding before the comparison with payments. */
  original: Finding
  taken: readonly Weighed[]
  sender: Address | null
  first: boolean
}

const questions = new WeakMap<Finding, OpenQuestion>()

/** The question that a finding of this process leaves open; undefined where there is none. */
export function openQuestion(finding: Finding): OpenQuestion | undefined {
  return questions.get(finding)
}

/** Another finding already flags the transaction with sufficient severity. */
function isRemark({ detector, severity, shadow }: Finding, yielding: ReadonlySet<string>): boolean {
  return !shadow && !yielding.has(detector) && atLeast(severity, 'medium')
}

type Weighing = { tx: TransactionFacts; ledger: Ledger; yielding: ReadonlySet<string> }

/** The findings about a transaction that change, each with its new version. */
export function weighed(said: readonly Finding[], { tx, ledger, yielding }: Weighing): [Finding, Finding][] {
  let first = !said.some((finding) => isRemark(finding, yielding))
  return said.flatMap((finding): [Finding, Finding][] => {
    if (finding.protected.length === 0 || !atLeast(finding.severity, 'medium')) return []
    if (restsOnHearsay(finding, { tx, ledger })) return [[finding, disbelieved(finding, tx.transaction.from)]]
    if (!yielding.has(finding.detector)) return []
    const stated = lossesOf(finding, tx)
    if (stated === null || stated.length === 0) return []
    const losses = stated.filter((loss) => !isHearsay(loss, { tx, ledger }))
    if (losses.length === 0) return []
    const taken = losses.map((loss) => weighLoss(takenOf(loss, tx, ledger), tx))
    const isIssued = finding.protected.some((contract) => hasIssued(contract, tx))
    if (isIssued || !isOwn(taken)) {
      const answer = withExcess(finding, taken)
      if (!isIssued) questions.set(answer, { original: finding, taken, sender: tx.transaction.from, first })
      return [[finding, answer]]
    }
    const answer = lowered(finding, taken, { first, source: 'their payments show' })
    first = false
    return [[finding, answer]]
  })
}

/**
 * Only the token's log shows that it left the contract, whose whole past was seen: the contract never called it, now or
 * before. A stranger's token can log anything, and may stay silent once the contract is paused.
 */
function isHearsay(
  { contract, asset }: Pick<Loss, 'contract' | 'asset'>,
  { tx, ledger }: Pick<Weighing, 'tx' | 'ledger'>,
): boolean {
  if (!ledger.whole.has(contract) || handles(contract, asset, tx.transaction.frames)) return false
  return !accountOf(ledger.accounts, contract, asset).isHandled
}

/** All amounts in a finding's evidence are in tokens that are the only source for the protected contracts' loss. */
function restsOnHearsay(
  { protected: own, evidence }: Finding,
  known: Pick<Weighing, 'tx' | 'ledger'>,
): boolean {
  const assets = new Set(evidence.flatMap(({ amounts }) => amounts.map(({ asset }) => asset)))
  if (assets.size === 0) return false
  return own.every((contract) => [...assets].every((asset) => isHearsay({ contract, asset }, known)))
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
