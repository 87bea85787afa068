import { clopperPearson, type Proportion } from '../../calibrate/statistics.ts'
import { scoreOf, type Trees } from '../../detect/detectors/economics/trees.ts'
import type { Fold } from './folds.ts'
import type { Sample } from './samples.ts'

/** A rate under the present model and under the retrained one, on the same items; and the items that changed sides. */
export type Change = { before: Proportion; after: Proportion; gained: number; lost: number }

/** The effect of retraining at one threshold, on what was held out. */
export type Comparison = {
  name: 'page' | 'confirm'
  score: number
  /** Attack cases of which a transaction reaches the score. */
  recall: Change
  /** Benign transactions that reach it, by size: 20 frames or more are complex. */
  simple: Change
  complex: Change
}

/** An item that was held out: an attack case, or a benign transaction. */
export type HeldItem = { kind: 'attack' | 'simple' | 'complex'; before: number; after: number }
export type Held = { items: readonly HeldItem[]; unscored: { simple: number; complex: number } }

/** The scores of what a fold held out, by the present model and by the one that did not see it. */
export function judgeFold({ held, unscored }: Fold, model: Trees): Held {
  const cases = new Map<string, HeldItem>()
  const items: HeldItem[] = []
  for (const sample of held) {
    const before = sample.scored?.score ?? 0
    const after = sample.scored === null ? 0 : scoreOf(model, sample.scored.features)
    if (sample.attack && sample.case !== null) {
      const known = cases.get(sample.case) ?? { kind: 'attack', before: 0, after: 0 }
      cases.set(sample.case, {
        ...known,
        before: Math.max(before, known.before),
        after: Math.max(after, known.after),
      })
    } else items.push({ kind: kindOf(sample), before, after })
  }
  const count = (isComplex: boolean): number =>
    unscored.reduce((sum, item) => sum + (item.isComplex === isComplex ? item.count : 0), 0)
  return { items: [...cases.values(), ...items], unscored: { simple: count(false), complex: count(true) } }
}

const kindOf = ({ isComplex }: Sample): 'simple' | 'complex' => (isComplex ? 'complex' : 'simple')

export function compare(
  folds: readonly Held[],
  { name, score }: Pick<Comparison, 'name' | 'score'>,
): Comparison {
  const change = (kind: HeldItem['kind']): Change => {
    const items = folds.flatMap(({ items: held }) => held.filter((item) => item.kind === kind))
    const silent = kind === 'attack' ? 0 : folds.reduce((sum, { unscored }) => sum + unscored[kind], 0)
    const count = (hits: (item: HeldItem) => boolean): number => items.filter(hits).length
    const rate = (successes: number): Proportion => clopperPearson({ successes, n: items.length + silent })
    return {
      before: rate(count(({ before }) => before >= score)),
      after: rate(count(({ after }) => after >= score)),
      gained: count(({ before, after }) => before < score && after >= score),
      lost: count(({ before, after }) => before >= score && after < score),
    }
  }
  return { name, score, recall: change('attack'), simple: change('simple'), complex: change('complex') }
}

/**
 * Whether the retrained model is worth using: at no threshold more false alarms of either size or fewer attacks, and at one
 * of them something better.
 */
export function isBetter(comparisons: readonly Comparison[]): boolean {
  const net = ({ gained, lost }: Change): number => gained - lost
  const isNoWorse = comparisons.every(
    ({ recall, simple, complex }) => net(recall) >= 0 && net(simple) <= 0 && net(complex) <= 0,
  )
  return (
    isNoWorse &&
    comparisons.some(({ recall, simple, complex }) => net(recall) > 0 || net(simple) < 0 || net(complex) < 0)
  )
}
