import type { Address } from '../../../model/hex.ts'
import type { Births } from '../../lib/births.ts'
import type { Payment } from '../../lib/payments.ts'
import { coveredOf } from '../../lib/question.ts'
import { type Book, claimIn } from './books.ts'
import type { Outflow } from './outflows.ts'

/**
 * An account that gets less than this part of an outflow is paid a fee by it: its past is not evidence for the rest.
 */
const FEE_PART = 20n

/**
 * True where the contract, or every account that asked for the outflow or got more of it than a fee, is known from its
 * birth. An amount that returns to the token itself is burned, as Compound's claims are, and no account gets it.
 */
export function knowsPayers(outflow: Outflow, { whole, born }: Births, sender: Address | null): boolean {
  if (whole.has(outflow.contract)) return true
  const kept = outflow.payments.map((payment) => {
    const isNobodys =
      payment.recipient === payment.asset ||
      (outflow.recipients.get(payment.recipient) ?? 0n) * FEE_PART < outflow.amount
    return isNobodys ? { ...payment, recipient: sender ?? payment.recipient } : payment
  })
  return claimants(kept, sender).every((account) => born.has(account))
}

/**
 * The part of an outflow that the accounts that asked for it or got it had deposited before, or others for them: no
 * other account's deposit counts for theirs.
 */
export function paidInBy({ amount, payments }: Outflow, book: Book, sender: Address | null): bigint {
  const owners = claimants(payments, sender)
  const claims = new Map(
    owners.map((account) => [account, claimIn(book, account, (payer) => owners.includes(payer))]),
  )
  return coveredOf({ amount, payments }, claims, sender)
}

function claimants(payments: readonly Payment[], sender: Address | null): Address[] {
  const accounts = new Set([sender, ...payments.flatMap(({ asker, recipient }) => [asker, recipient])])
  return [...accounts].filter((account) => account !== null)
}
