/** The spike frequency of a series: detects more spikes than usual, even if each of them is ordinary. Plain data. */
export type SpikeRate = {
  /** Points of the window that is compared with the past. */
  points: number
  /** 1 for a spike, 0 for none: the window, oldest first. */
  window: number[]
  /** Spikes and points that have left the window. */
  pastSpikes: number
  pastPoints: number
}

export function spikeRate({ points = 100 } = {}): SpikeRate {
  return { points, window: [], pastSpikes: 0, pastPoints: 0 }
}

/**
 * Reads whether the next point is a spike; returns the surprise of the count in the window, in decades: −log10 P(X ≥
 * count), X negative binomial: a Poisson whose rate is known only from the past (Gamma prior ½, Jeffreys), so a short
 * past makes nothing surprising.
 */
export function readSpikeRate(state: SpikeRate, isSpike: boolean): number {
  state.window.push(isSpike ? 1 : 0)
  if (state.window.length > state.points) {
    state.pastSpikes += state.window.shift() ?? 0
    state.pastPoints++
  }
  if (state.pastPoints < state.points) return 0
  const count = state.window.reduce((sum, one) => sum + one, 0)
  return -Math.log10(atLeast(count, state))
}

/** P(X ≥ count) for shape r = spikes + ½ and success probability past/(past + window). */
function atLeast(count: number, { pastSpikes, pastPoints, points }: SpikeRate): number {
  const shape = pastSpikes + 0.5
  const stay = points / (pastPoints + points)
  let term = (1 - stay) ** shape
  let below = 0
  for (let k = 0; k < count; k++) {
    below += term
    term *= ((shape + k) / (k + 1)) * stay
  }
  if (1 - below > 1e-9) return 1 - below
  // deep in the tail the difference loses its digits: sum upwards instead
  let [above, k] = [0, count]
  for (; k < count + 1_000 && term > above * 1e-12; k++) {
    above += term
    term *= ((shape + k) / (k + 1)) * stay
  }
  return Math.max(above, 1e-300)
}
