import type { ValuationFact } from '../../../model/fact.ts'
import type { Address, Hex } from '../../../model/hex.ts'
import { forgetOldest } from '../../lib/bounded.ts'

/** An answer to a question, and the seconds between which no other answer was seen. */
export type Reading = {
  /** Natural logarithm of the price. */
  price: number
  from: number
  until: number
  /** Ordinal of the first frame that saw it, over the whole watch. */
  order: number
}

/** A question about a price and its answers, oldest first. Replaced, never changed. */
export type Series = { to: Address; data: Hex; readings: readonly Reading[]; askedAt: number }

/** Question → its answers. */
export type Questions = Map<string, Series>

/**
 * Answers kept per question: those with the least time between them are forgotten first, so frequent questions push
 * nothing out.
 */
const MOST_READINGS = 48

const GET_RESERVES = '0x0902f1ac'
const SLOT0 = '0x3850c7bd'
const LATEST_ROUND = '0xfeaf968c'

/**
 * True for answers with the price of a base unit of the pool's first asset in its second, assets in the order of their
 * addresses.
 */
export function isPairPrice(data: Hex): boolean {
  return data.startsWith(GET_RESERVES) || data.startsWith(SLOT0)
}

/** The logarithm of the price in a view's answer; undefined where there is none. */
export function priceIn(data: Hex, [first = 0n, second = 0n]: readonly bigint[]): number | undefined {
  if (data.startsWith(LATEST_ROUND)) return logOf(second)
  if (data.startsWith(SLOT0)) {
    const root = logOf(first)
    return root === undefined ? undefined : 2 * (root - 96 * Math.LN2)
  }
  if (!data.startsWith(GET_RESERVES)) return logOf(first)
  const [own, other] = [logOf(first), logOf(second)]
  return own === undefined || other === undefined ? undefined : other - own
}

function logOf(value: bigint): number | undefined {
  return value > 0n ? Math.log(Number(value)) : undefined
}

export function questionOf({ source }: Pick<ValuationFact, 'source'>, data: Hex): string {
  return `${source}:${data}`
}

/** Records an answer. `at` is in seconds, `block` counts from the first that was seen. */
export function noteReading(
  questions: Questions,
  question: Pick<Series, 'to' | 'data'>,
  seen: { price: number; at: number; order: number; block: number; most: number },
): void {
  const { price, at, order, block, most } = seen
  const key = `${question.to}:${question.data}`
  const before = questions.get(key)?.readings ?? []
  const last = before.at(-1)
  const isSame = last !== undefined && last.price === price
  const readings = isSame
    ? [...before.slice(0, -1), { ...last, until: at }]
    : thinned([...before, { price, from: at, until: at, order }])
  questions.delete(key)
  questions.set(key, { to: question.to, data: question.data, readings, askedAt: block })
  forgetOldest(questions, most)
}

function thinned(readings: Reading[]): Reading[] {
  if (readings.length <= MOST_READINGS) return readings
  let [least, at] = [Number.POSITIVE_INFINITY, 1]
  for (let i = 1; i < readings.length - 1; i++) {
    const gap = (readings[i + 1]?.from ?? 0) - (readings[i - 1]?.from ?? 0)
    if (gap < least) [least, at] = [gap, i]
  }
  readings.splice(at, 1)
  return readings
}

/** The answer that held before a moment of the watch. */
export function readingBefore({ readings }: Series, order: number): Reading | undefined {
  return readings.findLast((reading) => reading.order < order)
}

/**
 * The price that held for half of a window of seconds, by time: frequent questions do not move it, holding a price
 * does. The first answer counts from the beginning of the window.
 */
export function usualPrice({ readings }: Series, { at, window }: { at: number; window: number }) {
  const spans = readings.map(({ price, from }, i) => {
    const start = i === 0 ? at - window : Math.max(from, at - window)
    return { price, length: Math.max(0, (readings[i + 1]?.from ?? at) - start) }
  })
  const sorted = spans.sort((a, b) => a.price - b.price)
  let left = sorted.reduce((sum, { length }) => sum + length, 0) / 2
  for (const { price, length } of sorted) {
    left -= length
    if (left <= 0) return price
  }
  return sorted.at(-1)?.price
}
