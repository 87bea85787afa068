import { z } from 'zod'
import type { Detector, Scope } from '../../../model/detector.ts'
import type { TransactionFacts } from '../../../model/fact.ts'
import type { Finding } from '../../../model/finding.ts'
import type { Hash } from '../../../model/hex.ts'
import { noteBirths } from '../../lib/births.ts'
import { handles, isDeposit } from '../../lib/payments.ts'
import { accountOf, payIn, takeOut } from './accounts.ts'
import { type Ledger, weighed } from './judge.ts'

const options = z.strictObject({})

/**
 * Paid in: reports nothing of its own. It remembers deposits into protected contracts, and compares them with the
 * findings of others: findings about takers who took no more than their own are recorded at `medium`, with the reason;
 * for those who took more it reports the excess. So a stranger cannot have an honest contract paused by withdrawing
 * their own deposit in an unusual way.
 */
export const paidIn: Detector<Ledger, z.infer<typeof options>> = {
  id: 'paid-in',
  title: 'Takers who take back what they had paid in do no harm',
  layer: 'pattern',
  needs: ['traces'],
  options,
  init: () => ({ accounts: new Map(), whole: new Set(), born: new Set() }),
  stateVersion: 2,
  snapshot: (ledger) => structuredClone(ledger),
  evaluate: () => [],
  weigh({ facts, scope }, { findings, yielding }, ledger) {
    const byHash = new Map<Hash | null, Finding[]>()
    for (const finding of findings) {
      const said = byHash.get(finding.transactionHash)
      if (said === undefined) byHash.set(finding.transactionHash, [finding])
      else said.push(finding)
    }
    const answers = new Map<Finding, Finding>()
    for (const tx of facts.transactions) {
      const said = byHash.get(tx.transaction.hash) ?? []
      for (const [finding, answer] of weighed(said, { tx, ledger, yielding })) answers.set(finding, answer)
      learn(tx, ledger, scope)
    }
    return answers.size === 0 ? findings : findings.map((finding) => answers.get(finding) ?? finding)
  },
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
    for (const contract of [from, to])
      if (addresses.has(contract) && handles(contract, asset, frames))
        accountOf(ledger.accounts, contract, asset).isHandled = true
    if (addresses.has(to) && asset !== to && isDeposit(fact, frames))
      payIn(accountOf(ledger.accounts, to, asset), from, amount)
    if (addresses.has(from) && asset !== from) takeOut(accountOf(ledger.accounts, from, asset), to, amount)
  }
}
