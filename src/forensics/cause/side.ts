import { type Frame, NATIVE } from '../../model/block.ts'
import type { TransactionFacts, TransferFact } from '../../model/fact.ts'
import { type Address, ZERO_ADDRESS } from '../../model/hex.ts'

/**
 * The acting side in economic terms: the attackers; the accounts without code in the trace that they pay, and where the attackers
 * themselves gain nothing, those that only gain; and contracts to which they hand tokens unasked and that pass everything back.
 */
export function sideOf(tx: TransactionFacts, cluster: ReadonlySet<Address>): ReadonlySet<Address> {
  const side = new Set(cluster)
  for (const account of receiversOf(tx, cluster)) side.add(account)
  for (const account of helpersOf(tx, side)) side.add(account)
  return side
}

function receiversOf(tx: TransactionFacts, cluster: ReadonlySet<Address>): Address[] {
  const { transaction, facts, deltas, producer } = tx
  const excluded = new Set<Address | null | undefined>([ZERO_ADDRESS, producer])
  for (const { context, input } of transaction.frames) if (input.length > 2) excluded.add(context)
  const gainers = new Set<Address>()
  for (const [account, changes] of deltas)
    if (!excluded.has(account) && [...changes.values()].every((amount) => amount > 0n)) gainers.add(account)
  const hasGain = [...cluster].some((account) =>
    [...(deltas.get(account)?.values() ?? [])].some((amount) => amount > 0n),
  )
  return facts.flatMap((fact) => {
    if (fact.kind !== 'transfer' || fact.amount === 0n || !gainers.has(fact.to)) return []
    return cluster.has(fact.from) || !hasGain ? [fact.to] : []
  })
}

/**
 * Contracts that first received tokens by the attackers’ own transfers, not by a pull, keep nothing and lose nothing: nobody hands
 * tokens to a stranger that way but to a pool, which is left out.
 */
function helpersOf({ transaction, facts, deltas }: TransactionFacts, side: ReadonlySet<Address>): Address[] {
  const pools = new Set(facts.flatMap((fact) => (fact.kind === 'swap' ? [fact.pool] : [])))
  const first = new Map<Address, boolean>()
  for (const fact of facts) {
    if (fact.kind !== 'transfer' || fact.amount === 0n) continue
    if (!first.has(fact.from)) first.set(fact.from, false)
    if (!first.has(fact.to)) first.set(fact.to, isHanded(fact, transaction.frames, side))
  }
  return [...first].flatMap(([account, handed]) => {
    const isKept = (deltas.get(account)?.size ?? 0) > 0
    return handed && !isKept && !pools.has(account) && account !== ZERO_ADDRESS ? [account] : []
  })
}

/** The side itself asked the token to move, or sent the coin without any calldata. */
function isHanded(
  { asset, from, frame }: TransferFact,
  frames: readonly Frame[],
  side: ReadonlySet<Address>,
): boolean {
  if (!side.has(from)) return false
  const at = frames[frame]
  if (asset === NATIVE) return at?.type === 'CALL' && at.input.length <= 2
  const above = at?.context === asset && frames[at.parent]?.context === asset ? frames[at.parent] : at
  const caller = frames[above?.parent ?? -1]?.context
  return caller != null && side.has(caller)
}
