import type { FundFlow } from '../model/fund-flow.ts'
import type { Printed } from './record.ts'

/** Maximum number of accounts drawn, those with the most movements; the drawing states how many are left out. */
const MOST_NODES = 60
export const BOX = { width: 190, height: 48 } as const
const GAP = { x: 210, y: 34 } as const
const MARGIN = { left: 24, top: 64 } as const

export type DrawnFlow = Printed<FundFlow>
export type DrawnNode = DrawnFlow['nodes'][number]
export type Placed = { node: DrawnNode; x: number; y: number }
/** All movements of one asset between two accounts, as one line. */
export type Line = Pick<
  DrawnFlow['edges'][number],
  'from' | 'to' | 'asset' | 'kind' | 'tainted' | 'taintedFifo'
> & {
  movements: number
  /** The position of its text. */
  at: { x: number; y: number }
}
export type Layout = {
  nodes: readonly Placed[]
  lines: readonly Line[]
  width: number
  height: number
  /** Accounts left out. */
  hidden: number
}

/** Accounts in columns by hop, near those that paid them; no line labels overlap. */
export function layout(flow: DrawnFlow): Layout {
  const shown = mostMoved(flow)
  const placed = placeNodes(flow, shown)
  const lines = placeWords(linesOf(flow, shown), placed)
  const right = Math.max(0, ...[...placed.values()].map(({ x }) => x))
  const bottom = Math.max(0, ...[...placed.values()].map(({ y }) => y), ...lines.map(({ at }) => at.y))
  return {
    nodes: [...placed.values()],
    lines,
    width: Math.max(860, right + BOX.width + MARGIN.left),
    height: bottom + BOX.height + 70,
    hidden: flow.nodes.length - shown.size,
  }
}

function mostMoved({ nodes, edges, sources }: DrawnFlow): Set<string> {
  const movements = new Map<string, number>()
  for (const { from, to } of edges)
    for (const account of [from, to]) movements.set(account, (movements.get(account) ?? 0) + 1)
  const first = new Set(sources.map(({ account }) => account))
  const weight = ({ id, held }: DrawnNode): number =>
    (first.has(id) ? 1e9 : 0) + (held.length > 0 ? 1e6 : 0) + (movements.get(id) ?? 0)
  const ranked = [...nodes].sort((a, b) => weight(b) - weight(a) || a.hop - b.hop)
  return new Set(ranked.slice(0, MOST_NODES).map(({ id }) => id))
}

function placeNodes({ nodes, edges }: DrawnFlow, shown: ReadonlySet<string>): Map<string, Placed> {
  const hops = [...new Set(nodes.filter(({ id }) => shown.has(id)).map(({ hop }) => hop))].sort(
    (a, b) => a - b,
  )
  const placed = new Map<string, Placed>()
  hops.forEach((hop, column) => {
    const here = nodes.filter((node) => node.hop === hop && shown.has(node.id))
    const wish = (id: string): number => {
      const payers = edges.flatMap(({ from, to }) => (to === id ? (placed.get(from)?.y ?? []) : []))
      return payers.length === 0 ? 0 : payers.reduce((sum, y) => sum + y, 0) / payers.length
    }
    const wishes = new Map(here.map(({ id }) => [id, wish(id)]))
    here.sort((a, b) => (wishes.get(a.id) ?? 0) - (wishes.get(b.id) ?? 0))
    here.forEach((node, row) => {
      const x = MARGIN.left + column * (BOX.width + GAP.x)
      placed.set(node.id, { node, x, y: MARGIN.top + row * (BOX.height + GAP.y) })
    })
  })
  return placed
}

type Unplaced = Omit<Line, 'at'>

function linesOf({ edges }: DrawnFlow, shown: ReadonlySet<string>): Unplaced[] {
  const lines = new Map<string, Unplaced>()
  for (const { from, to, asset, kind, tainted, taintedFifo } of edges) {
    if (!shown.has(from) || !shown.has(to) || from === to) continue
    const key = `${from}${to}${asset}${kind}`
    const known = lines.get(key)
    lines.set(key, {
      from,
      to,
      asset,
      kind,
      tainted: (known?.tainted ?? 0n) + tainted,
      taintedFifo: (known?.taintedFifo ?? 0n) + taintedFifo,
      movements: (known?.movements ?? 0) + 1,
    })
  }
  return [...lines.values()]
}

const WORDS = { width: 150, height: 15 } as const

function placeWords(lines: readonly Unplaced[], placed: ReadonlyMap<string, Placed>): Line[] {
  const taken: { x: number; y: number }[] = [...placed.values()].map(({ x, y }) => ({
    x: x + BOX.width / 2,
    y: y + BOX.height / 2,
  }))
  const boxes = taken.length
  const isFree = (x: number, y: number): boolean =>
    y >= MARGIN.top &&
    taken.every((other, i) => {
      const [width, height] =
        i < boxes ? [(BOX.width + WORDS.width) / 2, BOX.height / 2 + 9] : [WORDS.width, WORDS.height]
      return Math.abs(other.x - x) >= width || Math.abs(other.y - y) >= height
    })
  return lines.map((line): Line => {
    const { x, y } = middle(line, placed)
    let at = y
    for (let step = 0; step < 400 && !isFree(x, at); step++)
      at = y + (step % 2 === 0 ? 1 : -1) * Math.ceil((step + 1) / 2) * 6
    taken.push({ x, y: at })
    return { ...line, at: { x, y: at } }
  })
}

function middle({ from, to }: Unplaced, placed: ReadonlyMap<string, Placed>): { x: number; y: number } {
  const [a, b] = [placed.get(from), placed.get(to)]
  if (a === undefined || b === undefined) return { x: 0, y: 0 }
  const mid = BOX.height / 2
  if (b.x > a.x) return { x: (a.x + BOX.width + b.x) / 2, y: (a.y + b.y) / 2 + mid }
  return { x: (a.x + b.x + BOX.width) / 2, y: Math.max(a.y, b.y) + BOX.height + 18 }
}
