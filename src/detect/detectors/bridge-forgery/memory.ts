import { forgetOldest } from '../../lib/bounded.ts'

/** The proofs of one bridge function's releases so far. */
export type Habit = {
  seen: number
  /** Kinds of checks that every one of them had. */
  checks: string[]
  /** The minimum number of different signers. */
  signers: number
  /** The number of releases whose message hash had been shown to the bridge before. */
  shown: number
}

/** A message without its recipient and amount. */
export type Template = { hash: string; senders: string[]; calldata: string }

/** The whole memory: plain data, each map bounded. */
export type Memory = {
  /** bridge + function → its habit */
  habits: Map<string, Habit>
  /** bridge + word that was shown to it in a call */
  shown: Map<string, true>
  /** bridge + message with recipient and amount blanked */
  templates: Map<string, Template>
}

const MOST = 50_000

export function emptyMemory(): Memory {
  return { habits: new Map(), shown: new Map(), templates: new Map() }
}

export function keep<V>(map: Map<string, V>, key: string, value: V): void {
  map.delete(key)
  map.set(key, value)
  forgetOldest(map, MOST)
}
