import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { z } from 'zod'
import { readBundles } from '../src/chain/bundle/read.ts'
import { consider, type InvariantOptions } from '../src/detect/detectors/invariants/invariants.ts'
import type { Verdict } from '../src/detect/detectors/invariants/judge.ts'
import {
  emptyProtocol,
  type NoveltyRecord,
  type ProtocolModel,
} from '../src/detect/detectors/invariants/model.ts'
import { type Observation, observe } from '../src/detect/detectors/invariants/observe.ts'
import { blockFacts } from '../src/facts/facts.ts'
import type { BlockBundle } from '../src/model/block.ts'
import { addressSchema, type Hash, hashSchema } from '../src/model/hex.ts'

/** The recorded chain data: CORDON_CORPUS, or next to the repository. */
export const corpus = resolve(process.env['CORDON_CORPUS'] ?? '../shared/corpus')

const labelSchema = z.object({
  protocol: z.string(),
  file: z.string(),
  contracts: z.array(addressSchema),
  exploitTransactions: z.array(hashSchema),
  primaryExploitTransaction: hashSchema,
  published: z.object({
    study: z.object({
      otherProtocols: z.object({ transactions: z.number() }),
      external: z.object({ transactions: z.number() }),
    }),
  }),
})
export type HistoryLabel = z.infer<typeof labelSchema>

export type Item = { hash: Hash; direct: boolean; seen: Observation | null }
export type History = { label: HistoryLabel; items: Item[] }

/** The result of one history. `published` is an upper count of the published rule's false positives. */
export type Outcome = {
  protocol: string
  transactions: number
  exploit: 'flagged' | 'missed' | 'too weak'
  /** 1 − √chance of the primary exploit's novelty, and its rank among all judged transactions. */
  confidence: number
  rank: number
  exploitsFlagged: number
  exploits: number
  /** Benign transactions, all judged, and false alarms among them; `early`: among the first {@link EARLY} transactions. */
  benign: number
  strict: number
  early: number
  published: number
  /** Transactions classified as restless: reported as info, not as alarms. */
  restless: number
}

/** Transactions that used to be for learning only. */
export const EARLY = 30

/** Storage as in the corpus, or calls alone as from most nodes. */
export type Detail = 'storage' | 'calls'

/** The labelled histories, each transaction as the detector observes it. */
export async function readHistories(folder = corpus, detail: Detail = 'storage'): Promise<History[]> {
  const file = z
    .object({ protocols: z.array(labelSchema) })
    .parse(JSON.parse(readFileSync(join(folder, 'histories.labels.json'), 'utf8')))
  return Promise.all(file.protocols.map((label) => readHistory(label, { folder, detail })))
}

async function readHistory(
  label: HistoryLabel,
  { folder, detail }: { folder: string; detail: Detail },
): Promise<History> {
  const members = new Set(label.contracts)
  const items: Item[] = []
  for await (const bundle of readBundles(join(folder, 'histories', label.file)))
    for (const tx of blockFacts(detail === 'storage' ? bundle : callsOnly(bundle)).transactions) {
      const { hash, to } = tx.transaction
      items.push({ hash, direct: to !== null && members.has(to), seen: observe({ tx, bundle, members }) })
    }
  return { label, items }
}

/** The output of a node's callTracer: no storage. */
function callsOnly(bundle: BlockBundle): BlockBundle {
  const transactions = bundle.transactions.map((tx) => ({
    ...tx,
    frames: tx.frames.map(({ storage: _, ...frame }) => frame),
  }))
  return { ...bundle, transactions }
}

/** `record`: what had been new before this transaction. */
export type Judgement = { item: Item; verdict: Verdict | null; record: NoveltyRecord }

/** Judges a history in order; with `trainShare`, learning stops after that share of it and only the rest is counted. */
export function judgeHistory(
  history: History,
  options: InvariantOptions,
  trainShare: number | null = null,
): Outcome {
  const { label, items } = history
  const split = trainShare === null ? 0 : Math.floor(items.length * trainShare)
  const judgements = judgeItems(items, emptyProtocol(label.protocol, label.contracts), (i) => ({
    ...options,
    learning: trainShare === null || i < split,
  }))
  return outcomeOf(label, judgements.slice(split), EARLY - split)
}

/** Judges transactions in order, each by those before it. Changes `protocol`. */
export function judgeItems(
  items: readonly Item[],
  protocol: ProtocolModel,
  optionsAt: (index: number) => InvariantOptions,
): Judgement[] {
  return items.map((item, i) => {
    const record = protocol.novelty
    const verdict = item.seen === null ? null : consider(item.seen, protocol, { options: optionsAt(i) })
    return { item, verdict, record }
  })
}

function outcomeOf(label: HistoryLabel, judgements: readonly Judgement[], early: number): Outcome {
  const exploits = new Set(label.exploitTransactions)
  const { external, otherProtocols } = label.published.study
  const mayBeOther = external.transactions + otherProtocols.transactions > exploits.size
  const flagged = judgements.filter(({ verdict }) => verdict?.kind === 'flagged')
  const alarms = flagged.filter(({ item }) => !exploits.has(item.hash))
  const benign = judgements.filter(({ item }) => !exploits.has(item.hash))
  const primary = judgements.find(({ item }) => item.hash === label.primaryExploitTransaction)?.verdict
  const confidence = confidenceOf(primary ?? null)
  return {
    protocol: label.protocol,
    transactions: judgements.length,
    exploit: primary?.kind === 'flagged' ? 'flagged' : primary?.kind === 'weak' ? 'too weak' : 'missed',
    confidence,
    rank: 1 + judgements.filter(({ verdict }) => confidenceOf(verdict) > confidence).length,
    exploitsFlagged: flagged.length - alarms.length,
    exploits: judgements.length - benign.length,
    benign: benign.length,
    strict: alarms.length,
    early: alarms.filter((it) => judgements.indexOf(it) < early).length,
    published: alarms.filter(({ item }) => mayBeOther && !item.direct).length,
    restless: judgements.filter(({ verdict }) => verdict?.kind === 'restless').length,
  }
}

function confidenceOf(verdict: Verdict | null): number {
  return verdict === null ? 0 : 1 - Math.sqrt(verdict.novelty.chance)
}
