import type { TransferFact } from '../../model/fact.ts'
import type { Exchange, Roles } from './exchanges.ts'
import { keyOf } from './key.ts'

/**
 * The order in which taint moves: execution order for each holding, but an exchange's inputs come before its outputs,
 * because many pools pay first and are paid in a callback. If that would create a cycle, execution order applies.
 * Linear, without recursion.
 */
export function orderOf(transfers: readonly TransferFact[], roles: Roles): number[] {
  const { giver } = roles
  const before = touchedBefore(transfers, roles)
  const state = new Uint8Array(transfers.length)
  const expanded = new Set<Exchange>()
  const ordered: number[] = []
  const open: number[] = []
  const needs = (at: number): readonly number[] => {
    const exchange = giver[at]
    if (exchange === undefined || expanded.has(exchange)) return before[at] ?? []
    expanded.add(exchange)
    return [...(before[at] ?? []), ...exchange.ins]
  }
  transfers.forEach((_, start) => {
    if (state[start] !== UNSEEN) return
    open.push(start)
    for (let at = open.at(-1); at !== undefined; at = open.at(-1)) {
      const first = state[at] === UNSEEN ? needs(at).filter((it) => state[it] === UNSEEN) : []
      if (state[at] === UNSEEN) state[at] = OPEN
      if (first.length > 0) {
        open.push(...first.reverse())
        continue
      }
      open.pop()
      if (state[at] === OPEN) ordered.push(at)
      state[at] = DONE
    }
  })
  return ordered
}

const UNSEEN = 0
const OPEN = 1
const DONE = 2

/** For each transfer, the transfers that last changed the holdings that it changes. */
function touchedBefore(transfers: readonly TransferFact[], { giver, taker }: Roles): number[][] {
  const last = new Map<string, number>()
  return transfers.map((transfer, i) => {
    const key = keyOf(transfer)
    const touched = [
      ...(giver[i] === undefined ? [`${transfer.from}${key}`] : []),
      ...(taker[i] === undefined ? [`${transfer.to}${key}`] : []),
    ]
    const before = touched.flatMap((holding) => last.get(holding) ?? [])
    for (const holding of touched) last.set(holding, i)
    return before
  })
}
