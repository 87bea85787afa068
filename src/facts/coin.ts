import type { Transaction } from '../model/block.ts'
import { NATIVE } from '../model/block.ts'
import type { Fact, TransferFact } from '../model/fact.ts'
import { type Address, ZERO_ADDRESS } from '../model/hex.ts'
import { isKernelAccount, isSystemAccount } from '../model/system-account.ts'

/** A movement of the chain’s own coin. */
export function coinMoved(move: Pick<TransferFact, 'from' | 'to' | 'amount' | 'frame'>): TransferFact {
  return { kind: 'transfer', standard: 'native', asset: NATIVE, tokenId: null, source: 'log', ...move }
}

type Read = { transaction: Transaction; facts: readonly Fact[] }

/**
 * Tokens that are the coin itself (ZKsync, Metis, EIP-7708): their logs repeat the movements of value by calls. A
 * mirror is recognised by this: in some transaction each movement of the coin has its log, and only the chain itself
 * called the token. Without calls only an account of the chain is trusted.
 */
export function coinMirrorsIn(read: readonly Read[]): ReadonlySet<Address> {
  const mirrors = new Set<Address>()
  for (const { transaction, facts } of read) {
    const coins = facts.filter(isMovedCoin)
    if (coins.length === 0) continue
    for (const token of tokensAlike(facts, coins))
      if (!mirrors.has(token) && isMirror(token, { transaction, facts, coins })) mirrors.add(token)
  }
  return mirrors
}

/** Tokens with a movement equal to one of the coin: nearly always none. */
function tokensAlike(facts: readonly Fact[], coins: readonly TransferFact[]): Set<Address> {
  const byAmount = new Map(coins.map((coin) => [coin.amount, coin]))
  const alike = new Set<Address>()
  for (const fact of facts) {
    if (fact.kind !== 'transfer' || fact.standard !== 'erc20' || fact.asset === NATIVE) continue
    const coin = byAmount.get(fact.amount)
    if (coin !== undefined && coin.from === fact.from && coin.to === fact.to) alike.add(fact.asset)
  }
  return alike
}

function isMirror(
  token: Address,
  { transaction, facts, coins }: Read & { coins: readonly TransferFact[] },
): boolean {
  const { frames } = transaction
  if (frames.length === 0 && !isSystemAccount(token)) return false
  const isCalled = frames.some(({ to, from }) => to === token && (from === null || !isKernelAccount(from)))
  if (isCalled) return false
  const left = counted(coins)
  for (const fact of facts) if (fact.kind === 'transfer' && fact.asset === token) takeSame(fact, left)
  return left.size === 0
}

function isMovedCoin(fact: Fact): fact is TransferFact {
  return (
    fact.kind === 'transfer' && fact.asset === NATIVE && fact.from !== ZERO_ADDRESS && fact.from !== fact.to
  )
}

/** Movements that no log has repeated yet, each with its count. */
type Left = Map<string, number>

function counted(coins: readonly TransferFact[]): Left {
  const left: Left = new Map()
  for (const coin of coins) left.set(keyOf(coin), (left.get(keyOf(coin)) ?? 0) + 1)
  return left
}

function keyOf({ from, to, amount }: TransferFact): string {
  return `${from}${to}${amount}`
}

/** Removes the coin’s movement that a log repeats from those that are left. */
function takeSame(log: TransferFact, left: Left): boolean {
  const key = keyOf(log)
  const times = left.get(key)
  if (times === undefined) return false
  if (times === 1) left.delete(key)
  else left.set(key, times - 1)
  return true
}

/**
 * The facts with the coin counted once: a mirror's log of a known movement is removed; a log that only the mirror has
 * is a movement of the coin (a block without calls), except movements to or from the chain itself, which are the fee.
 */
export function withoutMirrors({ facts }: Read, mirrors: ReadonlySet<Address>): readonly Fact[] {
  const isMirrored = (fact: Fact): fact is TransferFact =>
    fact.kind === 'transfer' && fact.asset !== NATIVE && mirrors.has(fact.asset)
  if (mirrors.size === 0 || !facts.some(isMirrored)) return facts
  const left = counted(facts.filter(isMovedCoin))
  return facts.flatMap((fact): readonly Fact[] => {
    if (!isMirrored(fact)) return [fact]
    if (takeSame(fact, left) || isSystemAccount(fact.from) || isSystemAccount(fact.to)) return []
    const { from, to, amount, frame } = fact
    return [coinMoved({ from, to, amount, frame })]
  })
}
