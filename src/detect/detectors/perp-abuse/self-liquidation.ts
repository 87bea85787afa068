import type { Frame } from '../../../model/block.ts'
import type { Scope } from '../../../model/detector.ts'
import { inScope } from '../../../model/detector.ts'
import type { ActionFact, TransactionFacts, TransferFact } from '../../../model/fact.ts'
import type { Address } from '../../../model/hex.ts'
import { selectorOf, ZERO_ADDRESS } from '../../../model/hex.ts'
import type { Claim } from '../../lib/claims.ts'
import { addressesIn, contextsAround, isEntry } from '../../lib/entries.ts'
import { transfersIn } from '../../lib/flows.ts'
import { gainsOnly, oneSidedLoss } from '../../lib/parties.ts'
import { CATEGORY } from './memory.ts'

/** The transaction, the acting side, and what it created before. */
export type Seen = { tx: TransactionFacts; side: ReadonlySet<Address>; scope: Scope }

type Liquidation = {
  market: Address
  liquidator: Address
  owner: Address
  frame: number
  /** Recognised by a name or a log; else derived from the movements. */
  told: boolean
}

/**
 * Liquidations in which liquidator and owner are one side. That alone is a remark, because some unwind in this way. It
 * is an attack where the position was opened in the same transaction, and another account lost without return while the
 * side only gained. Never above 0.85: where a way back in or a moved price made it possible, those are the cause.
 */
export function selfLiquidations(seen: Seen): Claim[] {
  const found = [...toldLiquidations(seen), ...shapedLiquidations(seen)]
  if (found.length === 0) return []
  const { tx, side, scope } = seen
  const payers = losersTo(tx, side)
  return found.flatMap((liquidation) => {
    const { market, owner, told } = liquidation
    if (!inScope(scope, market) && !payers.some((payer) => inScope(scope, payer))) return []
    const isFresh = wasOpenedIn(tx, owner)
    const hurts = payers.length > 0 && gainsOnly(tx, side)
    if (!told && !(isFresh && hurts)) return []
    const confidence = (told ? 0.4 : 0.35) + (isFresh ? 0.2 : 0) + (hurts ? (isFresh ? 0.25 : 0.2) : 0)
    return [claimOf(liquidation, { confidence, payers, reasons: reasonsOf(isFresh, hurts) })]
  })
}

function reasonsOf(isFresh: boolean, hurts: boolean): string {
  const made = isFresh ? '; the position was made in the same transaction' : ''
  return hurts ? `${made}; they only gained by it, and others lost without return` : made
}

type Weight = { confidence: number; payers: readonly Address[]; reasons: string }

function claimOf(
  { market, liquidator, owner, frame }: Liquidation,
  { confidence, payers, reasons }: Weight,
): Claim {
  return {
    contract: market,
    victims: payers,
    confidence,
    categories: [CATEGORY],
    statement: `${liquidator} liquidated ${owner} on ${market}, and both are one side${reasons}.`,
    frames: [frame],
  }
}

function toldLiquidations({ tx, side }: Seen): Liquidation[] {
  return tx.facts.flatMap((fact) => {
    if (fact.kind !== 'action' || fact.action !== 'liquidate') return []
    const { contract, actor, beneficiary, frame } = fact
    if (actor === null || beneficiary === null || side.has(contract)) return []
    if (!side.has(actor) || !side.has(beneficiary)) return []
    return [{ market: contract, liquidator: actor, owner: beneficiary, frame, told: true }]
  })
}

const MOST_ENTRIES = 64
const SHARED: ReadonlySet<string> = new Set([
  '0x23b872dd', // transferFrom(address,address,uint256)
  '0x42842e0e', // safeTransferFrom(address,address,uint256)
])

/**
 * By shape: a member of the side calls a stranger and names another member, which has no part in the call; claims on
 * the stranger move from the named member to the caller (or are burned from it and issued to the caller).
 */
function shapedLiquidations({ tx, side }: Seen): Liquidation[] {
  const { frames } = tx.transaction
  const found: Liquidation[] = []
  if (side.size < 3) return found
  let looked = 0
  for (const entry of frames) {
    const caller = frames[entry.parent]?.context
    if (!caller || !side.has(caller) || entry.context === null || side.has(entry.context)) continue
    if (!isEntry(entry, frames) || SHARED.has(selectorOf(entry.input) ?? '')) continue
    const named = addressesIn(entry).filter((it) => side.has(it) && it !== caller)
    if (named.length === 0) continue
    if (++looked > MOST_ENTRIES) return found
    const owner = named.find((it) => isSeized(it, caller, { entry, tx }))
    if (owner !== undefined)
      found.push({ market: entry.context, liquidator: caller, owner, frame: entry.index, told: false })
  }
  return found
}

function isSeized(
  owner: Address,
  caller: Address,
  { entry, tx }: { entry: Frame; tx: TransactionFacts },
): boolean {
  const { frames } = tx.transaction
  const moves = transfersIn(tx.facts, { from: entry.index, to: entry.end })
  const taken = moves.filter((it) => it.from === owner && !withinEntry(owner, it.frame, { entry, frames }))
  return taken.some(
    (it) => it.to === caller || (it.to === ZERO_ADDRESS && moves.some((mint) => isMintOf(mint, it, caller))),
  )
}

function isMintOf(mint: TransferFact, burn: TransferFact, to: Address): boolean {
  return (
    mint.from === ZERO_ADDRESS && mint.to === to && mint.asset === burn.asset && mint.amount >= burn.amount
  )
}

/** The owner had control between the entry and the move: then it gave the claims, and they were not seized. */
function withinEntry(
  owner: Address,
  frame: number,
  { entry, frames }: { entry: Frame; frames: readonly Frame[] },
): boolean {
  const around = contextsAround(frame, frames)
  const outside = contextsAround(entry.parent, frames)
  return around.slice(0, around.length - outside.length).includes(owner)
}

const MAKING: ReadonlySet<ActionFact['action']> = new Set(['borrow', 'open', 'mint', 'deposit'])

/** A position was opened, debt taken on or claims issued for the owner in this transaction. */
function wasOpenedIn(tx: TransactionFacts, owner: Address): boolean {
  return tx.facts.some((fact) => {
    if (fact.kind === 'action')
      return MAKING.has(fact.action) && (fact.actor === owner || fact.beneficiary === owner)
    return (
      fact.kind === 'transfer' && fact.from === ZERO_ADDRESS && fact.to === owner && fact.asset !== 'native'
    )
  })
}

/** Strangers who paid the side and only lost over the transaction. */
function losersTo(tx: TransactionFacts, side: ReadonlySet<Address>): Address[] {
  const payers = new Set<Address>()
  for (const fact of tx.facts)
    if (fact.kind === 'transfer' && side.has(fact.to) && !side.has(fact.from) && fact.from !== ZERO_ADDRESS)
      payers.add(fact.from)
  return [...payers].filter((payer) => oneSidedLoss(tx, payer))
}
