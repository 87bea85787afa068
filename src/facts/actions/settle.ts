import type { Asset, Frame } from '../../model/block.ts'
import { entryFrame } from '../../model/block.ts'
import type { ActionFact, AssetAmount, TransferFact } from '../../model/fact.ts'
import { type Visits, visitAround, visitKey } from '../visits.ts'
import type { Told } from './by-signature.ts'

/** The movements of a transaction, to compare claims with. */
export type Moved = { transfers: readonly TransferFact[]; visits: Visits; frames: readonly Frame[] }

/**
 * Completes the actions from signatures with the movements: amounts where the words have none, assets where they name
 * none. Returns the actions that do not count: a request that the contract's own log shows too, or an exercise that
 * paid nothing.
 */
export function settleTold(told: Told, moved: Moved): ReadonlySet<ActionFact> {
  const dropped = new Set<ActionFact>()
  const logged = new Set<string>()
  for (const action of told.actions) if (action.source === 'log') logged.add(kindKey(action, moved.frames))
  const byAmount = lazyIndex(moved.transfers)
  for (const action of told.actions) {
    if (action.given.length === 0 && action.taken.length === 0) fromVisit(action, moved)
    else nameAssets(action, byAmount)
    const isTwice = action.source === 'call' && logged.has(kindKey(action, moved.frames))
    if (isTwice || (told.mustPay?.has(action) === true && action.taken.length === 0)) dropped.add(action)
  }
  return dropped
}

/**
 * An action by shape adds nothing where the contract's own log covers the visit, with flash loans and the rest
 * considered separately.
 */
export function untold(
  shaped: readonly ActionFact[],
  told: readonly ActionFact[],
  frames: readonly Frame[],
): readonly ActionFact[] {
  if (shaped.length === 0 || told.length === 0) return shaped
  const known = new Set<string>()
  for (const action of told) known.add(sortKey(action, frames))
  return shaped.filter((action) => {
    const unplaced = `${action.contract}?${isLoan(action)}`
    return !known.has(sortKey(action, frames)) && !known.has(unplaced)
  })
}

const isLoan = ({ action }: ActionFact): boolean => action === 'flash-loan'

function placeKey({ contract, frame }: ActionFact, frames: readonly Frame[]): string {
  const entry = entryFrame(contract, frame, frames)
  return entry === undefined ? `${contract}?` : visitKey(contract, entry)
}
const kindKey = (fact: ActionFact, frames: readonly Frame[]): string => placeKey(fact, frames) + fact.action
const sortKey = (fact: ActionFact, frames: readonly Frame[]): string => placeKey(fact, frames) + isLoan(fact)

function fromVisit(action: ActionFact, { visits, frames }: Moved): void {
  const visit = visitAround(action.contract, action.frame, { visits, frames })
  if (visit === undefined) return
  const given: AssetAmount[] = []
  const taken: AssetAmount[] = []
  for (const [asset, amount] of visit.net) {
    if (amount > 0n) given.push({ asset, amount })
    else if (amount < 0n) taken.push({ asset, amount: -amount })
  }
  action.given = given
  action.taken = taken
}

type Index = (amount: bigint) => readonly TransferFact[]

function lazyIndex(transfers: readonly TransferFact[]): Index {
  let byAmount: Map<bigint, TransferFact[]> | undefined
  return (amount) => {
    if (byAmount === undefined) {
      byAmount = new Map()
      for (const transfer of transfers) {
        const same = byAmount.get(transfer.amount)
        if (same === undefined) byAmount.set(transfer.amount, [transfer])
        else if (same.length < MOST_ALIKE) same.push(transfer)
      }
    }
    return byAmount.get(amount) ?? []
  }
}

/** Ten thousand transfers of one amount are an attack on Cordon; names are then searched among the first of them. */
const MOST_ALIKE = 32

function nameAssets(action: ActionFact, byAmount: Index): void {
  if (action.given.some(isNameless)) action.given = named(action.given, 'to', { action, byAmount })
  if (action.taken.some(isNameless)) action.taken = named(action.taken, 'from', { action, byAmount })
}

const isNameless = ({ asset }: AssetAmount): boolean => asset === null

/** An amount without a name is in the asset of which that much moved into (out of) the contract, or moved at all. */
function named(
  side: readonly AssetAmount[],
  end: 'from' | 'to',
  { action, byAmount }: { action: ActionFact; byAmount: Index },
): AssetAmount[] {
  const used = new Set<Asset | null>()
  return side.map(({ asset, amount }) => {
    if (asset !== null) return { asset, amount }
    const alike = byAmount(amount).filter((it) => !used.has(it.asset) && it.asset !== action.contract)
    const atContract = alike.find((it) => it[end] === action.contract)
    const found = atContract?.asset ?? (isOneAsset(alike) ? (alike[0]?.asset ?? null) : null)
    used.add(found)
    return { asset: found, amount }
  })
}

function isOneAsset(transfers: readonly TransferFact[]): boolean {
  return transfers.every(({ asset }) => asset === transfers[0]?.asset)
}
