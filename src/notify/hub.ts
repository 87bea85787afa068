import type { Asset } from '../model/block.ts'
import type { LiveLine } from '../model/line.ts'
import { type Lexicon, NO_LEXICON } from '../words/lexicon.ts'

/** Live events, for the terminal, the NDJSON output and the SSE stream. */
export type LiveEvent = LiveLine

export type Hub = {
  tell(event: LiveEvent): void
  /** Calls `listener` for every event from now on; returns a function that stops it. A listener must not throw. */
  listen(listener: (event: LiveEvent) => void): () => void
  /** The names of things on a chain, for output to people; empty until the app has started. */
  lexicon(chainId: number, assets: Iterable<Asset>): Promise<Lexicon>
  /** Sets the hub's lexicon. */
  speak(lexicon: Hub['lexicon']): void
}

export function createHub(): Hub {
  const listeners = new Set<(event: LiveEvent) => void>()
  let words: Hub['lexicon'] = async () => NO_LEXICON
  return {
    tell(event) {
      for (const listener of listeners) listener(event)
    },
    listen(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    lexicon: (chainId, assets) => words(chainId, assets),
    speak(lexicon) {
      words = lexicon
    },
  }
}
