/** Usual values of a series at each time of a period, learned online. Plain data, bounded by the number of slots. */
export type Profile = { periodSeconds: number; slots: Slot[] }
/** `centre`: usual value; `error`: usual distance from it; `n`: number of visits. */
export type Slot = { centre: number; error: number; n: number }

export const DAY_SECONDS = 86_400
/** Half hours of a day. */
export const dayProfile = (): Profile => emptyProfile(DAY_SECONDS, 48)
/** Hours of a week. */
export const weekProfile = (): Profile => emptyProfile(7 * DAY_SECONDS, 168)

export function emptyProfile(periodSeconds: number, slots: number): Profile {
  return { periodSeconds, slots: Array.from({ length: slots }, () => ({ centre: 0, error: 0, n: 0 })) }
}

/** The slot of a moment (seconds since the epoch), or undefined where it was never seen. */
export function slotAt(profile: Profile, at: number): Slot | undefined {
  const slot = profile.slots[indexAt(profile, at)]
  return slot === undefined || slot.n === 0 ? undefined : slot
}

/** The lower bound of learning rates: a slot is a mean at first and forgets over about 50 visits later. */
const SLOWEST = 0.02
/** A visit more than this many usual errors away counts as that far: an attack does not become the norm at once. */
const CLIP = 5
const CLIP_FROM = 20

/** `usualError` is that of the whole profile, in the unit of the series. */
export function learnSlot(profile: Profile, point: { at: number; value: number }, usualError: number): void {
  const slot = profile.slots[indexAt(profile, point.at)]
  if (slot === undefined) return
  const away = point.value - slot.centre
  if (slot.n === 0) slot.centre = point.value
  else {
    slot.error = slot.n === 1 ? Math.abs(away) : slot.error + (Math.abs(away) - slot.error) * 0.05
    const most = slot.n >= CLIP_FROM && usualError > 0 ? CLIP * usualError : Number.POSITIVE_INFINITY
    slot.centre += Math.max(-most, Math.min(most, away)) * Math.max(1 / (slot.n + 1), SLOWEST)
  }
  slot.n++
}

function indexAt({ periodSeconds, slots }: Profile, at: number): number {
  const phase = ((at % periodSeconds) + periodSeconds) % periodSeconds
  return Math.floor((phase / periodSeconds) * slots.length)
}
