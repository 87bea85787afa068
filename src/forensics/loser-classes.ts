import type { TransactionFacts } from '../model/fact.ts'
import type { Address } from '../model/hex.ts'
import type { Investigation } from '../model/investigation.ts'
import type { LoserClass } from '../model/scope-at-risk.ts'
import { centsOf, usdText } from '../model/usd.ts'

type Victim = Investigation['victims'][number]

/** The class of an account that an action was done by or for; the strongest relation to the protocol counts. */
const BY_ACTION: Readonly<Record<string, LoserClass>> = {
  exercise: 'derivatives-trader',
  settle: 'derivatives-trader',
  open: 'derivatives-trader',
  close: 'derivatives-trader',
  borrow: 'borrower',
  repay: 'borrower',
  liquidate: 'borrower',
  mint: 'liquidity-provider',
  burn: 'liquidity-provider',
  deposit: 'liquidity-provider',
  withdraw: 'liquidity-provider',
}
const ORDER: readonly LoserClass[] = [
  'pool',
  'protocol',
  'derivatives-trader',
  'borrower',
  'liquidity-provider',
  'user',
  'unknown',
]

/**
 * Losses by the losers' relation to the protocol, as the transactions read show it: a pool by its swaps, a contract by
 * the code that it ran, an account by its deposits, loans and positions; an account that only held or traded is a user.
 * An account with no observation except its loss is `unknown`.
 */
export function lossByClass(
  victims: readonly Victim[],
  transactions: readonly TransactionFacts[],
): Investigation['lossByClass'] {
  const seen = seenAs(transactions)
  const classes = new Map<LoserClass, Victim[]>()
  for (const victim of victims) {
    if (victim.loss.length === 0) continue
    const all = seen.get(victim.address) ?? new Set<LoserClass>()
    const name = ORDER.find((item) => all.has(item)) ?? 'unknown'
    classes.set(name, [...(classes.get(name) ?? []), victim])
  }
  return ORDER.flatMap((name) => {
    const members = classes.get(name)
    return members === undefined ? [] : [{ class: name, accounts: members.length, loss: summed(members) }]
  })
}

function seenAs(transactions: readonly TransactionFacts[]): ReadonlyMap<Address, ReadonlySet<LoserClass>> {
  const seen = new Map<Address, Set<LoserClass>>()
  const note = (address: Address | null, name: LoserClass): void => {
    if (address === null) return
    const all = seen.get(address) ?? new Set()
    seen.set(address, all.add(name))
  }
  for (const { transaction, facts } of transactions) {
    note(transaction.from, 'user')
    for (const { type, to, context, index, end, output } of transaction.frames)
      if (type.startsWith('CREATE') || end > index + 1 || output !== '0x') {
        note(to, 'protocol')
        note(context, 'protocol')
      }
    for (const fact of facts) {
      if (fact.kind === 'swap') {
        note(fact.pool, 'pool')
        note(fact.trader, 'user')
      }
      if (fact.kind === 'approval') note(fact.owner, 'user')
      const name = fact.kind === 'action' ? BY_ACTION[fact.action] : undefined
      if (fact.kind !== 'action' || name === undefined) continue
      note(fact.contract, 'protocol')
      for (const account of [fact.actor, fact.beneficiary]) if (account !== fact.contract) note(account, name)
    }
  }
  return seen
}

type Loss = Victim['loss'][number]

function summed(victims: readonly Victim[]): Loss[] {
  const sums = new Map<string, Loss[]>()
  for (const item of victims.flatMap(({ loss }) => loss)) {
    const key = `${item.asset}/${item.tokenId ?? ''}`
    sums.set(key, [...(sums.get(key) ?? []), item])
  }
  return [...sums.values()].flatMap(([first, ...others]) =>
    first === undefined ? [] : [others.reduce(added, first)],
  )
}

/** Dollars only if every part has them. */
function added(a: Loss, b: Loss): Loss {
  const { usd: first, ...rest } = a
  const amount = a.amount + b.amount
  if (first === undefined || b.usd === undefined) return { ...rest, amount }
  return { ...rest, amount, usd: usdText(centsOf(first) + centsOf(b.usd)) }
}
