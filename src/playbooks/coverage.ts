import type { Severity } from '../model/finding.ts'
import type { PinnedPlaybook } from '../model/playbook.ts'
import { attackedKinds, type ProtocolKind, protocolKinds } from '../model/protocol-kind.ts'
import { compare, fitting } from './choose.ts'

/** A gap: no playbook, or no unique one, for an attack of this category on these protocols. */
export type Gap = { problem: string; category: string; protocols: ProtocolKind[] }

/** The severities at which people are paged. */
const SEVERITIES = ['high', 'critical'] as const satisfies readonly Severity[]

/** Attacks without a playbook, and those that several fit equally well: for each category on each kind of protocol. */
export function gapsIn(playbooks: readonly PinnedPlaybook[], categories: readonly string[]): Gap[] {
  const gaps = new Map<string, Gap>()
  for (const category of categories)
    for (const kind of protocolKinds) {
      const problem = problemOf(playbooks, category, kind)
      if (problem === undefined) continue
      const key = `${category} ${problem}`
      const gap = gaps.get(key) ?? { problem, category, protocols: [] }
      gap.protocols.push(kind)
      gaps.set(key, gap)
    }
  return [...gaps.values()]
}

function problemOf(
  playbooks: readonly PinnedPlaybook[],
  category: string,
  kind: ProtocolKind,
): string | undefined {
  for (const severity of SEVERITIES) {
    const attacked = { categories: [category], severity, protocols: attackedKinds([kind], [category]) }
    const [best, next] = fitting(playbooks, attacked)
    if (best === undefined) return 'no playbook starts for it'
    if (next !== undefined && compare(best.playbook, next.playbook, attacked) === 0)
      return `${best.playbook.id} and ${next.playbook.id} fit it equally well`
  }
  return undefined
}
