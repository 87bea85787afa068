import type { Alert } from '../model/alert.ts'
import type { Layer } from '../model/assessment.ts'
import type { Severity } from '../model/finding.ts'
import { atLeast } from '../model/finding.ts'
import type { Address, Hash } from '../model/hex.ts'
import type { Label } from '../model/label.ts'

/** A detector's surest word about a transaction, with its worst severity. */
export type JudgedWord = { detector: string; layer: Layer; confidence: number; severity: Severity }

/** One transaction with what was said of it, and what it was. */
export type Judged = {
  chainId: number
  transactionHash: Hash
  blockNumber: number
  /** Place in the block. */
  index: number
  /** Unix seconds; null where not recorded. */
  timestamp: number | null
  label: Label | null
  /** The worse of what was said while it was pending and once it was mined. */
  alert: Pick<Alert, 'severity' | 'confidence' | 'categories' | 'protected' | 'actors'> | null
  words: readonly JudgedWord[]
  /** What was said while it was pending, and the block that it would have been in then. */
  pending: { blockNumber: number; timestamp: number | null; severity: Severity } | null
  /** What victims lost by it as findings measured it, base units by asset; of labelled transactions only. */
  losses: Readonly<Record<string, string>>
  /** Before the end of training: it taught and is not counted. */
  train: boolean
}

export type Blind = { detector: string; missing: 'traces' | 'logs'; blocks: number }

/** What detection said of a recorded history. Benign transactions of which nothing was said are only counted. */
export type Judgement = {
  rows: readonly Judged[]
  silent: { train: number; test: number }
  blocks: number
  blind: readonly Blind[]
}

/** Where training ends: before a block, or before a time in Unix seconds. */
export type TrainEnd = { kind: 'block'; block: number } | { kind: 'time'; seconds: number }

/** Histories as one, in the order given. */
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
    blocks: sum(({ blocks }) => blocks),
    blind: [...blind.values()],
  }
}

/** A case with a transaction after the end of training is a test case with all it has: it never taught. */
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

/** Chain order; what comes of another chain is not compared. */
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

/** Accounts known to be the attacker's: by the label, and by the alerts about the case's own transactions. */
export function attackersOf({
  label,
  rows,
}: {
  label: Label
  rows: readonly Judged[]
}): ReadonlySet<Address> {
  return new Set([...label.attackers, ...rows.flatMap(({ alert }) => alert?.actors ?? [])])
}
