import type { Asset, Frame } from '../../../model/block.ts'
import { entryFrame } from '../../../model/block.ts'
import type { Scope } from '../../../model/detector.ts'
import { inScope } from '../../../model/detector.ts'
import type { ActionFact, TransactionFacts, TransferFact } from '../../../model/fact.ts'
import type { Address } from '../../../model/hex.ts'
import { selectorOf, wordAt, ZERO_ADDRESS } from '../../../model/hex.ts'
import { wordsOf } from '../../lib/entries.ts'
import { transfersIn } from '../../lib/flows.ts'

/** The claims redeemed for one paid asset, in one visit to a vault. */
export type Payout = {
  vault: Address
  entry: Frame
  asset: Asset
  paid: bigint
  /** The redeemed claim; null where there was none. */
  claim: Asset | null
  claims: bigint
  /** How often the most frequent amount was paid to one receiver. */
  repeats: number
  /** The receivers of the payout. */
  receivers: ReadonlySet<Address>
  /** `exercise` or `settle` by its name; null where recognised by shape alone. */
  named: ActionFact['action'] | null
  /** The questions about a past time that were asked during the visit: prices at expiry. */
  settled: readonly PriceAnswer[]
}

/** An answered question for a price at a time. */
export type PriceAnswer = { source: Address; time: bigint; price: bigint; beside: string; frame: number }

/** Ten years: a time further from the block is not an expiry. */
const FAR = 10n * 365n * 86_400n
const MOST_QUESTIONS = 16

/** The payouts of the vaults in scope for redeemed claims, or by exercise and settlement, in frame order. */
export function payoutsOf(tx: TransactionFacts, scope: Scope, now: number | null): Payout[] {
  const { frames } = tx.transaction
  const found = new Map<string, Payout>()
  for (const fact of tx.facts) {
    if (fact.kind !== 'action' || !PAYING.has(fact.action) || !inScope(scope, fact.contract)) continue
    const entry = entryFrame(fact.contract, fact.frame, frames)
    if (entry === undefined || entry.reverted) continue
    const named = fact.action === 'withdraw' ? null : fact.action
    const known = found.get(`${fact.contract}${entry.index}`)
    if (known !== undefined) {
      known.named ??= named
      continue
    }
    const payout = payoutIn(entry, fact.contract, tx)
    if (payout === undefined) continue
    const settled = now === null ? [] : priceAnswers(entry, frames, BigInt(now))
    found.set(`${fact.contract}${entry.index}`, { ...payout, named, settled })
  }
  return [...found.values()]
}

const PAYING: ReadonlySet<ActionFact['action']> = new Set(['exercise', 'settle', 'withdraw'])

export type Bare = Omit<Payout, 'named' | 'settled'>

/** The payout from the actual movements: the one asset that left the vault, and the one token returned or burned. */
export function payoutIn(entry: Frame, vault: Address, tx: TransactionFacts): Bare | undefined {
  const moves = transfersIn(tx.facts, { from: entry.index, to: entry.end }).filter(
    (it) => it.tokenId === null,
  )
  const out = moves.filter((it) => it.from === vault && it.to !== ZERO_ADDRESS && it.asset !== vault)
  const asset = out[0]?.asset
  if (asset === undefined || out.some((it) => it.asset !== asset)) return undefined
  const paid = sum(out) - sum(moves.filter((it) => it.to === vault && it.asset === asset))
  if (paid <= 0n) return undefined
  const back = moves.filter((it) => it.asset !== asset && (it.to === ZERO_ADDRESS || it.to === vault))
  const claim = back[0]?.asset ?? null
  if (back.some((it) => it.asset !== claim)) return undefined
  const receivers = new Set(out.map(({ to }) => to))
  return { vault, entry, asset, paid, claim, claims: sum(back), repeats: repeatsOf(out), receivers }
}

function sum(moves: readonly TransferFact[]): bigint {
  return moves.reduce((total, { amount }) => total + amount, 0n)
}

function repeatsOf(out: readonly TransferFact[]): number {
  const times = new Map<string, number>()
  for (const { to, amount } of out) times.set(`${to}${amount}`, (times.get(`${to}${amount}`) ?? 0) + 1)
  return Math.max(...times.values())
}

/** Views of one to three words, one of which is a time near the block, that answered a number. */
export function priceAnswers(entry: Frame, frames: readonly Frame[], now: bigint): PriceAnswer[] {
  const found: PriceAnswer[] = []
  for (let i = entry.index; i < entry.end && found.length < MOST_QUESTIONS; i++) {
    const frame = frames[i]
    if (frame?.type !== 'STATICCALL' || frame.to === null || frame.reverted) continue
    const words = wordsOf(frame)
    const price = wordAt(frame.output, 0)
    if (words.length < 1 || words.length > 3 || price === undefined) continue
    const time = words.find((word) => isTime(word, now))
    const answer = BigInt(`0x${price}`)
    if (time === undefined || answer === 0n || answer === 1n) continue
    const beside = words.filter((word) => word !== time).join()
    found.push({
      source: frame.to,
      time,
      price: answer,
      beside: `${selectorOf(frame.input)}${beside}`,
      frame: i,
    })
  }
  return found
}

export function isTime(word: bigint, now: bigint): boolean {
  return word > now - FAR && word < now + FAR && word > 1_400_000_000n
}
