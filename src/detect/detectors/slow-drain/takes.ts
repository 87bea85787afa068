import { forgetOldest } from '../../lib/bounded.ts'

/** The amounts that a party took within a window, oldest first. */
type Take = { at: number; amount: bigint; times: number }
/** contract + asset + party → its takings */
export type Takes = Map<string, Take[]>
/** Base units and number of transactions. */
export type Total = { amount: bigint; times: number }

const MOST_KEYS = 20_000
/** Maximum entries per party; more are merged. */
const MOST_ENTRIES = 64

/** Adds a taking and returns the sum of the window (seconds) that ends with it. */
export function noteTake(
  takes: Takes,
  { key, at, amount }: { key: string; at: number; amount: bigint },
  windowSeconds: number,
): Total {
  const kept = (takes.get(key) ?? []).filter((take) => take.at > at - windowSeconds)
  kept.push({ at, amount, times: 1 })
  const [first, second] = kept
  if (kept.length > MOST_ENTRIES && first !== undefined && second !== undefined)
    kept.splice(0, 2, {
      at: second.at,
      amount: first.amount + second.amount,
      times: first.times + second.times,
    })
  takes.delete(key)
  takes.set(key, kept)
  forgetOldest(takes, MOST_KEYS)
  return kept.reduce((sum, take) => ({ amount: sum.amount + take.amount, times: sum.times + take.times }), {
    amount: 0n,
    times: 0,
  })
}
