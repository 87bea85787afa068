import type { Frame } from '../../model/block.ts'
import type { Scope } from '../../model/detector.ts'
import { isNamed } from '../../model/detector.ts'
import type { TransactionFacts, TransferFact } from '../../model/fact.ts'
import type { Address } from '../../model/hex.ts'
import { selectorOf, ZERO_ADDRESS } from '../../model/hex.ts'
import { isSystemAccount } from '../../model/system-account.ts'

type Side = { cluster: ReadonlySet<Address>; scope: Scope }

/** Less than this part of the side's gain of every asset is a tip, a fee, or meant to incriminate someone. */
const LEAST_PART = 10n
const MOST_CANDIDATES = 16
const MOST_DEPTH = 64
/**
 * Maximum calldata searched for addresses in one transaction, in characters: a deliberately slow trace has gigabytes.
 */
const MOST_SEARCHED = 20_000_000

/**
 * Accounts outside the acting side that receive its takings in the end: they only gained, ran no code, and were paid by
 * a member of the side, or by an account to which a member passed their address. The block's producer is never one.
 */
export function beneficiariesOf(tx: TransactionFacts, side: Side): Address[] {
  const { frames } = tx.transaction
  if (frames.length < 2) return []
  const candidates = new Set<Address>()
  const search: Search = { frames, cluster: side.cluster, left: MOST_SEARCHED }
  for (const fact of tx.facts) {
    if (candidates.size >= MOST_CANDIDATES || search.left <= 0) break
    if (fact.kind !== 'transfer' || fact.amount === 0n || candidates.has(fact.to)) continue
    if (isOutside(fact.to, tx, side) && onlyGains(tx, fact.to) && isChosen(fact, search))
      candidates.add(fact.to)
  }
  if (candidates.size === 0) return []
  for (const { context, index, end, input } of frames)
    if (context !== null && (end > index + 1 || selectorOf(input) !== undefined)) candidates.delete(context)
  return [...candidates].filter((account) => isShareOf(account, tx, [...side.cluster, ...candidates]))
}

function isOutside(account: Address, { producer }: TransactionFacts, { cluster, scope }: Side): boolean {
  if (cluster.has(account) || account === ZERO_ADDRESS || account === producer) return false
  return !isNamed(scope, account) && !isSystemAccount(account)
}

function onlyGains({ deltas }: TransactionFacts, account: Address): boolean {
  const changes = [...(deltas.get(account)?.values() ?? [])]
  return changes.length > 0 && changes.every((amount) => amount > 0n)
}

type Search = { frames: readonly Frame[]; cluster: ReadonlySet<Address>; left: number }

/** True where a member of the side pays, or requests it in a call that names the payee. */
function isChosen({ from, to, frame }: TransferFact, search: Search): boolean {
  const { frames, cluster } = search
  if (cluster.has(from)) return true
  const name = to.slice(2)
  let at = frames[frame]
  for (let steps = 0; at !== undefined && steps < MOST_DEPTH; steps++) {
    const caller = frames[at.parent]
    const isAsked = caller === undefined || (caller.context !== null && cluster.has(caller.context))
    if (isAsked) {
      search.left -= at.input.length
      if (at.input.includes(name)) return true
    }
    at = caller
  }
  return false
}

function isShareOf(account: Address, { deltas }: TransactionFacts, side: readonly Address[]): boolean {
  return [...(deltas.get(account) ?? [])].some(([asset, amount]) => {
    let gained = 0n
    for (const member of side) {
      const change = deltas.get(member)?.get(asset) ?? 0n
      if (change > 0n) gained += change
    }
    return amount * LEAST_PART >= gained
  })
}
