import { basename } from 'node:path'
import type { Judged, JudgedWord, Judgement, Kind } from '../calibrate/judged.ts'
import { sizeOf } from '../calibrate/judged.ts'
import { readRecorded } from '../chain/recorded.ts'
import type { Engine } from '../detect/engine/engine.ts'
import { createEngine, evaluatePending, evaluateSettled } from '../detect/engine/engine.ts'
import { layerOf } from '../detect/engine/layers.ts'
import { looksLikeMev } from '../detect/engine/reweigh/mev.ts'
import { detectors } from '../detect/registry.ts'
import { blockFacts } from '../facts/facts.ts'
import { alertsOf } from '../incidents/alerts.ts'
import { CordonError } from '../kit/error.ts'
import type { Alert } from '../model/alert.ts'
import type { BlockBundle } from '../model/block.ts'
import type { Scope } from '../model/detector.ts'
import type { BlockFacts, TransactionFacts } from '../model/fact.ts'
import { atLeast } from '../model/finding.ts'
import type { Hash } from '../model/hex.ts'
import type { Label } from '../model/label.ts'
import type { JudgeJob } from './job.ts'
import { countSilent, type KindOnChain, newSilence, type Silence, silenceIn } from './silence.ts'
import { isTraining } from './train-end.ts'

/** Transactions judged and bytes of the file read since the last report. */
export type Step = { transactions: number; bytes: number }
export type Watch = { step(step: Step): void; signal: AbortSignal }

/** A job with everything that it needs to run: made once per thread. */
export type ReadyJob = {
  job: JudgeJob
  options: Readonly<Record<string, unknown>>
  labels: ReadonlyMap<Hash, Label>
}

export function readyJob(job: JudgeJob, options: Readonly<Record<string, unknown>>): ReadyJob {
  const labels = new Map(job.labels.flatMap((label) => label.transactions.map((hash) => [hash, label])))
  return { job, options, labels }
}

/** Silent pending transactions remembered so that they are not counted again once they are mined. */
const MOST_WAITING = 65_536

type History = {
  file: string
  engine: Engine
  ready: ReadyJob
  rows: Judged[]
  silent: Silence
  blocks: number
  /** Index in `rows` of the alerts while pending; −1 if there were none. */
  waiting: Map<Hash, { place: number; kind: KindOnChain }>
  /** Latest block time seen, seconds. */
  time: number | null
}

/**
 * The detection results for every transaction of a file, which is a separate history: detectors begin it with empty
 * state. Memory holds one block, the detectors' state, and a row for each transaction that has a label or an alert.
 * Throws the errors of reading, and `app.Interrupted`.
 */
export async function judgeFile(file: string, ready: ReadyJob, watch: Watch): Promise<Judgement> {
  const { job, options } = ready
  const scope = await scopeOf(file, ready, watch)
  const engine = createEngine({ detectors, scope, options, shadow: job.shadow ?? [] })
  const history: History = {
    file: basename(file),
    engine,
    ready,
    rows: [],
    silent: newSilence(basename(file)),
    blocks: 0,
    waiting: new Map(),
    time: null,
  }
  for await (const bundle of bundlesOf(file, watch)) {
    judgeBlock(history, bundle)
    watch.step({ transactions: bundle.transactions.length, bytes: 0 })
  }
  for (const { place, kind } of history.waiting.values())
    if (place === -1) countSilent(history.silent, kind, false)
  const { rows, silent, blocks } = history
  return { rows, ...silenceIn(silent), blocks, blind: [...engine.blind.values()] }
}

async function* bundlesOf(file: string, { step, signal }: Watch): AsyncGenerator<BlockBundle> {
  let before = 0
  const onRead = (bytes: number): void => {
    if (bytes !== before) step({ transactions: 0, bytes: bytes - before })
    before = bytes
  }
  for await (const update of readRecorded([file], onRead)) {
    if (signal.aborted) throw interrupted()
    if (update.kind === 'block' || update.kind === 'pending') yield update.bundle
  }
}

function judgeBlock(history: History, bundle: BlockBundle): void {
  const { engine, ready } = history
  history.time = bundle.timestamp ?? history.time
  history.blocks += bundle.pending ? 0 : 1
  const evaluate = bundle.pending ? evaluatePending : evaluateSettled
  const facts = blockFacts(bundle)
  const alerts = new Map(alertsOf(evaluate(engine, facts)).map((alert) => [alert.transactionHash, alert]))
  const train = isTraining(ready.job.trainBefore, { block: bundle.number, time: history.time })
  const { file } = history
  for (const tx of facts.transactions) {
    const { hash, index } = tx.transaction
    const kind = kindOf(tx, facts, engine.scope)
    const alert = alerts.get(hash)
    const label = ready.labels.get(hash) ?? null
    const said = alert !== undefined || label !== null
    const row =
      said || isRow(history, hash) ? rowOf({ file, kind, bundle, hash, index, label, alert, train }) : null
    const judged = { hash, row, kind: { ...kind, chainId: bundle.chainId } }
    if (bundle.pending) takePending(history, judged)
    else takeMined(history, judged, train)
  }
}

