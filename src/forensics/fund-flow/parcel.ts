/** Taint of one stolen asset in a parcel. */
export type Part = {
  /** Index of the stolen asset. */
  lineage: number
  /** Base units of the asset that the parcel consists of; all parts together at most its amount. */
  here: bigint
  /** Base units of the stolen asset: never created and never lost. */
  origin: bigint
}

/** An amount of one asset, evenly mixed of tainted and clean. */
export type Parcel = { amount: bigint; parts: readonly Part[] }

export const NOTHING: Parcel = { amount: 0n, parts: [] }

export function clean(amount: bigint): Parcel {
  return { amount, parts: [] }
}

export function taintedOf({ parts }: Parcel): bigint {
  return parts.reduce((sum, { here }) => sum + here, 0n)
}

/** Takes `amount` out of a parcel with its share of taint. The remainder of the division stays in the rest. */
export function split(parcel: Parcel, amount: bigint): [taken: Parcel, rest: Parcel] {
  if (amount >= parcel.amount) return [parcel, NOTHING]
  if (parcel.parts.length === 0) return [clean(amount), clean(parcel.amount - amount)]
  const taken = parcel.parts.map((part) => scaled(part, amount, parcel.amount))
  const rest = minus(parcel.parts, taken)
  // Of several kinds of taint each may leave one unit over: together they may exceed the rest.
  const over = rest.reduce((sum, { here }) => sum + here, 0n) - (parcel.amount - amount)
  if (over > 0n) shift(over, rest, taken)
  return [made(amount, taken), made(parcel.amount - amount, rest)]
}

/** Takes `amount`, `tainted` of it from the tainted part, independent of the mixture. */
export function carve(parcel: Parcel, amount: bigint, tainted: bigint): [taken: Parcel, rest: Parcel] {
  const all = taintedOf(parcel)
  if (amount >= parcel.amount) return [parcel, NOTHING]
  if (tainted === 0n) return [clean(amount), { amount: parcel.amount - amount, parts: parcel.parts }]
  const [moved, kept] = split({ amount: all, parts: parcel.parts }, tainted)
  return [made(amount, moved.parts), made(parcel.amount - amount, kept.parts)]
}

export function merge(parcels: readonly Parcel[]): Parcel {
  const [first, ...others] = parcels
  if (first === undefined) return NOTHING
  if (others.length === 0) return first
  const parts = new Map<number, Part>()
  let amount = 0n
  for (const parcel of parcels) {
    amount += parcel.amount
    for (const { lineage, here, origin } of parcel.parts) {
      const known = parts.get(lineage)
      parts.set(lineage, {
        lineage,
        here: (known?.here ?? 0n) + here,
        origin: (known?.origin ?? 0n) + origin,
      })
    }
  }
  return made(amount, [...parts.values()])
}

/** True if two lots have the same composition, so that joined they are split in the same way as separately. */
export function isAlike(a: Parcel, b: Parcel): boolean {
  if (a.parts.length !== b.parts.length || a.parts.length > 1) return false
  const [one] = a.parts
  const [two] = b.parts
  if (one === undefined || two === undefined) return true
  if (one.lineage !== two.lineage || one.here * b.amount !== two.here * a.amount) return false
  return one.origin * b.amount === two.origin * a.amount
}

function scaled({ lineage, here, origin }: Part, of: bigint, whole: bigint): Part {
  return { lineage, here: (here * of) / whole, origin: (origin * of) / whole }
}

function minus(parts: readonly Part[], taken: readonly Part[]): Part[] {
  return parts.map(({ lineage, here, origin }, i) => ({
    lineage,
    here: here - (taken[i]?.here ?? 0n),
    origin: origin - (taken[i]?.origin ?? 0n),
  }))
}

function shift(over: bigint, from: Part[], to: Part[]): void {
  const bySize = [...from.keys()].sort((a, b) => compare(from[b]?.here ?? 0n, from[a]?.here ?? 0n))
  let left = over
  for (const i of bySize) {
    const [giver, taker] = [from[i], to[i]]
    if (giver === undefined || taker === undefined || left === 0n) return
    const moved = lesser(giver.here, left)
    from[i] = { ...giver, here: giver.here - moved }
    to[i] = { ...taker, here: taker.here + moved }
    left -= moved
  }
}

function lesser(a: bigint, b: bigint): bigint {
  return compare(a, b) < 0 ? a : b
}

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function made(amount: bigint, parts: readonly Part[]): Parcel {
  return { amount, parts: parts.filter(({ here, origin }) => here > 0n || origin > 0n) }
}
