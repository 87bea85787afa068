import type { CompiledRule } from './compile.ts'
import { copyWindow, emptyWindow, MOST_KEYS, type Window } from './windows.ts'

/** The memory of one rule. Stored under the hash of the rule's content, so an edited rule starts afresh. */
export type RuleMemory = {
  windows: Window[]
  /** key → the end of the rule's silence (Unix seconds), oldest first. */
  muted: Map<string, number>
  /** Failed evaluations, and the first error message: such a fact does not count as a match. */
  failures: number
  failure: string | null
}
export type RulesState = {
  /** Block time, Unix seconds; never goes back. */
  time: number
  memories: Map<string, RuleMemory>
}

export function emptyState(rules: readonly CompiledRule[]): RulesState {
  return carryState({ time: 0, memories: new Map() }, rules)
}

/** The state for a new set of rules: unchanged rules keep their memory. */
export function carryState({ time, memories }: RulesState, rules: readonly CompiledRule[]): RulesState {
  return {
    time,
    memories: new Map(
      rules.map(({ contentHash, windows }) => [
        contentHash,
        memories.get(contentHash) ?? {
          windows: windows.map(emptyWindow),
          muted: new Map(),
          failures: 0,
          failure: null,
        },
      ]),
    ),
  }
}

export function copyState({ time, memories }: RulesState): RulesState {
  return {
    time,
    memories: new Map(
      [...memories].map(([hash, memory]) => [
        hash,
        { ...memory, windows: memory.windows.map(copyWindow), muted: new Map(memory.muted) },
      ]),
    ),
  }
}

/** True where the rule may report under this key at this time; then it is silent until `seconds` later. */
export function speaks(
  { muted }: RuleMemory,
  key: string,
  { time, seconds }: { time: number; seconds: number },
): boolean {
  const until = muted.get(key)
  if (until !== undefined && time < until) return false
  muted.delete(key)
  muted.set(key, time + seconds)
  if (muted.size > MOST_KEYS) for (const oldest of muted.keys()) if (muted.delete(oldest)) break
  return true
}

/** The errors of the rules so far: one line per rule, by rule id. */
export function troublesOf({ memories }: RulesState, rules: readonly CompiledRule[]): Map<string, string> {
  const troubles = new Map<string, string>()
  for (const { rule, contentHash } of rules) {
    const failure = memories.get(contentHash)?.failure
    if (failure !== undefined && failure !== null) troubles.set(rule.id, failure)
  }
  return troubles
}
