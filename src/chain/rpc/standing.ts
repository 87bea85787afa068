import { messageOf } from '../../kit/error.ts'
import type { EndpointStanding } from '../../model/vitals.ts'
import type { Endpoint } from './endpoint.ts'

/** The remembered statistics of an endpoint's answers. */
export type Standing = {
  endpoint: Endpoint
  /** Share of recent requests that failed: an exponential average over about twenty. */
  errorRate: number
  /** Failures since the last answer. */
  failures: number
  /** The time until which it is queried last, milliseconds. */
  downUntil: number
  reason: string | null
  head: number | null
  /** Determined by comparison with the others: it has other blocks, or fewer. */
  place: 'here' | 'lagging' | 'elsewhere'
  asked: number
}

/** Weight of the newest outcome in the error rate. */
const NEWEST = 0.05
/** Failures in a row after which an endpoint counts as down. */
export const DOWN_AFTER = 3

export function newStanding(endpoint: Endpoint): Standing {
  return {
    endpoint,
    errorRate: 0,
    failures: 0,
    downUntil: 0,
    reason: null,
    head: null,
    place: 'here',
    asked: 0,
  }
}

export function noteAnswer(standing: Standing): void {
  standing.asked++
  standing.errorRate *= 1 - NEWEST
  standing.failures = 0
  standing.downUntil = 0
}

export function noteFailure(standing: Standing, thrown: unknown, downUntil: number): void {
  standing.asked++
  standing.errorRate = standing.errorRate * (1 - NEWEST) + NEWEST
  standing.failures++
  standing.reason = messageOf(thrown)
  if (standing.failures >= DOWN_AFTER) standing.downUntil = downUntil
}

/**
 * How much worse than a healthy endpoint it is: another fork is worst, then down, then behind, then its error rate. The
 * order of the configuration breaks ties, so a small difference must not move traffic ({@link isClearlyWorse}).
 */
export function badness({ place, failures, errorRate }: Standing): number {
  const away = place === 'elsewhere' ? 100 : place === 'lagging' ? 10 : 0
  return away + (failures >= DOWN_AFTER ? 20 : 0) + errorRate
}

/** Error rates must differ by a fifth before traffic moves: one failure does not move it. */
export function isClearlyWorse(a: Standing, b: Standing): boolean {
  return badness(a) > badness(b) + 0.2
}

export function standingOf(standing: Standing): EndpointStanding {
  const { endpoint, errorRate, head, reason, asked } = standing
  const state = stateOf(standing)
  return {
    name: endpoint.name,
    state: asked === 0 ? 'unknown' : state,
    reason:
      state === 'up'
        ? null
        : state === 'lagging'
          ? behind(standing)
          : state === 'elsewhere'
            ? OTHER_FORK
            : reason,
    errorRate: Math.round(errorRate * 1_000) / 1_000,
    head,
  }
}

const OTHER_FORK = 'It has other blocks than the chain that is followed.'

function behind({ head }: Standing): string {
  return `Its head is block ${head ?? 'unknown'}, behind that of another endpoint.`
}

function stateOf({ place, failures, errorRate }: Standing): EndpointStanding['state'] {
  if (failures >= DOWN_AFTER) return 'down'
  if (place !== 'here') return place
  return errorRate > 0.1 ? 'failing' : 'up'
}
