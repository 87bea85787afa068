import type { Address } from '../../model/hex.ts'
import type { Evidence } from './evidence.ts'

/** A payment counts if it is at least this part of the largest one. */
const NOTABLE_PART = 0.01

/** The first and the last frame in which a stranger paid something considerable to the side; empty where it paid nothing. */
export function payoutsOf({ movements, worth }: Evidence, account: Address): [number, number] | [] {
  const paid = movements
    .filter(({ by, other, amount }) => amount > 0n && (by === account || other === account))
    .map(({ frame, asset, amount }) => ({ frame, value: Number(amount) * (worth.get(asset) ?? 0) }))
  let most = 0
  for (const { value } of paid) most = Math.max(most, value)
  const frames = paid.filter(({ value }) => value >= most * NOTABLE_PART).map(({ frame }) => frame)
  const [first, last] = [frames[0], frames.at(-1)]
  return first === undefined || last === undefined ? [] : [first, last]
}
