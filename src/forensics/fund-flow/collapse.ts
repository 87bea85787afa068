import type { FlowEdge, StolenAmount } from '../../model/fund-flow.ts'
import type { Address } from '../../model/hex.ts'
import { keyOf } from './key.ts'

/** Beyond this number the edges of one transaction stay unchanged: finding pass-throughs is quadratic in them. */
const MOST_EDGES = 400

/**
 * Removes from one transaction's edges the contracts that only passed on the amounts they received: a router, a
 * splitter. Sums at every other account stay unchanged.
 */
export function collapse(
  edges: readonly FlowEdge[],
  passesOn: (account: Address) => boolean,
): readonly FlowEdge[] {
  if (edges.length < 2 || edges.length > MOST_EDGES) return edges
  const givers = new Set(edges.map(({ from }) => from))
  const between = new Set(edges.flatMap(({ to }) => (givers.has(to) && passesOn(to) ? [to] : [])))
  let left: readonly FlowEdge[] = edges
  for (const account of between) left = without(account, left)
  return [...left].sort((a, b) => a.order - b.order)
}

function without(account: Address, edges: readonly FlowEdge[]): readonly FlowEdge[] {
  const beside = edges.filter(({ from, to }) => from !== account && to !== account)
  const assets = new Map<string, { ins: FlowEdge[]; outs: FlowEdge[] }>()
  for (const edge of edges) {
    if (edge.from !== account && edge.to !== account) continue
    if (edge.from === edge.to) return edges
    const key = keyOf(edge)
    const sides = assets.get(key) ?? { ins: [], outs: [] }
    assets.set(key, sides)
    sides[edge.to === account ? 'ins' : 'outs'].push(edge)
  }
  const joined: FlowEdge[] = []
  for (const sides of assets.values()) {
    const through = joinedBy(account, sides)
    if (through === undefined) return edges
    joined.push(...through)
  }
  return [...beside, ...joined.filter(({ from, to }) => from !== to)]
}

/** One in and many out, or many in and one out, with the same sums; undefined if it is not so simple. */
function joinedBy(
  account: Address,
  { ins, outs }: { ins: readonly FlowEdge[]; outs: readonly FlowEdge[] },
): FlowEdge[] | undefined {
  const [first] = ins
  const [last] = outs
  if (first === undefined || last === undefined || (ins.length > 1 && outs.length > 1)) return undefined
  if (sumsOf(ins) !== sumsOf(outs)) return undefined
  const way = (a: FlowEdge, b: FlowEdge): Pick<FlowEdge, 'from' | 'to' | 'kind' | 'through'> => ({
    from: a.from,
    to: b.to,
    kind: b.kind === 'transfer' ? a.kind : b.kind,
    through: [...a.through, account, ...b.through],
  })
  return ins.length === 1
    ? outs.map((out) => ({ ...out, ...way(first, out) }))
    : ins.map((into) => ({ ...into, ...way(into, last) }))
}

function sumsOf(edges: readonly FlowEdge[]): string {
  const sums = new Map<string, bigint>()
  const add = (key: string, amount: bigint): unknown => sums.set(key, (sums.get(key) ?? 0n) + amount)
  for (const { tainted, taintedFifo, stolen } of edges) {
    add('tainted', tainted)
    add('fifo', taintedFifo)
    for (const it of stolen) for (const method of BOTH) add(`${keyOf(it)} ${method}`, it[method])
  }
  return JSON.stringify([...sums].map(([key, sum]) => `${key} ${sum}`).sort())
}

const BOTH: readonly (keyof Pick<StolenAmount, 'haircut' | 'fifo'>)[] = ['haircut', 'fifo']
