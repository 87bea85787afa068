import { writeFile } from 'node:fs/promises'
import { readRecorded } from '../chain/recorded.ts'
import { type Assessment, assess, assessmentLines } from '../detect/detectors/invariants/assess.ts'
import { type InvariantOptions, invariants } from '../detect/detectors/invariants/invariants.ts'
import { saveModel } from '../detect/detectors/invariants/model.ts'
import { blockFacts } from '../facts/facts.ts'
import { invalidModel, readModelFile } from '../files/detector-options.ts'
import { toJson } from '../kit/json.ts'
import type { BlockBundle } from '../model/block.ts'
import type { Address, Hash } from '../model/hex.ts'

/** The end of learning: before a block, or after a number of transactions of the files. */
export type TrainEnd = { kind: 'block'; block: number } | { kind: 'transactions'; count: number }

export type LearnOptions = {
  files: readonly string[]
  protect: readonly Address[]
  /** Path of the model file to write; null for none. */
  out: string | null
  end: TrainEnd | null
  /** The model to continue from. */
  from?: string | undefined
  /** Transactions that people confirmed to be harmless. */
  benign?: readonly Hash[]
  signal: AbortSignal
  progress(text: string): void
}

/** The result of learning: the model's own report, and the transactions that it did not learn from. */
export type Learned = {
  type: 'learned'
  out: string | null
  blocks: number
  transactions: number
  protocols: Assessment[]
  alarms: { transactionHash: Hash | null; blockNumber: number; severity: string; message: string }[]
}

/**
 * Learns a protocol's invariants from bundle files, in the order given, and writes the model. A transaction that breaks
 * an invariant learned before is not learned from, but listed. Throws `app.InvalidModel` and the errors of reading.
 */
export async function learnFiles(options: LearnOptions): Promise<Learned> {
  const { files, protect, out, end } = options
  const parsed = await detectorOptions(options)
  const state = invariants.init(parsed)
  const learned: Learned = { type: 'learned', out, blocks: 0, transactions: 0, protocols: [], alarms: [] }
  const scope = { kind: 'contracts' as const, addresses: new Set(protect) }
  for await (const update of readRecorded(files)) {
    if (options.signal.aborted) break
    if (update.kind !== 'block') continue
    const bundle = upTo(update.bundle, { end, before: learned.transactions })
    if (bundle === null) break
    const findings = invariants.evaluate(
      { facts: blockFacts(bundle), scope, suspects: new Set() },
      state,
      parsed,
    )
    learned.blocks++
    learned.transactions += bundle.transactions.length
    for (const { transactionHash, blockNumber, severity, message } of findings)
      learned.alarms.push({ transactionHash, blockNumber, severity, message })
    options.progress(`${learned.blocks} blocks · ${learned.transactions} transactions`)
  }
  learned.protocols = state.protocols.map((protocol) => assess(protocol, parsed))
  if (out !== null) await writeFile(out, `${toJson(saveModel(state.protocols), 1)}\n`)
  return learned
}

async function detectorOptions({ from, benign = [] }: LearnOptions): Promise<InvariantOptions> {
  const model = from === undefined ? {} : { model: await readModelFile(from) }
  const parsed = invariants.options.safeParse({ ...model, benign })
  if (parsed.success) return parsed.data
  throw invalidModel(from ?? 'none', parsed.error)
}

function upTo(
  bundle: BlockBundle,
  { end, before }: { end: TrainEnd | null; before: number },
): BlockBundle | null {
  if (end === null) return bundle
  if (end.kind === 'block') return bundle.number < end.block ? bundle : null
  const left = end.count - before
  if (left <= 0) return null
  return bundle.transactions.length <= left
    ? bundle
    : { ...bundle, transactions: bundle.transactions.slice(0, left) }
}

/** The learned invariants, as lines for people. */
export function describeLearned({ protocols, alarms, out, blocks, transactions }: Learned): string[] {
  return [
    `${blocks} blocks, ${transactions} transactions read`,
    ...protocols.flatMap(assessmentLines),
    ...alarms.map(
      ({ transactionHash, severity, message }) => `  ${severity} ${transactionHash ?? 'block'}: ${message}`,
    ),
    out === null ? 'no model written (give --out FILE)' : `model written to ${out}`,
  ]
}
