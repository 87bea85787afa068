import { boost, type Example } from '../../calibrate/boost/boost.ts'
import type { Direction } from '../../calibrate/boost/tree.ts'
import type { Trees } from '../../detect/detectors/economics/trees.ts'
import type { Sample } from './samples.ts'

/** Features whose rise, all else equal, never lowers the score; as in `train/train.py`. */
export const RISES: ReadonlySet<string> = new Set([
  'largest part lost',
  'largest part lost without return',
  'balances halved',
  'balances a tenth less',
  'gain as a part of a stranger',
  'reserves moved apart',
  'balances moved apart',
  'price answer moved',
  'most repeated call',
  'strangers that only lose',
  'entries while running',
  'largest unexplained loss',
  'minted part of supply',
  'only gains',
  'pulls from passive owners',
  'mints to the side',
  'most trades in a pool',
  'pools traded both ways',
])
/** Features whose rise never raises the score. */
export const FALLS: ReadonlySet<string> = new Set([
  'product of reserves lost',
  'product of balances lost',
  'least balance left',
])

/**
 * As in `train/train.py`, but for the rounds: a sixth as many, because most is learned already. Between 30 and 200 the
 * differences are within the intervals (`node dist/bench/retrain.js`).
 */
const SHAPE = { rounds: 50, leaves: 4, learningRate: 0.03, leastRows: 10, ridge: 5 }
/** Trees that a model file holds, at most (`treesSchema`). */
const MOST_TREES = 5_000

/**
 * As in `train/train.py`: an attack, whatever the number of its transactions, counts like three complex benign
 * transactions. Simple ones count as much here: only those with economic evidence are examples, and they are few. A benign
 * transaction that a person judged counts like an attack.
 */
const WEIGHTS = { attack: 10, judged: 10, benign: 3 }
/**
 * Benign transactions weigh together at most ten times as much as attacks, as in the data of the shipped model: with more,
 * the score of everything would fall with the size of the history.
 */
const MOST_BENIGN = 10

/** The model with trees added that correct its errors on the samples. Samples without a score are left out. */
export function continueFrom(model: Trees, samples: readonly Sample[], most = SHAPE.rounds): Trees {
  const rounds = Math.min(most, MOST_TREES - model.trees.length)
  const directions = model.features.map(directionOf)
  const added = boost(examplesOf(model, samples), { ...SHAPE, rounds, directions })
  return { ...model, trees: [...model.trees, ...added] }
}

export function directionOf(feature: string): Direction {
  if (RISES.has(feature)) return 1
  return FALLS.has(feature) ? -1 : 0
}

function examplesOf(model: Trees, samples: readonly Sample[]): Example[] {
  const ofCase = new Map<string | null, number>()
  for (const { scored, case: id } of samples) if (scored !== null) ofCase.set(id, (ofCase.get(id) ?? 0) + 1)
  const weightOf = ({ attack, case: id }: Sample): number => {
    if (id === null) return WEIGHTS.benign
    return (attack ? WEIGHTS.attack : WEIGHTS.judged) / (ofCase.get(id) ?? 1)
  }
  const examples = samples.flatMap((sample): Example[] => {
    if (sample.scored === null) return []
    const { features, score } = sample.scored
    return [
      {
        values: model.features.map((name) => features[name] ?? Number.NaN),
        positive: sample.attack,
        weight: weightOf(sample),
        start: Math.log(score / (1 - score)),
      },
    ]
  })
  return balanced(examples)
}

function balanced(examples: readonly Example[]): Example[] {
  const sum = (positive: boolean): number =>
    examples.reduce((total, item) => total + (item.positive === positive ? item.weight : 0), 0)
  const share = Math.min(1, (MOST_BENIGN * sum(true)) / sum(false))
  return examples.map((item) => (item.positive ? item : { ...item, weight: item.weight * share }))
}
