import type { Asset, Frame } from '../model/block.ts'
import { entryFrame } from '../model/block.ts'
import type { SwapFact, TransferFact } from '../model/fact.ts'
import type { Address } from '../model/hex.ts'
import { ZERO_ADDRESS } from '../model/hex.ts'

type Net = Map<Asset, bigint>
type Visit = { pool: Address; entry: Frame; net: Net }

/**
 * Swaps by shape, whatever the pool's brand: while control is with contract P it sends out one asset, and takes
 * in another, either in the same visit (callback pools) or paid ahead of it (Uniswap v2 style). Assets issued by
 * P itself are shares, not trades. Liquidity changes move two assets the same way and are left out.
 */
export function swapsByShape(transfers: readonly TransferFact[], frames: readonly Frame[]): SwapFact[] {
  const visits = new Map<string, Visit>()
  const prepaid = new Map<Address, Net>()
  for (const transfer of transfers) {
    if (transfer.tokenId !== null) continue
    if (transfer.from === ZERO_ADDRESS || transfer.to === ZERO_ADDRESS) continue
    const out = visitOf(transfer.from, transfer, { visits, frames, prepaid })
    if (out !== undefined) addTo(out.net, transfer.asset, -transfer.amount)
    const into = visitOf(transfer.to, transfer, { visits, frames, prepaid })
    if (into !== undefined) addTo(into.net, transfer.asset, transfer.amount)
    else addTo(netOf(prepaid, transfer.to), transfer.asset, transfer.amount)
  }
  return [...visits.values()].flatMap(swapOf).sort((a, b) => a.frame - b.frame)
}

type Books = { visits: Map<string, Visit>; frames: readonly Frame[]; prepaid: Map<Address, Net> }

/** The visit to `account` during which the transfer happens, opened with what was paid ahead. */
function visitOf(account: Address, transfer: TransferFact, books: Books): Visit | undefined {
  const entry = entryFrame(account, transfer.frame, books.frames)
  if (entry === undefined) return undefined
  const key = `${account}${entry.index}`
  const known = books.visits.get(key)
  if (known !== undefined) return known
  const visit: Visit = { pool: account, entry, net: books.prepaid.get(account) ?? new Map() }
  books.prepaid.delete(account)
  books.visits.set(key, visit)
  return visit
}

function swapOf(visit: Visit): SwapFact[] {
  let bought: [Asset, bigint] | undefined
  let sold: [Asset, bigint] | undefined
  for (const [asset, amount] of visit.net) {
    if (amount === 0n || asset === visit.pool) continue
    if (amount > 0n && bought === undefined) bought = [asset, amount]
    else if (amount < 0n && sold === undefined) sold = [asset, -amount]
    else return []
  }
  if (bought === undefined || sold === undefined) return []
  return [
    {
      kind: 'swap',
      pool: visit.pool,
      trader: visit.entry.from,
      assetIn: bought[0],
      amountIn: bought[1],
      assetOut: sold[0],
      amountOut: sold[1],
      frame: visit.entry.index,
    },
  ]
}

function netOf(books: Map<Address, Net>, account: Address): Net {
  let net = books.get(account)
  if (net === undefined) {
    net = new Map()
    books.set(account, net)
  }
  return net
}

function addTo(net: Net, asset: Asset, amount: bigint): void {
  net.set(asset, (net.get(asset) ?? 0n) + amount)
}