function isRow({ waiting }: History, hash: Hash): boolean {
  return (waiting.get(hash)?.place ?? -1) >= 0
}

function kindOf(tx: TransactionFacts, { transactions }: BlockFacts, scope: Scope): Kind {
  return {
    size: sizeOf(tx.transaction.frames),
    mev: looksLikeMev(tx, { scope, block: transactions }) !== null,
  }
}

/** A transaction with its row, or null where it has neither label nor alert. */
type JudgedNow = { hash: Hash; row: Judged | null; kind: KindOnChain }

/** A transaction seen pending is the same one once it is mined: one row, with the worse of the results. */
function takeMined(history: History, { hash, row, kind }: JudgedNow, train: boolean): void {
  const { rows, waiting, silent } = history
  const place = waiting.get(hash)?.place ?? -1
  const before = rows[place]
  waiting.delete(hash)
  if (row === null) countSilent(silent, kind, train)
  else if (before === undefined) rows.push(row)
  else rows[place] = { ...worse(before, row), ...placeOf(row), pending: before.pending, train }
}

function takePending(history: History, { hash, row, kind }: JudgedNow): void {
  const { rows, waiting } = history
  const place = waiting.get(hash)?.place
  const before = place === undefined ? undefined : rows[place]
  if (row === null) {
    if (place === undefined) waiting.set(hash, { place: -1, kind })
  } else if (before === undefined || place === undefined) {
    waiting.set(hash, { place: rows.push(row) - 1, kind })
  } else rows[place] = { ...worse(before, row), pending: before.pending ?? row.pending }
  const [oldest] = waiting
  if (waiting.size <= MOST_WAITING || oldest === undefined) return
  waiting.delete(oldest[0])
  if (oldest[1].place === -1) countSilent(history.silent, oldest[1].kind, false)
}

const placeOf = ({ blockNumber, index, timestamp }: Judged) => ({ blockNumber, index, timestamp })

function worse(a: Judged, b: Judged): Judged {
  if (a.alert === null || b.alert === null) return a.alert === null ? b : a
  return atLeast(b.alert.severity, a.alert.severity) ? b : a
}

function rowOf(given: {
  file: string
  kind: Kind
  bundle: BlockBundle
  hash: Hash
  index: number
  label: Label | null
  alert: Alert | undefined
  train: boolean
}): Judged {
  const { file, kind, bundle, hash, index, label, alert, train } = given
  const { chainId, number: blockNumber, timestamp, pending } = bundle
  return {
    ...kind,
    file,
    chainId,
    transactionHash: hash,
    blockNumber,
    index,
    timestamp,
    label,
    alert: alert === undefined ? null : saidOf(alert),
    words: alert === undefined ? [] : wordsOf(alert),
    pending: pending && alert !== undefined ? { blockNumber, timestamp, severity: alert.severity } : null,
    losses: label === null || alert === undefined ? {} : lossesOf(alert),
    train,
  }
}

function saidOf({ severity, confidence, categories, protected: contracts, actors }: Alert): Judged['alert'] {
  return { severity, confidence, categories, protected: contracts, actors }
}

/** Each detector once, with its highest confidence and its worst severity. */
function wordsOf({ findings }: Alert): JudgedWord[] {
  const words = new Map<string, JudgedWord>()
  for (const { detector, confidence, severity } of findings) {
    const known = words.get(detector)
    words.set(detector, {
      detector,
      layer: layerOf(detector),
      confidence: Math.max(confidence, known?.confidence ?? 0),
      severity: known === undefined || atLeast(severity, known.severity) ? severity : known.severity,
    })
  }
  return [...words.values()]
}

/** Several detectors measure the same loss: for each account and asset the largest counts. */
function lossesOf({ findings }: Alert): Record<string, string> {
  const largest = new Map<string, { asset: string; amount: bigint }>()
  for (const { account, asset, amount } of findings.flatMap(({ loss }) => loss)) {
    const key = `${account}:${asset}`
    if (amount > (largest.get(key)?.amount ?? 0n)) largest.set(key, { asset, amount })
  }
  const sums = new Map<string, bigint>()
  for (const { asset, amount } of largest.values()) sums.set(asset, (sums.get(asset) ?? 0n) + amount)
  return Object.fromEntries([...sums].map(([asset, amount]) => [asset, String(amount)]))
}

/** A first pass over the file finds the labelled cases in it: their contracts are its protected ones. */
async function scopeOf(file: string, { job, labels }: ReadyJob, watch: Watch): Promise<Scope> {
  const addresses = new Set(job.protect)
  if (job.protectLabelled) {
    for await (const { transactions } of bundlesOf(file, watch)) {
      for (const { hash } of transactions)
        for (const address of labels.get(hash)?.vulnerableContracts ?? []) addresses.add(address)
    }
  }
  return addresses.size === 0 ? { kind: 'everything' } : { kind: 'contracts', addresses }
}

export function interrupted(): CordonError {
  return new CordonError({
    code: 'app.Interrupted',
    message: 'The backtest was interrupted.',
    fix: 'Run it again; with --resume FILE it continues after the last finished file.',
    retryable: true,
  })
}
