import { stat } from 'node:fs/promises'
import { type Engine, replaceOptions } from '../detect/engine/engine.ts'
import type { CompiledRule } from '../detect/rules/compile.ts'
import { rules as rulesDetector } from '../detect/rules/rules.ts'
import { troublesOf } from '../detect/rules/state.ts'
import { messageOf } from '../kit/error.ts'
import type { SourceNotice } from '../model/block.ts'
import { loadRules, type RulePaths, ruleFiles } from './rules.ts'

/** The set of rules that should be running, kept up to date while the program runs. */
export type RuleSet = {
  /** Null until the files changed for the first time. */
  current: readonly CompiledRule[] | null
  /** Messages for people: each chain continues reading from its own position. */
  notices: SourceNotice[]
  stop(): void
}

export type ReloadOptions = { paths: RulePaths; everyMs?: number }

/**
 * Checks the rule files once a second (modification times: works on every file system and in containers) and loads them
 * when they have changed and are stable. An invalid set is reported and the old one stays.
 */
export function followRules({ paths, everyMs = 1_000 }: ReloadOptions): RuleSet {
  const set: RuleSet = { current: null, notices: [], stop: () => clearInterval(timer) }
  let known: string | null = null
  let last: string | null = null
  let busy = false
  const look = async (): Promise<void> => {
    if (busy) return
    busy = true
    try {
      const now = await signature(paths)
      // An editor writes in pieces: a change counts once two checks agree on it.
      const settled = now === last
      last = now
      known ??= now
      if (now === known || !settled) return
      known = now
      await reload(set, paths)
    } finally {
      busy = false
    }
  }
  const timer = setInterval(() => void look(), everyMs)
  timer.unref()
  void look()
  return set
}

async function reload(set: RuleSet, paths: RulePaths): Promise<void> {
  try {
    const rules = await loadRules(paths)
    set.current = rules
    const ids = rules.map(({ rule }) => rule.id)
    set.notices.push({
      code: 'rules-changed',
      message: `${ids.length} rules from the next block on`,
      facts: { ids },
    })
  } catch (thrown) {
    const facts = { reason: thrown instanceof Error ? thrown.message : messageOf(thrown) }
    const message = `the rules were changed and are not valid; the old ones stay: ${messageOf(thrown)}`
    set.notices.push({ code: 'rules-invalid', message, facts })
  }
}

/** Names, times and sizes of the files; an inaccessible file is part of it. */
async function signature(paths: RulePaths): Promise<string> {
  try {
    const files = await ruleFiles(paths)
    const states = files.map(async (file) => {
      const { mtimeMs, size, ino } = await stat(file)
      return `${file}:${mtimeMs}:${size}:${ino}`
    })
    return (await Promise.all(states)).join('\n')
  } catch (thrown) {
    return `unreadable: ${messageOf(thrown)}`
  }
}

/** How far one chain's engine has followed a set of rules. */
export type Followed = { applied: readonly CompiledRule[] | null; told: number; troubles: Set<string> }

export function notFollowed(): Followed {
  return { applied: null, told: 0, troubles: new Set() }
}

/** Brings the engine to the current rules, between two blocks; returns the messages for people, each once. */
export function applyRules(engine: Engine, set: RuleSet, followed: Followed): SourceNotice[] {
  if (set.current !== null && set.current !== followed.applied) {
    replaceOptions(engine, rulesDetector.id, { rules: [...set.current] })
    followed.applied = set.current
    followed.troubles.clear()
  }
  const news = set.notices.slice(followed.told)
  followed.told = set.notices.length
  return [...news, ...newTroubles(engine, followed)]
}

function newTroubles({ cells }: Engine, { troubles }: Followed): SourceNotice[] {
  const cell = cells.find(({ detector }) => detector.id === rulesDetector.id)
  if (cell === undefined) return []
  const state = cell.state as ReturnType<typeof rulesDetector.init>
  const { rules } = cell.options as { rules: readonly CompiledRule[] }
  const notices: SourceNotice[] = []
  for (const [rule, reason] of troublesOf(state, rules)) {
    if (troubles.has(rule)) continue
    troubles.add(rule)
    notices.push({
      code: 'rule-trouble',
      message: `rule ${rule} failed, which counts as no match: ${reason}`,
      facts: { rule, reason },
    })
  }
  return notices
}
