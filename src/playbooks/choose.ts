import { atLeast, severityRank } from '../model/finding.ts'
import type { Incident } from '../model/incident.ts'
import type { PinnedPlaybook, Playbook } from '../model/playbook.ts'

/**
 * The playbook for an incident, whatever the order of the files: of those that fit, the one that names the likeliest of the
 * incident's categories; then the one that names fewest; then the one for the worst severity; then by id. One that names no
 * category fits all and comes last. Undefined where none fits.
 */
export function choosePlaybook(
  playbooks: readonly PinnedPlaybook[],
  incident: Pick<Incident, 'categories' | 'severity'>,
): PinnedPlaybook | undefined {
  return playbooks
    .filter(({ playbook }) => fits(playbook, incident))
    .toSorted((a, b) => order(a.playbook, b.playbook, incident.categories))[0]
}

function fits(
  { when }: Playbook,
  { categories, severity }: Pick<Incident, 'categories' | 'severity'>,
): boolean {
  if (when.manual === true || !atLeast(severity, when.severity)) return false
  return when.categories.length === 0 || when.categories.some((category) => categories.includes(category))
}

function order(a: Playbook, b: Playbook, categories: readonly string[]): number {
  const place = ({ when }: Playbook): number => {
    const found = categories.findIndex((category) => when.categories.includes(category))
    return found < 0 ? categories.length : found
  }
  return (
    place(a) - place(b) ||
    a.when.categories.length - b.when.categories.length ||
    severityRank(b.when.severity) - severityRank(a.when.severity) ||
    (a.id < b.id ? -1 : 1)
  )
}
