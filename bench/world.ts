import type { Point } from '../src/detect/baselines/scorer.ts'
import { gaussian } from './random.ts'

/** Flow of a synthetic protocol, one point per minute: growth, day and week, correlated noise; optional troubles. */
export type World = {
  random: () => number
  minute: number
  /** Correlated noise, log scale. */
  noise: number
  /** Level of the present regime, a factor. */
  regime: number
  /** Minutes that a benign burst (airdrop, listing) still lasts, and its factor. */
  burst: { left: number; factor: number }
  troubled: boolean
  /** Minute of the last regime change or burst. */
  lastTrouble: number
}

export type Tampering = (value: number, usual: number, minute: number) => number

const START = 1_700_000_000

export function world(random: () => number, troubled: boolean): World {
  return {
    random,
    minute: 0,
    noise: 0,
    regime: 1,
    burst: { left: 0, factor: 1 },
    troubled,
    lastTrouble: Number.NEGATIVE_INFINITY,
  }
}

/** The world's usual flow at its present minute, without noise, burst and regime. */
export function usualFlow({ minute }: World): number {
  const day = minute / 1_440
  const weekend = Math.floor(day) % 7 >= 5 ? 0.8 : 1
  return 100 * (1 + day / 365) * (1 + 0.5 * Math.sin(2 * Math.PI * day)) * weekend
}

/** Simulates one minute. About six regime changes a year and a burst a week in a troubled world, none in a calm one. */
export function liveMinute(state: World, tamper: Tampering = (value) => value): Point {
  const { random } = state
  state.noise = 0.9 * state.noise + 0.05 * gaussian(random)
  if (state.troubled && random() < 6 / 525_600) {
    state.regime *= Math.exp(0.4 * gaussian(random))
    state.lastTrouble = state.minute
  }
  if (state.troubled && random() < 1 / 10_080) {
    state.burst = { left: 5 + Math.floor(30 * random()), factor: 1.5 + 2 * random() }
    state.lastTrouble = state.minute
  }
  const burst = state.burst.left > 0 ? state.burst.factor : 1
  state.burst.left--
  const usual = usualFlow(state)
  const value = usual * state.regime * burst * Math.exp(state.noise + 0.05 * gaussian(random))
  const point = { at: START + state.minute * 60, value: tamper(value, usual * state.regime, state.minute) }
  state.minute++
  return point
}

export function copyWorld(state: World, random: () => number): World {
  return { ...state, burst: { ...state.burst }, random }
}
