import type { AssetKey } from './key.ts'
import { merge, NOTHING, type Parcel, type Part, split } from './parcel.ts'

/** The amounts that an exchange took in so far, and, once it gives out, the amounts left to give. */
export type Transit = { ins: Map<AssetKey, Parcel[]>; outs: Map<AssetKey, Parcel> | null }

export function newTransit(): Transit {
  return { ins: new Map(), outs: null }
}

export function takeIn({ ins }: Transit, key: AssetKey, parcels: readonly Parcel[]): void {
  const known = ins.get(key)
  if (known === undefined) ins.set(key, [...parcels])
  else known.push(...parcels)
}

/**
 * Gives out `amount` of an asset with its share of the taint that was taken in. `totals` are all amounts that the
 * exchange gives out, by asset: no prices are known here, so two assets given (or received) together count one half
 * each.
 */
export function giveOut(
  transit: Transit,
  { key, amount }: { key: AssetKey; amount: bigint },
  totals: ReadonlyMap<AssetKey, bigint>,
): Parcel {
  transit.outs ??= converted(transit.ins, totals)
  const [taken, rest] = split(transit.outs.get(key) ?? NOTHING, amount)
  transit.outs.set(key, rest)
  return taken.amount === amount ? taken : { ...taken, amount }
}

function converted(
  ins: ReadonlyMap<AssetKey, readonly Parcel[]>,
  totals: ReadonlyMap<AssetKey, bigint>,
): Map<AssetKey, Parcel> {
  const given = [...ins.values()].map((parcels) => merge(parcels)).filter(({ amount }) => amount > 0n)
  const outs = new Map<AssetKey, Parcel>()
  const left = new Map<number, bigint>()
  for (const { parts } of given)
    for (const { lineage, origin } of parts) left.set(lineage, (left.get(lineage) ?? 0n) + origin)
  let assets = BigInt(totals.size)
  for (const [key, total] of totals) {
    const parts = [...left].map(([lineage, origin]): Part => {
      // The last asset gets the remainder of the division.
      const share = origin / assets
      left.set(lineage, origin - share)
      return { lineage, here: shareOf(lineage, given, total), origin: share }
    })
    outs.set(key, { amount: total, parts: parts.filter(({ here, origin }) => here > 0n || origin > 0n) })
    assets--
  }
  return outs
}

function shareOf(lineage: number, given: readonly Parcel[], total: bigint): bigint {
  const kinds = BigInt(given.length)
  let sum = 0n
  for (const { amount, parts } of given)
    for (const part of parts) if (part.lineage === lineage) sum += (part.here * total) / (amount * kinds)
  return sum
}
