import type { Tokens } from '../model/token.ts'
import { amountText } from '../words/amount.ts'
import { shareText } from '../words/share.ts'

/** An asset of an account, base units. */
type Change = { readonly account: string; readonly asset: string; readonly amount: bigint }

/** The sources from which a page, a report and an investigation compute the loss of an incident. */
export type LossSources = {
  findings: readonly {
    readonly pending: boolean
    readonly shadow: boolean
    readonly transactionHash: string | null
    readonly loss: readonly Change[]
  }[]
  /** The newest on record; its losers replace all others. */
  investigation: {
    readonly victims: readonly {
      readonly address: string
      readonly loss: readonly {
        readonly asset: string
        readonly tokenId: bigint | null
        readonly amount: bigint
      }[]
    }[]
  } | null
  /** The balances of losers in the block before the attack. */
  stakes: readonly Change[]
}

/** The total loss of one asset; `before` is the balance that these accounts had of it, null if it was not read. */
export type AssetLoss = { asset: string; tokenId: bigint | null; amount: bigint; before: bigint | null }

/**
 * The loss of an incident, by account: from the investigation if there is one, otherwise from the findings about mined
 * transactions.
 */
export function lossesOf({
  findings,
  investigation,
}: Pick<LossSources, 'findings' | 'investigation'>): (Change & { tokenId: bigint | null })[] {
  const victims = investigation?.victims ?? []
  if (victims.some(({ loss }) => loss.length > 0))
    return victims.flatMap(({ address, loss }) => loss.map((one) => ({ account: address, ...one })))
  return summed(perTransaction(findings)).map((change) => ({ ...change, tokenId: null }))
}

/** Two detectors report the same loss of a transaction: the larger value for an account and asset counts. */
function perTransaction(findings: LossSources['findings']): Change[] {
  const largest = new Map<string, Change>()
  for (const { pending, shadow, transactionHash, loss } of findings) {
    if (pending || shadow) continue
    for (const change of loss) {
      const key = `${transactionHash} ${change.account} ${change.asset}`
      const known = largest.get(key)
      if (known === undefined || known.amount < change.amount) largest.set(key, change)
    }
  }
  return [...largest.values()]
}

/** Several transactions together, by account and asset. */
function summed(changes: readonly Change[]): Change[] {
  const totals = new Map<string, Change>()
  for (const change of changes) {
    const key = `${change.account} ${change.asset}`
    const known = totals.get(key)
    totals.set(key, known === undefined ? change : { ...known, amount: known.amount + change.amount })
  }
  return [...totals.values()]
}

/** The loss by asset, the largest share first. */
export function lostAssets(sources: LossSources): AssetLoss[] {
  const totals = new Map<string, AssetLoss>()
  for (const { account, asset, tokenId, amount } of lossesOf(sources)) {
    const stake = sources.stakes.find((one) => one.account === account && one.asset === asset)
    const known = totals.get(`${asset} ${tokenId}`)
    const before = stake === undefined || known?.before === null ? null : (known?.before ?? 0n) + stake.amount
    totals.set(`${asset} ${tokenId}`, { asset, tokenId, amount: amount + (known?.amount ?? 0n), before })
  }
  return [...totals.values()].sort((a, b) => shareOf(b) - shareOf(a))
}

function shareOf({ amount, before }: AssetLoss): number {
  return before === null || before === 0n ? 0 : Number((amount * 10_000n) / before)
}

/** Assets that a headline names; the rest is counted. */
const MOST_NAMED = 2

/** `128,000 USDC (16.9 %)`; empty if no loss is known. */
export function lostText(sources: LossSources, tokens: Tokens): string {
  return listed(
    lostAssets(sources).map(({ before, ...loss }) => {
      const share = before === null || loss.tokenId !== null ? '' : shareText(loss.amount, before)
      return `${amountText(loss as never, tokens)}${share === '' ? '' : ` (${share})`}`
    }),
  )
}

/** The losers' remaining balances of the lost assets, by their balances before; empty if these were not read. */
export function leftText(sources: LossSources, tokens: Tokens): string {
  return listed(
    lostAssets(sources).flatMap(({ asset, before, amount, tokenId }) =>
      before === null || tokenId !== null || before < amount
        ? []
        : [amountText({ asset: asset as never, amount: before - amount }, tokens)],
    ),
  )
}

function listed(parts: readonly string[]): string {
  const named = parts.slice(0, MOST_NAMED)
  const more = parts.length - named.length
  return [named.join(' and '), ...(more > 0 ? [`and ${more} other assets`] : [])].filter(Boolean).join(' ')
}
