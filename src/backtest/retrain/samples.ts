import { sizeOf, type TrainEnd } from '../../calibrate/judged.ts'
import { readRecorded } from '../../chain/recorded.ts'
import { economics } from '../../detect/detectors/economics/economics.ts'
import { economyOf } from '../../detect/detectors/economics/economy.ts'
import { type Features, featuresOf } from '../../detect/detectors/economics/features.ts'
import { scoreOf, type Trees } from '../../detect/detectors/economics/trees.ts'
import { blockFacts, factsFromCalls } from '../../facts/facts.ts'
import type { BlockBundle, Transaction } from '../../model/block.ts'
import type { Label } from '../../model/label.ts'
import { interrupted } from '../judge-file.ts'
import { isTraining } from '../train-end.ts'

/** A transaction that has a label, or that the learned score is asked about. */
export type Sample = {
  file: string
  hash: string
  /** The case that it belongs to; null where nobody has labelled it. */
  case: string | null
  attack: boolean
  isComplex: boolean
  /** Before the end of training. */
  train: boolean
  /** Null where the detector does not ask for a score: there is no economic evidence, so it reports nothing. */
  scored: { features: Features; score: number } | null
}

/** Benign transactions without a label and without a score, counted. */
export type Unscored = { file: string; train: boolean; isComplex: boolean; count: number }

export type Samples = {
  samples: readonly Sample[]
  unscored: readonly Unscored[]
  /** Labelled transactions that are in none of the files. */
  absent: readonly string[]
}

export type SamplesOptions = {
  files: readonly string[]
  labels: readonly Label[]
  model: Trees
  trainBefore?: TrainEnd | undefined
  progress(text: string): void
  signal: AbortSignal
}

/**
 * The transactions of recorded files as the learned score sees them; pending ones are left out. Throws the errors of
 * reading, and `app.Interrupted`.
 */
export async function samplesOf(options: SamplesOptions): Promise<Samples> {
  const { files, model, trainBefore, progress, signal } = options
  const labels = new Map(
    options.labels.flatMap((label) => label.transactions.map((hash) => [hash as string, label])),
  )
  const samples: Sample[] = []
  const counts = new Map<string, Unscored>()
  const absent = new Set(labels.keys())
  let transactions = 0
  for (const [done, file] of files.entries()) {
    let time: number | null = null
    for await (const update of readRecorded([file])) {
      if (signal.aborted) throw interrupted()
      if (update.kind !== 'block') continue
      const { bundle } = update
      time = bundle.timestamp ?? time
      const train = isTraining(trainBefore, { block: bundle.number, time })
      const asked = askedIn(bundle, model)
      for (const transaction of bundle.transactions) {
        const label = labels.get(transaction.hash) ?? null
        absent.delete(transaction.hash)
        const isComplex = sizeOf(transaction.frames) === 'complex'
        if (label === null && !asked.has(transaction.hash))
          count(counts, { file, train, isComplex, count: 1 })
        else
          samples.push({
            file,
            hash: transaction.hash,
            case: label?.id ?? null,
            attack: label?.label === 'attack',
            isComplex,
            train,
            scored: asked.has(transaction.hash) ? scoredBy(model, transaction) : null,
          })
      }
      transactions += bundle.transactions.length
      progress(`${done} of ${files.length} files · ${transactions} transactions`)
    }
  }
  return { samples: wholeCases(samples), unscored: [...counts.values()], absent: [...absent] }
}

/** The transactions of a block that the detector scores: it itself decides, with a threshold that every score reaches. */
function askedIn(bundle: BlockBundle, model: Trees): ReadonlySet<string> {
  const input = {
    facts: blockFacts(bundle),
    scope: { kind: 'everything' as const },
    suspects: new Set<never>(),
  }
  const options = { model, page: 1, confirm: Number.MIN_VALUE }
  const found = economics.weigh?.(input, { findings: [], yielding: new Set() }, null, options) ?? []
  return new Set(found.flatMap(({ transactionHash }) => transactionHash ?? []))
}

function scoredBy(model: Trees, transaction: Transaction): Sample['scored'] {
  const features = featuresOf(economyOf(factsFromCalls(transaction)))
  return { features, score: scoreOf(model, features) }
}

function count(counts: Map<string, Unscored>, item: Unscored): void {
  const key = `${item.file} ${item.train} ${item.isComplex}`
  const known = counts.get(key)
  if (known === undefined) counts.set(key, item)
  else known.count++
}

/** A case with a transaction after the end of training is entirely held out. */
function wholeCases(samples: readonly Sample[]): Sample[] {
  const held = new Set(samples.flatMap(({ case: id, train }) => (id === null || train ? [] : [id])))
  return samples.map((sample) =>
    sample.train && sample.case !== null && held.has(sample.case) ? { ...sample, train: false } : sample,
  )
}
