import { dustIn } from '../../../facts/ledger.ts'
import type { Address } from '../../../model/hex.ts'
import { ZERO_ADDRESS } from '../../../model/hex.ts'
import type { Economy } from './economy.ts'
import type { Signs } from './features.ts'
import { type Answers, balanceBefore } from './reads.ts'

export type EvidenceKind = 'loss' | 'pool' | 'price' | 'hidden' | 'repeated' | 'mint' | 'reentry' | 'taken'

/** The economic facts that speak for an attack, in sentences without a full stop, the strongest first. */
export type Evidence = {
  kinds: ReadonlySet<EvidenceKind>
  statements: readonly string[]
  /** Strangers that lost, those that lost the largest part first. */
  victims: readonly Address[]
  side: ReadonlySet<Address>
}

export const NO_EVIDENCE: Evidence = { kinds: new Set(), statements: [], victims: [], side: new Set() }

const LEAST_LOSS = 0.05
/** log2: a product of balances 7 % less, a price moved by 41 %. */
const LEAST_PRODUCT = 0.1
const LEAST_MOVE = 0.5
/** log2 of the count plus one: seven times. */
const LEAST_REPEATED = 3
const LEAST_HIDDEN = 0.05
const LEAST_MINT = 0.3

/** The evidence of one transaction, with its signs. */
export function evidenceOf({ side, ledger, answers, emptied }: Economy, signs: Signs): Evidence {
  const { repetition, movement, pools, prices } = signs
  const { before, unexplained } = answers
  const statements: string[] = []
  const kinds = new Set<EvidenceKind>()
  const say = (kind: EvidenceKind, statement: string): void => {
    kinds.add(kind)
    statements.push(statement)
  }
  const losses = lossesOf({ side, ledger, before }).filter(({ account }) => !emptied.has(account))
  const worst = losses[0]
  // a contract that burns its own token redeems it
  const redeemed = new Set(ledger.transfers.flatMap(({ asset, to }) => (to === ZERO_ADDRESS ? [asset] : [])))
  const giver = losses.find(({ account, isOneSided }) => isOneSided && !redeemed.has(account))
  if (worst !== undefined && worst.part >= LEAST_LOSS)
    say(
      'loss',
      `${worst.account} lost ${percent(worst.part)} of its ${worst.asset}${worst.isOneSided ? ' and got nothing for it' : ''}`,
    )
  else if (giver !== undefined && movement['only gains'] === 1)
    say('taken', `${giver.account} gave something and got nothing, and the acting side gave nothing`)
  if (
    pools['product of balances lost'] <= -LEAST_PRODUCT ||
    prices['product of reserves lost'] <= -LEAST_PRODUCT
  )
    say('pool', 'the product of a pool’s balances fell, which no honest trade does')
  if (prices['reserves moved apart'] >= LEAST_MOVE || prices['price answer moved'] >= LEAST_MOVE / 2)
    say('price', 'the price in a pool or of an oracle moved far within the transaction')
  const hidden = unexplained.find(
    ({ account, amount, of }) =>
      !side.has(account) && amount < 0n && Number(-amount) >= Number(of) * LEAST_HIDDEN,
  )
  if (hidden !== undefined)
    say('hidden', `the balance of ${hidden.account} in ${hidden.asset} fell without a transfer`)
  if (prices['minted part of supply'] >= LEAST_MINT)
    say('mint', `${percent(prices['minted part of supply'])} of a token’s supply was minted`)
  if (repetition['entries while running'] > 0)
    say('reentry', 'a contract was entered again by the acting side before its first call had finished')
  if (repetition['most repeated call'] >= LEAST_REPEATED && movement['only gains'] === 1)
    say(
      'repeated',
      `one call was made ${Math.round(2 ** repetition['most repeated call'] - 1)} times, and the acting side gave nothing`,
    )
  // one movement alone, out of a wallet or a deposit address, is how everybody sweeps their own
  const isSweep =
    ledger.transfers.length < 2 && [...kinds].every((kind) => kind === 'loss' || kind === 'taken')
  if (isSweep) return NO_EVIDENCE
  return { kinds, statements, victims: losses.slice(0, 16).map(({ account }) => account), side }
}

const percent = (share: number): string => `${Math.round(share * 100)} %`

type Loss = { account: Address; asset: string; part: number; isOneSided: boolean }

function lossesOf({
  side,
  ledger,
  before,
}: Pick<Economy, 'side' | 'ledger'> & Pick<Answers, 'before'>): Loss[] {
  const losses: Loss[] = []
  const isDust = dustIn(ledger)
  for (const [account, all] of ledger.net) {
    if (side.has(account)) continue
    const changes = new Map(
      [...all].filter(([asset, amount]) => !isDust(asset, amount < 0n ? -amount : amount)),
    )
    const isOneSided = [...changes.values()].every((amount) => amount < 0n)
    for (const [asset, amount] of changes) {
      if (amount >= 0n) continue
      const had = balanceBefore(account, asset, ledger, before) ?? 0n
      const part = had === 0n ? 0 : Math.min(1, Number(-amount) / Number(had))
      if (part > 0 || isOneSided) losses.push({ account, asset, part, isOneSided })
    }
  }
  return losses.sort((a, b) => b.part - a.part || Number(b.isOneSided) - Number(a.isOneSided))
}
