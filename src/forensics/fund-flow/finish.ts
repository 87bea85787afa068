import type { FlowNode, FlowNodeKind, FlowTotal, FundFlow } from '../../model/fund-flow.ts'
import { type Address, ZERO_ADDRESS } from '../../model/hex.ts'
import { stolenIn } from './follow.ts'
import { type AssetKey, assetOf } from './key.ts'
import { type Parcel, taintedOf } from './parcel.ts'
import { type ByMethod, type Flow, methods, partsOfHolding } from './state.ts'

export type FinishOptions = {
  /** An account that holds taint and moved none for this many blocks is dormant; 7,200, a day of mainnet. */
  dormantBlocks?: number
}

/** The fund flow as far as it was followed. Does not change it: following may continue. */
export function finishFlow(flow: Flow, { dormantBlocks = 7_200 }: FinishOptions = {}): FundFlow {
  const held = heldBy(flow)
  const hops = hopsOf(flow)
  const accounts = new Set<Address>([...hops.keys(), ...held.keys()])
  const furthest = Math.max(0, ...hops.values())
  const kindOf = (account: Address): FlowNodeKind => nodeKind(flow, account, { held, dormantBlocks })
  const nodes = [...accounts].map((id): FlowNode => {
    const label = flow.labels.get(id)
    return {
      id,
      kind: kindOf(id),
      label: label === undefined ? null : { name: label.name, source: label.source },
      hop: hops.get(id) ?? furthest + 1,
      held: [...(held.get(id) ?? [])].map(([key, parcels]) => ({
        ...assetOf(key),
        amount: sumOf(parcels.haircut),
        amountFifo: sumOf(parcels.fifo),
        stolen: stolenIn(flow, parcels),
      })),
    }
  })
  return {
    type: 'fund-flow',
    chainId: flow.chainId,
    fromBlock: flow.fromBlock,
    toBlock: flow.toBlock,
    transactions: flow.transactions,
    sources: [...flow.sources],
    nodes: nodes.sort((a, b) => a.hop - b.hop),
    edges: [...flow.edges],
    totals: totalsOf(flow, held, kindOf),
    cut: { ...flow.cut },
    doubted: [...flow.doubted],
  }
}

type Held = Map<Address, Map<AssetKey, ByMethod<readonly Parcel[]>>>

function heldBy({ books, tainted }: Flow): Held {
  const held: Held = new Map()
  for (const method of methods)
    for (const name of tainted[method]) {
      const { account, key } = partsOfHolding(name)
      const assets = held.get(account) ?? new Map<AssetKey, ByMethod<readonly Parcel[]>>()
      held.set(account, assets)
      const known = assets.get(key) ?? { haircut: [], fifo: [] }
      assets.set(key, { ...known, [method]: books[method].get(name)?.lots ?? [] })
    }
  return held
}

function sumOf(parcels: readonly Parcel[]): bigint {
  return parcels.reduce((sum, parcel) => sum + taintedOf(parcel), 0n)
}

/** Steps from the nearest source, in the order in which they happened. */
function hopsOf({ sources, edges }: Flow): Map<Address, number> {
  const hops = new Map<Address, number>(sources.map(({ account }) => [account, 0]))
  for (const { from, to } of edges) {
    const start = hops.get(from) ?? 0
    hops.set(from, start)
    hops.set(to, Math.min(hops.get(to) ?? Number.POSITIVE_INFINITY, start + 1))
  }
  return hops
}

type Known = { held: Held; dormantBlocks: number }

function nodeKind(flow: Flow, account: Address, { held, dormantBlocks }: Known): FlowNodeKind {
  if (flow.sources.some((source) => source.account === account)) return 'victim'
  if (flow.actors.has(account)) return 'attacker'
  const label = flow.labels.get(account)
  if (label !== undefined && label.kind !== 'account') return label.kind
  if (account === ZERO_ADDRESS) return 'burn'
  if (flow.contracts.has(account)) return 'contract'
  const still = flow.toBlock - (flow.moved.get(account) ?? flow.fromBlock)
  return held.has(account) && still >= dormantBlocks ? 'dormant' : 'account'
}

function totalsOf(flow: Flow, held: Held, kindOf: (account: Address) => FlowNodeKind): FlowTotal[] {
  const totals = flow.lineages.map(
    (key, i): FlowTotal => ({
      ...assetOf(key),
      stolen: flow.stolen[i] ?? 0n,
      at: {},
      unexplained: { haircut: flow.unexplained.haircut[i] ?? 0n, fifo: flow.unexplained.fifo[i] ?? 0n },
    }),
  )
  for (const [account, assets] of held) {
    const kind = kindOf(account)
    for (const parcels of assets.values())
      for (const method of methods)
        for (const { parts } of parcels[method])
          for (const { lineage, origin } of parts) {
            const at = totals[lineage]?.at
            if (at === undefined) continue
            const known = at[kind] ?? { haircut: 0n, fifo: 0n }
            at[kind] = { ...known, [method]: known[method] + origin }
          }
  }
  return totals
}
