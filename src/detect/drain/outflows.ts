import type { Asset } from '../../model/block.ts'
import { NATIVE } from '../../model/block.ts'
import type { TransactionFacts, TransferFact } from '../../model/fact.ts'
import type { Address } from '../../model/hex.ts'
import { selectorOf, ZERO_ADDRESS } from '../../model/hex.ts'
import { assetOfKey } from '../flows.ts'

/** A net outflow of one asset from one contract over a transaction. */
export type Outflow = {
  contract: Address
  asset: Asset
  amount: bigint
  recipients: ReadonlyMap<Address, bigint>
  /** Another asset came in net, or a debt was taken on: the trade has another side. */
  otherSide: 'inflow' | 'debt' | null
  /** asset → base units destroyed (or handed back to their issuer) in the same transaction */
  burned: ReadonlyMap<Asset, bigint>
}

/** borrow forms of Compound v2 and v3, Aave v2 and v3, Euler and Morpho: the outflow is a debt, weighed elsewhere. */
const BORROWS: ReadonlySet<string> = new Set([
  '0xc5ebeaec', // borrow(uint256)
  '0xa415bcad', // borrow(address,uint256,uint256,uint16,address)
  '0x4b3fd148', // borrow(uint256,address)
  '0x50d8cd4b', // borrow((address,address,address,address,uint256),uint256,uint256,address,address)
])

/** Net outflows of fungible assets from `contract`. What the contract issues itself is not its asset. */
export function outflowsOf(tx: TransactionFacts, contract: Address): Outflow[] {
  const deltas = tx.deltas.get(contract)
  if (deltas === undefined) return []
  const losses = [...deltas].filter(([key, amount]) => amount < 0n && key !== contract && !key.includes('/'))
  if (losses.length === 0) return []
  const transfers = tx.facts.filter((fact): fact is TransferFact => fact.kind === 'transfer')
  const burned = burnsOf(transfers, contract)
  const inflow = [...deltas].some(([key, amount]) => amount > 0n && assetOfKey(key) !== contract)
  return losses.map(([key, amount]) => {
    const asset = assetOfKey(key)
    const paid = transfers.filter((transfer) => transfer.from === contract && transfer.asset === asset)
    const debt = paid.some((transfer) => isBorrow(transfer, tx))
    return {
      contract,
      asset,
      amount: -amount,
      recipients: recipientsOf(paid),
      otherSide: inflow ? 'inflow' : debt ? 'debt' : null,
      burned,
    }
  })
}

function burnsOf(transfers: readonly TransferFact[], contract: Address): Map<Asset, bigint> {
  const burned = new Map<Asset, bigint>()
  for (const { asset, amount, from, to } of transfers) {
    const destroyed = to === ZERO_ADDRESS || (asset === contract && to === contract && from !== contract)
    if (destroyed && amount > 0n && asset !== NATIVE) burned.set(asset, (burned.get(asset) ?? 0n) + amount)
  }
  return burned
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
