import type { ActionFact, Fact, SwapFact, TransactionFacts } from '../model/fact.ts'
import type { Finding } from '../model/finding.ts'
import type { Address } from '../model/hex.ts'
import type { InvestigationStep } from '../model/investigation.ts'

export type StepsOptions = {
  transactions: readonly TransactionFacts[]
  findings: readonly Finding[]
  attackers: ReadonlySet<Address>
  victims: ReadonlySet<Address>
  /** What addresses are called here. */
  nameOf: (address: string) => string
}

const MOST = 400

/** What the attackers did, in order: borrowed, traded, deposited, took; and what the findings point at, where it happened. */
export function stepsOf({ transactions, findings, ...options }: StepsOptions): InvestigationStep[] {
  return transactions
    .flatMap(({ transaction, facts }) => {
      const told = facts.flatMap((fact): [number, string][] => {
        const text = textOf(fact, options)
        return text === undefined ? [] : [[fact.frame, text]]
      })
      const shown = findings
        .filter(({ transactionHash }) => transactionHash === transaction.hash)
        .flatMap(({ evidence }) => evidence)
        .map((item): [number, string] => [item.frames[0] ?? -1, `▶ ${item.statement}`])
      return [...told, ...shown]
        .map(([frame, text], order) => ({ frame, text, order }))
        .sort((a, b) => a.frame - b.frame || a.order - b.order)
        .map(({ frame, text }) => ({ transactionHash: transaction.hash, frame, text }))
    })
    .slice(0, MOST)
}

type Telling = Omit<StepsOptions, 'transactions' | 'findings'>

function textOf(fact: Fact, telling: Telling): string | undefined {
  const { attackers, victims, nameOf } = telling
  switch (fact.kind) {
    case 'swap':
      return attackers.has(fact.trader ?? '0x') ? swapText(fact, nameOf) : undefined
    case 'action':
      return isTheirs(fact, attackers) ? actionText(fact, nameOf) : undefined
    case 'control':
      return `${fact.change.replace('-', ' ')} on ${nameOf(fact.contract)}${fact.subject === null ? '' : `: ${nameOf(fact.subject)}`}`
    case 'transfer': {
      if (!attackers.has(fact.to) || !victims.has(fact.from)) return undefined
      const what = fact.tokenId === null ? `${fact.amount}` : `${fact.amount} of token ${fact.tokenId}`
      return `${nameOf(fact.from)} pays ${what} of ${nameOf(fact.asset)} to ${nameOf(fact.to)}`
    }
    case 'approval':
      return attackers.has(fact.spender) && !attackers.has(fact.owner)
        ? `${nameOf(fact.owner)} lets ${nameOf(fact.spender)} take ${fact.amount} of ${nameOf(fact.asset)}`
        : undefined
    case 'valuation':
    case 'discrepancy':
      return undefined
  }
}

function isTheirs({ actor, beneficiary }: ActionFact, attackers: ReadonlySet<Address>): boolean {
  return attackers.has(actor ?? '0x') || attackers.has(beneficiary ?? '0x')
}

function swapText(
  { pool, assetIn, assetOut, amountIn, amountOut }: SwapFact,
  nameOf: Telling['nameOf'],
): string {
  return `swaps ${amountIn} of ${nameOf(assetIn)} for ${amountOut} of ${nameOf(assetOut)} in ${nameOf(pool)}`
}

const VERBS: Readonly<Record<ActionFact['action'], string>> = {
  mint: 'mints',
  burn: 'burns',
  deposit: 'deposits',
  withdraw: 'withdraws',
  borrow: 'borrows',
  repay: 'repays',
  liquidate: 'liquidates',
  'flash-loan': 'takes a flash loan of',
  exercise: 'exercises',
  settle: 'settles',
  open: 'opens',
  close: 'closes',
}

function actionText({ action, contract, given, taken }: ActionFact, nameOf: Telling['nameOf']): string {
  const amounts = (of: ActionFact['given']): string =>
    of
      .map(({ asset, amount }) => `${amount} of ${asset === null ? 'something' : nameOf(asset)}`)
      .join(' and ')
  const isOut = action === 'borrow' || action === 'withdraw' || action === 'flash-loan'
  const [main, other] = isOut ? [taken, given] : [given, taken]
  const what = amounts(main.length > 0 ? main : other)
  const forWhat = main.length > 0 && other.length > 0 ? ` for ${amounts(other)}` : ''
  return `${VERBS[action]} ${what}${forWhat} ${isOut ? 'from' : 'at'} ${nameOf(contract)}`.replace(
    / {2,}/g,
    ' ',
  )
}
