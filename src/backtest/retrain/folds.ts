import type { Sample, Samples, Unscored } from './samples.ts'

/** A part to learn from, and the part that is judged by what was learned. */
export type Fold = { learn: readonly Sample[]; held: readonly Sample[]; unscored: readonly Unscored[] }

/** Parts of files, at most. */
const FOLDS = 5

/** By time: one fold, what is before the end of training and what is after it. */
export function timeFold({ samples, unscored }: Samples): Fold[] {
  return [
    {
      learn: samples.filter(({ train }) => train),
      held: samples.filter(({ train }) => !train),
      unscored: unscored.filter(({ train }) => !train),
    },
  ]
}

/**
 * By file: five folds, or as many as there are groups. A case whose transactions are in several files makes one group of
 * them. Groups with attacks are dealt out first, so that every fold has its share.
 */
export function fileFolds({ samples, unscored }: Samples): Fold[] {
  const groupOf = groupsOf([...samples, ...unscored])
  for (const members of casesOf(samples)) join(groupOf, members)
  const withAttacks = new Set(samples.flatMap(({ attack, file }) => (attack ? [groupOf.get(file)] : [])))
  const groups = [...new Set(groupOf.values())].sort((a, b) => a - b)
  const dealt = [
    ...groups.filter((group) => withAttacks.has(group)),
    ...groups.filter((group) => !withAttacks.has(group)),
  ]
  const foldOf = new Map(dealt.map((group, i) => [group, i % FOLDS]))
  const at = ({ file }: { file: string }): number => foldOf.get(groupOf.get(file) ?? -1) ?? 0
  return Array.from({ length: Math.min(FOLDS, groups.length) }, (_, fold) => ({
    learn: samples.filter((item) => at(item) !== fold),
    held: samples.filter((item) => at(item) === fold),
    unscored: unscored.filter((item) => at(item) === fold),
  }))
}

function groupsOf(items: readonly { file: string }[]): Map<string, number> {
  return new Map([...new Set(items.map(({ file }) => file))].map((file, i) => [file, i]))
}

/** The files of each case. */
function casesOf(samples: readonly Sample[]): Iterable<ReadonlySet<string>> {
  const files = new Map<string, Set<string>>()
  for (const { case: id, file } of samples)
    if (id !== null) files.set(id, (files.get(id) ?? new Set()).add(file))
  return files.values()
}

function join(groupOf: Map<string, number>, members: ReadonlySet<string>): void {
  if (members.size < 2) return
  const joined = new Set([...members].map((file) => groupOf.get(file)))
  const first = Math.min(...[...joined].map((group) => group ?? 0))
  for (const [file, group] of groupOf) if (joined.has(group)) groupOf.set(file, first)
}
