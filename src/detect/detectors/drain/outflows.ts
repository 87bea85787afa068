import type { Asset } from '../../../model/block.ts'
import { NATIVE } from '../../../model/block.ts'
import type { TransactionFacts, TransferFact } from '../../../model/fact.ts'
import type { Address } from '../../../model/hex.ts'
import { selectorOf, ZERO_ADDRESS } from '../../../model/hex.ts'
import { isWithin } from '../../lib/entries.ts'
import { assetOfKey } from '../../lib/flows.ts'
import { type Payment, paymentsFrom } from '../../lib/payments.ts'

/** A net outflow of one asset from one contract over a transaction. */
export type Outflow = {
  contract: Address
  asset: Asset
  amount: bigint
  recipients: ReadonlyMap<Address, bigint>
  payments: readonly Payment[]
  /** Another asset came in net, or a debt was taken on: the trade has another side. */
  otherSide: 'inflow' | 'debt' | null
  /** asset → base units destroyed (or returned to their issuer) in the same transaction */
  burned: ReadonlyMap<Asset, bigint>
  /**
   * The part of `burned` that the contract destroyed, directly or in a call from it: claims on it, not coin that is
   * merely unwrapped.
   */
  claims: ReadonlyMap<Asset, bigint>
}

/** The net amount that a contract received for the claims that it minted in the same transaction. */
export type Issue = { asset: Asset; amount: bigint; claims: ReadonlyMap<Asset, bigint> }

/** borrow forms of Compound v2 and v3, Aave v2 and v3, Euler and Morpho: the outflow is a debt, assessed elsewhere. */
const BORROWS: ReadonlySet<string> = new Set([
  '0xc5ebeaec', // borrow(uint256)
  '0xa415bcad', // borrow(address,uint256,uint256,uint16,address)
  '0x4b3fd148', // borrow(uint256,address)
  '0x50d8cd4b', // borrow((address,address,address,address,uint256),uint256,uint256,address,address)
])

/** Net outflows of fungible assets from `contract`. Tokens that the contract issues itself are not its assets. */
export function outflowsOf(tx: TransactionFacts, contract: Address): Outflow[] {
  const deltas = tx.deltas.get(contract)
  if (deltas === undefined) return []
  const losses = [...deltas].filter(([key, amount]) => amount < 0n && key !== contract && !key.includes('/'))
  if (losses.length === 0) return []
  const transfers = tx.facts.filter((fact): fact is TransferFact => fact.kind === 'transfer')
  const burns = transfers.filter((transfer) => isBurn(transfer, contract))
  const burned = sumByAsset(burns)
  const claims = sumByAsset(burns.filter((burn) => burn.asset === contract || isUnder(contract, burn, tx)))
  const inflow = [...deltas].some(([key, amount]) => amount > 0n && assetOfKey(key) !== contract)
  const payments = byAsset(transfers.filter((transfer) => transfer.from === contract))
  const asked = paymentsFrom(contract, tx)
  return losses.map(([key, amount]) => {
    const asset = assetOfKey(key)
    const paid = payments.get(asset) ?? []
    const debt = paid.some((transfer) => isBorrow(transfer, tx))
    return {
      contract,
      asset,
      amount: -amount,
      recipients: recipientsOf(paid),
      payments: asked.filter((payment) => payment.asset === asset),
      otherSide: inflow ? 'inflow' : debt ? 'debt' : null,
      burned,
      claims,
    }
  })
}

/**
 * Deposits for which the contract minted claims. One asset in and none out: a trade gives no information about a
 * claim's price.
 */
export function issuesOf(tx: TransactionFacts, contract: Address): Issue[] {
  const changes = [...(tx.deltas.get(contract) ?? [])].filter(([key]) => key !== contract)
  const [only] = changes
  if (only === undefined || changes.length > 1 || only[1] <= 0n || only[0].includes('/')) return []
  const asset = assetOfKey(only[0])
  const mints = tx.facts.filter(
    (fact): fact is TransferFact =>
      fact.kind === 'transfer' &&
      fact.from === ZERO_ADDRESS &&
      fact.asset !== asset &&
      (fact.asset === contract || isUnder(contract, fact, tx)),
  )
  return mints.length === 0 ? [] : [{ asset, amount: only[1], claims: sumByAsset(mints) }]
}

function isBurn({ asset, from, to }: TransferFact, contract: Address): boolean {
  return to === ZERO_ADDRESS || (asset === contract && to === contract && from !== contract)
}

function isUnder(contract: Address, transfer: TransferFact, tx: TransactionFacts): boolean {
  const { frames } = tx.transaction
  return isWithin(contract, transfer.frame, frames)
}

function byAsset(transfers: readonly TransferFact[]): Map<Asset, TransferFact[]> {
  const found = new Map<Asset, TransferFact[]>()
  for (const transfer of transfers) {
    const known = found.get(transfer.asset)
    if (known === undefined) found.set(transfer.asset, [transfer])
    else known.push(transfer)
  }
  return found
}

function sumByAsset(transfers: readonly TransferFact[]): Map<Asset, bigint> {
  const sums = new Map<Asset, bigint>()
  for (const { asset, amount, tokenId } of transfers) {
    if (amount > 0n && asset !== NATIVE && tokenId === null) sums.set(asset, (sums.get(asset) ?? 0n) + amount)
  }
  return sums
}

function recipientsOf(paid: readonly TransferFact[]): Map<Address, bigint> {
  const recipients = new Map<Address, bigint>()
  for (const { to, amount } of paid) recipients.set(to, (recipients.get(to) ?? 0n) + amount)
  return recipients
}

function isBorrow(transfer: TransferFact, tx: TransactionFacts): boolean {
  const { frames } = tx.transaction
  for (let frame = frames[transfer.frame]; frame !== undefined; frame = frames[frame.parent]) {
    const selector = selectorOf(frame.input)
    if (selector !== undefined && BORROWS.has(selector)) return true
  }
  return false
}
