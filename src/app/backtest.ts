import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import type { BacktestReport, Judged } from '../calibrate/backtest.ts'
import { backtestReport } from '../calibrate/backtest.ts'
import { readRecorded } from '../chain/recorded.ts'
import { createEngine, evaluateSettled } from '../detect/engine.ts'
import { detectors } from '../detect/registry.ts'
import { blockFacts } from '../facts/facts.ts'
import { CordonError, messageOf } from '../kit/error.ts'
import type { BlockBundle } from '../model/block.ts'
import type { Scope } from '../model/detector.ts'
import type { Address, Hash } from '../model/hex.ts'
import type { Label } from '../model/label.ts'
import { labelsSchema } from '../model/label.ts'
import { alertsOf } from '../triage/alerts.ts'

export type BacktestOptions = {
  files: readonly string[]
  labels: readonly Label[]
  /** Contracts to protect in every file; with none, everything is watched. */
  protect: readonly Address[]
  /** Protect, in each file, what the labels call vulnerable there too. */
  protectLabelled: boolean
  /** Options by detector id; defaults, and so no rules, when left out. */
  detectors?: Readonly<Record<string, unknown>>
  /** Blocks below this one teach and are not counted. */
  trainBefore?: number
  /** Hours that a needless pause is taken to last. */
  pauseHours: number
  progress: (file: string, judged: number) => void
  signal: AbortSignal
}

/** Detection over recorded files, marked by labels. Throws what reading throws. */
export async function backtest(options: BacktestOptions): Promise<BacktestReport> {
  return backtestReport(await judgeFiles(options), { pauseHours: options.pauseHours })
}

/**
 * What detection says of every transaction of the files. Each file is a history of its own: detectors begin it knowing
 * nothing. Memory holds one block and a line a transaction. Throws what reading throws.
 */
export async function judgeFiles(options: BacktestOptions): Promise<Judged[]> {
  const judged: Judged[] = []
  const byHash = new Map<Hash, Label>(
    options.labels.flatMap((label) => label.transactions.map((hash) => [hash, label])),
  )
  for (const file of options.files) {
    const bundles = readRecorded([file])
    const scope = await scopeOf(file, options, byHash)
    const engine = createEngine({ detectors, scope, options: options.detectors ?? {} })
    for await (const update of bundles) {
      if (options.signal.aborted) break
      if (update.kind !== 'block' && update.kind !== 'pending') continue
      const said = judge(update.bundle, evaluateSettled(engine, blockFacts(update.bundle)), byHash)
      if (options.trainBefore === undefined || update.bundle.number >= options.trainBefore)
        judged.push(...said)
      options.progress(file, judged.length)
    }
  }
  return judged
}

function judge(
  bundle: BlockBundle,
  findings: ReturnType<typeof evaluateSettled>,
  labels: ReadonlyMap<Hash, Label>,
): Judged[] {
  const alerts = new Map(alertsOf(findings).map((alert) => [alert.transactionHash, alert]))
  return bundle.transactions.map(({ hash }) => {
    const alert = alerts.get(hash) ?? null
    return {
      transactionHash: hash,
      label: labels.get(hash) ?? null,
      alert,
      detectors: Object.fromEntries(
        (alert?.findings ?? []).map((finding) => [finding.detector, finding.confidence]),
      ),
    }
  })
}

/** A first pass over the file finds which labelled cases it holds: their contracts are its protected ones. */
async function scopeOf(
  file: string,
  options: BacktestOptions,
  labels: ReadonlyMap<Hash, Label>,
): Promise<Scope> {
  const addresses = new Set(options.protect)
  if (options.protectLabelled) {
    for await (const update of readRecorded([file])) {
      if (update.kind !== 'block' && update.kind !== 'pending') continue
      for (const { hash } of update.bundle.transactions) {
        for (const address of labels.get(hash)?.vulnerableContracts ?? []) addresses.add(address)
      }
    }
  }
  return addresses.size === 0 ? { kind: 'everything' } : { kind: 'contracts', addresses }
}

/** Reads a label file. Throws `app.InvalidLabels`. */
export async function readLabels(file: string): Promise<Label[]> {
  try {
    return labelsSchema.parse(JSON.parse(await readFile(file, 'utf8')))
  } catch (cause) {
    const reason = cause instanceof z.ZodError ? z.prettifyError(cause).slice(0, 400) : messageOf(cause)
    throw new CordonError({
      code: 'app.InvalidLabels',
      message: `The labels in ${file} cannot be used.`,
      facts: { file, reason },
      fix: 'Give a JSON list of { id, label: "attack" | "benign", transactions: [hash], vulnerableContracts?, tags? }; docs/guides/backtest.md.',
      cause,
    })
  }
}
