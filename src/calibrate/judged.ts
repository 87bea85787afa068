import type { Alert } from '../model/alert.ts'
import type { Layer } from '../model/assessment.ts'
import type { Severity } from '../model/finding.ts'
import { atLeast } from '../model/finding.ts'
import type { Address, Hash } from '../model/hex.ts'
import type { Label } from '../model/label.ts'

/** A detector's most confident finding about a transaction, with its worst severity. */
export type JudgedWord = { detector: string; layer: Layer; confidence: number; severity: Severity }

/** Frames from which a transaction is complex: most benign ones are short, most attacks are not. */
const COMPLEX_FRAMES = 20

/** The kind of a transaction, for rates by kind. */
export type Kind = {
  /** Complex: 20 frames or more. */
  size: 'simple' | 'complex'
  /** Recognised as an arbitrage, part of a sandwich or a liquidation. */
  mev: boolean
}

export function sizeOf(frames: readonly unknown[]): Kind['size'] {
  return frames.length >= COMPLEX_FRAMES ? 'complex' : 'simple'
}

/** One transaction with its findings and its true class. */
export type Judged = Kind & {
  /** Name of its file, without the folder. */
  file: string
  chainId: number
  transactionHash: Hash
  blockNumber: number
  /** Index in the block. */
  index: number
  /** Unix seconds; null where not recorded. */
  timestamp: number | null
  label: Label | null
  /** The worse of the findings while it was pending and once it was mined. */
  alert: Pick<Alert, 'severity' | 'confidence' | 'categories' | 'protected' | 'actors'> | null
  words: readonly JudgedWord[]
  /** The findings while it was pending, and the block that it would have been in then. */
  pending: { blockNumber: number; timestamp: number | null; severity: Severity } | null
  /** The victims' losses as findings measured them, base units by asset; for labelled transactions only. */
  losses: Readonly<Record<string, string>>
  /** Before the end of training: it was used for training and is not counted. */
  train: boolean
}

export type Blind = { detector: string; missing: 'traces' | 'logs'; blocks: number }

/** Benign transactions without findings, by kind. */
export type SilentKind = Kind & { file: string; chainId: number; train: boolean; count: number }

/** The detection result for a recorded history. Benign transactions without findings are only counted. */
export type Judgement = {
  rows: readonly Judged[]
  silent: { train: number; test: number }
  /** The same transactions by kind. */
  silentKinds: readonly SilentKind[]
  blocks: number
  blind: readonly Blind[]
}

/** The end of training: before a block, or before a time in Unix seconds. */
export type TrainEnd = { kind: 'block'; block: number } | { kind: 'time'; seconds: number }

/** Merges histories, in the given order. */
export function mergeJudgements(judgements: readonly Judgement[]): Judgement {
  const blind = new Map<string, Blind>()
  for (const item of judgements.flatMap((judgement) => judgement.blind)) {
    const key = `${item.detector}:${item.missing}`
    blind.set(key, { ...item, blocks: item.blocks + (blind.get(key)?.blocks ?? 0) })
  }
  const sum = (of: (judgement: Judgement) => number): number =>
    judgements.reduce((total, judgement) => total + of(judgement), 0)
  return {
    rows: wholeCases(judgements.flatMap(({ rows }) => rows)),
    silent: { train: sum(({ silent }) => silent.train), test: sum(({ silent }) => silent.test) },
    silentKinds: judgements.flatMap(({ silentKinds }) => silentKinds),
    blocks: sum(({ blocks }) => blocks),
    blind: [...blind.values()],
  }
}

/** A case with a transaction after the end of training is entirely a test case: none of it is used for training. */
function wholeCases(rows: readonly Judged[]): Judged[] {
  const tested = new Set(rows.flatMap(({ label, train }) => (label === null || train ? [] : [label.id])))
  return rows.map((row) =>
    row.train && row.label !== null && tested.has(row.label.id) ? { ...row, train: false } : row,
  )
}

export function isAttack({ label }: Judged): boolean {
  return label?.label === 'attack'
}

export function isSaid({ alert }: Judged, floor: Severity): boolean {
  return alert !== null && atLeast(alert.severity, floor)
}

/** Chain order; transactions of different chains are not compared. */
export function byPlace(a: Judged, b: Judged): number {
  return a.chainId - b.chainId || a.blockNumber - b.blockNumber || a.index - b.index
}

/** Attack cases with their transactions in chain order, by name. */
export function attackCases(rows: readonly Judged[]): { label: Label; rows: Judged[] }[] {
  const cases = new Map<string, { label: Label; rows: Judged[] }>()
  for (const row of rows) {
    if (row.label === null || !isAttack(row)) continue
    const found = cases.get(row.label.id)
    if (found === undefined) cases.set(row.label.id, { label: row.label, rows: [row] })
    else found.rows.push(row)
  }
  for (const item of cases.values()) item.rows.sort(byPlace)
  return [...cases.values()].sort((a, b) => (a.label.id < b.label.id ? -1 : 1))
}

/** Accounts known to be the attacker's: from the label, and from the alerts about the case's own transactions. */
export function attackersOf({
  label,
  rows,
}: {
  label: Label
  rows: readonly Judged[]
}): ReadonlySet<Address> {
  return new Set([...label.attackers, ...rows.flatMap(({ alert }) => alert?.actors ?? [])])
}
