/**
 * One kind of trouble that people are notified of: once when it has lasted, and once when it has been over for a while.
 */
export type Episode =
  | { state: 'calm'; troubledSince: number | null }
  | { state: 'open'; openedAt: number; since: number; calmSince: number | null }

export type EpisodeStep = { episode: Episode; change: 'opened' | 'closed' | null }

/** Times in milliseconds. `patienceMs` is how long the trouble must last to be reported; null: there is none now. */
export type Sighting = { now: number; patienceMs: number | null; calmMs: number }

export const calm: Episode = { state: 'calm', troubledSince: null }

/**
 * Trouble that comes and goes within its patience is not reported, nor is a calm that does not last: one episode, one
 * page.
 */
export function nextEpisode(episode: Episode, { now, patienceMs, calmMs }: Sighting): EpisodeStep {
  switch (episode.state) {
    case 'calm': {
      if (patienceMs === null) return { episode: calm, change: null }
      const since = episode.troubledSince ?? now
      if (now - since < patienceMs) return { episode: { state: 'calm', troubledSince: since }, change: null }
      return { episode: { state: 'open', openedAt: now, since, calmSince: null }, change: 'opened' }
    }
    case 'open': {
      if (patienceMs !== null) return { episode: { ...episode, calmSince: null }, change: null }
      const calmSince = episode.calmSince ?? now
      if (now - calmSince < calmMs) return { episode: { ...episode, calmSince }, change: null }
      return { episode: calm, change: 'closed' }
    }
  }
}
