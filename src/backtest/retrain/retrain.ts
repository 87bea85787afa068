import { writeFile } from 'node:fs/promises'
import type { TrainEnd } from '../../calibrate/judged.ts'
import { economics } from '../../detect/detectors/economics/economics.ts'
import type { Trees } from '../../detect/detectors/economics/trees.ts'
import { createEngine } from '../../detect/engine/engine.ts'
import { withFiles } from '../../files/detector-options.ts'
import { assert } from '../../kit/assert.ts'
import { CordonError } from '../../kit/error.ts'
import type { Label } from '../../model/label.ts'
import { labelSchema } from '../../model/label.ts'
import type { JudgedAlert } from '../calibrate.ts'
import { type Comparison, compare, isBetter, judgeFold } from './compare.ts'
import { continueFrom } from './continue-from.ts'
import { type Fold, fileFolds, timeFold } from './folds.ts'
import { type Sample, samplesOf } from './samples.ts'

export type RetrainOptions = {
  files: readonly string[]
  labels: readonly Label[]
  verdicts: readonly JudgedAlert[]
  /** Options by detector id: the model that training continues from, and the thresholds that are compared. */
  detectors?: Readonly<Record<string, unknown>> | undefined
  /** Held out is what is not before; by files when left out. */
  trainBefore?: TrainEnd | undefined
  /** Path of the model file to write; null: none. */
  out: string | null
  progress(text: string): void
  signal: AbortSignal
}

export type Retrained = {
  type: 'retrained'
  split: { by: 'files'; folds: number } | { by: 'time'; before: TrainEnd }
  /** `scored`: those that the detector asks the score about. */
  attacks: { cases: number; scored: number }
  benign: { transactions: number; scored: number; judged: number }
  /** Labelled or judged transactions that are in none of the files. */
  absent: readonly string[]
  comparisons: readonly Comparison[]
  /** On what was held out: not worse anywhere, and better somewhere. */
  better: boolean
  trees: { before: number; after: number }
  out: string | null
}

/**
 * Continues the training of the learned score on recorded files with labels and verdicts, and compares it with the present
 * one on what was held out. The model that is written has seen everything. Deterministic. Throws `app.TooFewToTrain`,
 * `detect.InvalidOptions`, `app.InvalidModel`, and the errors of reading.
 */
export async function retrain(options: RetrainOptions): Promise<Retrained> {
  const { files, trainBefore, out } = options
  const { model, page, confirm } = await presentScore(options.detectors ?? {})
  const labels = [...options.labels, ...labelsOf(options.verdicts)]
  const read = await samplesOf({ ...options, labels, model })
  const folds = trainBefore === undefined ? fileFolds(read) : timeFold(read)
  const { samples, unscored, absent } = read
  requireEnough(folds, { files, absent })
  const held = folds.map((fold) => judgeFold(fold, continueFrom(model, fold.learn)))
  const comparisons = [
    compare(held, { name: 'page', score: page }),
    compare(held, { name: 'confirm', score: confirm }),
  ]
  const final = continueFrom(model, samples)
  if (out !== null) await writeFile(out, `${JSON.stringify(final)}\n`)
  const benign = samples.filter(({ attack }) => !attack)
  return {
    type: 'retrained',
    split:
      trainBefore === undefined ? { by: 'files', folds: folds.length } : { by: 'time', before: trainBefore },
    attacks: { cases: casesIn(samples), scored: casesIn(samples.filter(isScored)) },
    benign: {
      transactions: benign.length + unscored.reduce((sum, { count }) => sum + count, 0),
      scored: benign.filter(isScored).length,
      judged: benign.filter((item) => item.case !== null).length,
    },
    absent,
    comparisons,
    better: isBetter(comparisons),
    trees: { before: model.trees.length, after: final.trees.length },
    out,
  }
}

/** The score as configured. Throws `detect.InvalidOptions`, `app.InvalidModel`. */
async function presentScore(
  detectors: Readonly<Record<string, unknown>>,
): Promise<{ model: Trees; page: number; confirm: number }> {
  const { [economics.id]: given } = await withFiles(detectors)
  createEngine({ detectors: [economics], scope: { kind: 'everything' }, options: { [economics.id]: given } })
  const { model, page, confirm } = economics.options.parse(given)
  assert(model !== undefined, 'a model is shipped')
  return { model, page, confirm }
}

/** A verdict on an incident is a label of its transactions. */
function labelsOf(verdicts: readonly JudgedAlert[]): Label[] {
  return verdicts.map(({ incidentId, transactionHash, attack }) =>
    labelSchema.parse({
      id: incidentId,
      label: attack ? 'attack' : 'benign',
      transactions: [transactionHash],
    }),
  )
}

const isScored = ({ scored }: Sample): boolean => scored !== null

function casesIn(samples: readonly Sample[]): number {
  return new Set(samples.flatMap((item) => (item.attack ? [item.case] : []))).size
}

/** A leaf holds ten examples: from fewer attacks nothing can be learned. */
const LEAST_LEARNED = 10
/** The rates of the comparison can be stated from here on (`isStatable`): 8 attacks all or none, 0 of 368 benign. */
const LEAST_HELD = { attacks: 8, benign: 368 }

/** Throws `app.TooFewToTrain`. */
function requireEnough(
  folds: readonly Fold[],
  { files, absent }: { files: readonly string[]; absent: readonly string[] },
): void {
  const least = (of: (fold: Fold) => number): number => Math.min(...folds.map(of))
  const sum = (of: (fold: Fold) => number): number => folds.reduce((total, fold) => total + of(fold), 0)
  const scored = (attack: boolean) => (fold: Fold) =>
    fold.learn.filter((item) => item.attack === attack && isScored(item))
  const benignIn = ({ held, unscored }: Fold): number =>
    held.filter(({ attack }) => !attack).length + unscored.reduce((total, { count }) => total + count, 0)
  const counted = {
    attacksToLearnFrom: least((fold) => casesIn(scored(true)(fold))),
    benignToLearnFrom: least((fold) => scored(false)(fold).length),
    attacksHeldOut: sum(({ held }) => casesIn(held)),
    benignHeldOut: sum(benignIn),
  }
  const needed = {
    attacksToLearnFrom: LEAST_LEARNED,
    benignToLearnFrom: LEAST_LEARNED,
    attacksHeldOut: LEAST_HELD.attacks,
    benignHeldOut: LEAST_HELD.benign,
  }
  const names = ['attacksToLearnFrom', 'benignToLearnFrom', 'attacksHeldOut', 'benignHeldOut'] as const
  if (folds.length > 0 && names.every((name) => counted[name] >= needed[name])) return
  throw new CordonError({
    code: 'app.TooFewToTrain',
    message: 'There are too few labelled transactions to retrain the score and to say whether that helps.',
    facts: {
      files: files.length,
      counted: folds.length === 0 ? null : counted,
      needed,
      labelledButNotInTheFiles: absent.length,
    },
    fix: 'Record more (`cordon record`), also public attacks on contracts like yours, and give them with --labels or --verdicts. Split by time with --train-before where everything is in few files. Until then keep the present model.',
  })
}
