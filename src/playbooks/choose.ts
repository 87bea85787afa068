import { atLeast, severityRank } from '../model/finding.ts'
import type { Incident } from '../model/incident.ts'
import type { PinnedPlaybook, Playbook } from '../model/playbook.ts'
import type { ProtocolKind } from '../model/protocol-kind.ts'

/**
 * The criteria for choosing a playbook: the attack categories, likeliest first, the severity, and the attacked
 * protocols.
 */
export type Attacked = Pick<Incident, 'categories' | 'severity'> & { protocols: readonly ProtocolKind[] }

/**
 * The playbook for an incident, independent of the order of the files: of those that fit, the one that names the
 * likeliest of the incident's categories; then the one that names the kind of protocol; then the one that names fewest;
 * then the one for the worst severity; then by id. One that names no category fits all and comes last. Undefined if
 * none fits.
 */
export function choosePlaybook(
  playbooks: readonly PinnedPlaybook[],
  attacked: Attacked,
): PinnedPlaybook | undefined {
  return fitting(playbooks, attacked)[0]
}

/** All playbooks that fit, best first. */
export function fitting(playbooks: readonly PinnedPlaybook[], attacked: Attacked): PinnedPlaybook[] {
  return playbooks
    .filter(({ playbook }) => fits(playbook, attacked))
    .toSorted((a, b) => compare(a.playbook, b.playbook, attacked) || (a.playbook.id < b.playbook.id ? -1 : 1))
}

function fits({ when }: Playbook, { categories, severity, protocols }: Attacked): boolean {
  if (when.manual === true || !atLeast(severity, when.severity)) return false
  const kinds = when.protocols ?? []
  if (kinds.length > 0 && !kinds.some((kind) => protocols.includes(kind))) return false
  if (when.categories.length === 0 || when.otherwise === true) return true
  return when.categories.some((category) => categories.includes(category))
}

/** Below zero if the first is the better one, 0 if only their ids differ. */
export function compare(a: Playbook, b: Playbook, { categories }: Attacked): number {
  const place = ({ when }: Playbook): number => {
    const found = categories.findIndex((category) => when.categories.includes(category))
    return found < 0 ? categories.length : found
  }
  const isForAll = ({ when }: Playbook): number => Number(when.protocols === undefined)
  return (
    place(a) - place(b) ||
    isForAll(a) - isForAll(b) ||
    a.when.categories.length - b.when.categories.length ||
    severityRank(b.when.severity) - severityRank(a.when.severity)
  )
}
