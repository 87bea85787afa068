import type { Asset, Frame } from '../../model/block.ts'
import { entryFrame } from '../../model/block.ts'
import type { TransactionFacts, TransferFact } from '../../model/fact.ts'
import type { Address } from '../../model/hex.ts'
import { selectorOf, ZERO_ADDRESS } from '../../model/hex.ts'
import { isWithin } from './entries.ts'

/** A payment out of a protected contract. */
export type Payment = {
  contract: Address
  asset: Asset
  amount: bigint
  /** The account that requested it from the contract: its caller, or the sender. */
  asker: Address | null
  recipient: Address
}

/** The payments from a contract in a transaction, in execution order. Tokens with an id are left out. */
export function paymentsFrom(contract: Address, tx: TransactionFacts): Payment[] {
  const { frames, from } = tx.transaction
  return tx.facts.flatMap((fact) => {
    if (fact.kind !== 'transfer' || fact.from !== contract || fact.to === contract) return []
    if (fact.tokenId !== null || fact.amount === 0n || fact.asset === contract) return []
    const entry = entryFrame(contract, fact.frame, frames)
    const asker = entry === undefined ? null : (frames[entry.parent]?.context ?? from)
    return [{ contract, asset: fact.asset, amount: fact.amount, asker, recipient: fact.to }]
  })
}

/**
 * True where the contract itself accepted the payment: it had control, in a call that named a function. A plain
 * transfer to it is a gift, which gives no claim.
 */
export function isDeposit({ to, frame, asset }: TransferFact, frames: readonly Frame[]): boolean {
  if (!isWithin(to, frame, frames)) return false
  if (asset !== 'native') return true
  const call = frames[frame]
  return call !== undefined && selectorOf(call.input) !== undefined
}

/**
 * True where the contract itself called the token: then the token's log is not the only proof. Always true for coin.
 */
export function handles(contract: Address, asset: Asset, frames: readonly Frame[]): boolean {
  if (asset === 'native') return true
  let known = called.get(frames)
  if (known === undefined) {
    known = calledOf(frames)
    called.set(frames, known)
  }
  return known.get(contract)?.has(asset) === true
}

/** contract → the contracts that it called without being refused */
type Called = ReadonlyMap<Address, ReadonlySet<Address>>
const called = new WeakMap<readonly Frame[], Called>()

function calledOf(frames: readonly Frame[]): Called {
  const found = new Map<Address, Set<Address>>()
  for (const { type, to, reverted, parent } of frames) {
    const caller = frames[parent]?.context
    if (type !== 'CALL' || to === null || reverted || !caller) continue
    const known = found.get(caller)
    if (known === undefined) found.set(caller, new Set([to]))
    else known.add(to)
  }
  return found
}

/** True where claims were created, or a token with an id moved to an account, while the contract had control. */
export function hasIssued(contract: Address, tx: TransactionFacts): boolean {
  const { frames } = tx.transaction
  return tx.facts.some(
    (fact) =>
      fact.kind === 'transfer' &&
      fact.to !== contract &&
      fact.to !== ZERO_ADDRESS &&
      (fact.from === ZERO_ADDRESS || (fact.from === contract && fact.tokenId !== null)) &&
      fact.asset !== 'native' &&
      (fact.asset === contract || isWithin(contract, fact.frame, frames)),
  )
}
