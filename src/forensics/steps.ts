import type { Asset, Frame } from '../model/block.ts'
import type { ActionFact, Fact, SwapFact, TransactionFacts } from '../model/fact.ts'
import type { Finding } from '../model/finding.ts'
import type { Address } from '../model/hex.ts'
import type { InvestigationStep } from '../model/investigation.ts'
import { isEndless, type Tokens, tokenAmount, tokenName } from '../model/token.ts'
import { movedBy, type PriceMove, priceMove, priceText, type Ratio } from './price-moves.ts'

export type StepsOptions = {
  transactions: readonly TransactionFacts[]
  findings: readonly Finding[]
  attackers: ReadonlySet<Address>
  victims: ReadonlySet<Address>
  /** The names of addresses here. */
  nameOf: (address: string) => string
  /** The names of assets, and their decimals. */
  tokens: Tokens
}

const MOST = 400
/** Basis points by which a trade must move a price to be reported. */
const NOTABLE = 500n

/**
 * The attackers' actions, in order: borrowed, traded, deposited, took; and the frames that the findings point at, in
 * place.
 */
export function stepsOf({ transactions, findings, ...options }: StepsOptions): InvestigationStep[] {
  const so: SoFar = { times: new Map(), prices: new Map() }
  return transactions
    .flatMap(({ transaction, facts }) => {
      const told = facts.flatMap((fact) => linesOf(fact, { ...options, frames: transaction.frames, so }))
      const shown = findings
        .filter(({ transactionHash }) => transactionHash === transaction.hash)
        .flatMap(({ evidence }) => evidence)
        .map((item): [number, string] => [item.frames[0] ?? -1, `▶ ${item.statement}`])
      return distinct([...told, ...shown])
        .map(([frame, text], order) => ({ frame, text, order }))
        .sort((a, b) => a.frame - b.frame || a.order - b.order)
        .map(({ frame, text }) => ({ transactionHash: transaction.hash, frame, text }))
    })
    .slice(0, MOST)
}

/** Identical lines of several detectors about one frame appear once. */
function distinct(lines: readonly [number, string][]): [number, string][] {
  return [...new Map(lines.map((line) => [line.join(' '), line])).values()]
}

/** The count of each action, and the state in which each pool was left. */
type SoFar = { times: Map<string, number>; prices: Map<Address, Ratio> }
type Place = Telling & { frames: readonly Frame[]; so: SoFar }

/** The text of a fact, in a line or two, at its frame. A price move is reported for any account. */
function linesOf(fact: Fact, place: Place): [number, string][] {
  const text = textOf(fact, place)
  if (fact.kind === 'action' && text !== undefined)
    return [[fact.frame, `${text}${timesText(fact, place.so.times)}`]]
  if (fact.kind !== 'swap') return text === undefined ? [] : [[fact.frame, text]]
  const move = priceMove(fact, place.frames, place.so.prices)
  if (move === undefined || !movedBy(move, NOTABLE)) return text === undefined ? [] : [[fact.frame, text]]
  const who = fact.trader === null ? '' : `${place.nameOf(fact.trader)} `
  return [
    [fact.frame, text ?? `${who}${swapText(fact, place)}`],
    [fact.frame, moveText(fact, move, place)],
  ]
}

/** Acts that each right allows once: a second one with the same is worth a remark. */
const ONCE: ReadonlySet<ActionFact['action']> = new Set(['exercise', 'settle', 'liquidate'])

/** “, a second time”, if the same was done before: contract, act, given asset. */
function timesText({ action, contract, given }: ActionFact, so: SoFar['times']): string {
  if (!ONCE.has(action)) return ''
  const key = [action, contract, ...given.map(({ asset, amount }) => `${asset} ${amount}`)].join(' ')
  const times = (so.get(key) ?? 0) + 1
  so.set(key, times)
  return times === 1 ? '' : times === 2 ? ', a second time' : `, ${times} times now`
}

function moveText(
  { pool, assetIn, assetOut }: SwapFact,
  { before, after }: PriceMove,
  { nameOf, tokens }: Telling,
): string {
  const given = tokens.get(assetIn)?.decimals ?? null
  const got = tokens.get(assetOut)?.decimals ?? null
  const price = `the price of ${tokenName(assetOut, tokens)} in ${nameOf(pool)}`
  if (given === null || got === null) {
    const factor = { given: after.given * before.got, got: after.got * before.given }
    return `${price} is ${priceText(factor, [0, 0])} times what it was`
  }
  const [was, is] = [before, after].map((ratio) => priceText(ratio, [given, got]))
  return `${price} moves from ${was} to ${is} ${tokenName(assetIn, tokens)}`
}

type Telling = Omit<StepsOptions, 'transactions' | 'findings'>

function textOf(fact: Fact, telling: Telling): string | undefined {
  const { attackers, victims, nameOf, tokens } = telling
  switch (fact.kind) {
    case 'swap':
      return attackers.has(fact.trader ?? '0x') && !attackers.has(fact.pool)
        ? swapText(fact, telling)
        : undefined
    case 'action':
      return isTheirs(fact, attackers) ? actionText(fact, telling) : undefined
    case 'control':
      return `${fact.change.replace('-', ' ')} on ${nameOf(fact.contract)}${fact.subject === null ? '' : `: ${nameOf(fact.subject)}`}`
    case 'transfer': {
      if (!attackers.has(fact.to) || !victims.has(fact.from)) return undefined
      const what =
        fact.tokenId === null
          ? tokenAmount(fact, tokens)
          : `${fact.amount} of token ${fact.tokenId} of ${tokenName(fact.asset, tokens)}`
      return `${nameOf(fact.from)} pays ${what} to ${nameOf(fact.to)}`
    }
    case 'approval':
      return attackers.has(fact.spender) && !attackers.has(fact.owner)
        ? `${nameOf(fact.owner)} lets ${nameOf(fact.spender)} take ${allowanceText(fact, tokens)}`
        : undefined
    case 'valuation':
    case 'discrepancy':
      return undefined
  }
}

function isTheirs({ actor, beneficiary }: ActionFact, attackers: ReadonlySet<Address>): boolean {
  return attackers.has(actor ?? '0x') || attackers.has(beneficiary ?? '0x')
}

function allowanceText(fact: { asset: Asset; amount: bigint }, tokens: Tokens): string {
  return isEndless(fact.amount) ? `all ${tokenName(fact.asset, tokens)}` : tokenAmount(fact, tokens)
}

function swapText(
  { pool, assetIn, assetOut, amountIn, amountOut }: SwapFact,
  { nameOf, tokens }: Telling,
): string {
  const given = tokenAmount({ asset: assetIn, amount: amountIn }, tokens)
  const got = tokenAmount({ asset: assetOut, amount: amountOut }, tokens)
  return `swaps ${given} for ${got} in ${nameOf(pool)}`
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

function actionText({ action, contract, given, taken }: ActionFact, { nameOf, tokens }: Telling): string {
  const amounts = (of: ActionFact['given']): string =>
    of
      .map(({ asset, amount }) =>
        asset === null ? `${amount} of something` : tokenAmount({ asset, amount }, tokens),
      )
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
