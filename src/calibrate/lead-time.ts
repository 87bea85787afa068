import type { Severity } from '../model/finding.ts'
import { atLeast } from '../model/finding.ts'
import type { Address, Hash } from '../model/hex.ts'
import type { Label } from '../model/label.ts'
import type { Judged } from './judged.ts'
import { attackCases, attackersOf, isSaid } from './judged.ts'
import type { Proportion } from './statistics.ts'
import { clopperPearson } from './statistics.ts'

/** Blocks for which an alert about a contract counts as a warning of an attack on it: a week at 12 seconds. */
export const WARNING_BLOCKS = 50_400

/** The link between an alert and a case: it is about its transaction, its attacker, or the attacked contract. */
export type WarningTie = 'transaction' | 'attacker' | 'contract'

export type CaseLead = {
  id: string
  transactions: number
  /** The first harm: from the label where it has one, else the first transaction of the case. */
  harm: { block: number | null; timestamp: number | null; from: 'label' | 'first-transaction' }
  /** The first alert at medium or above. */
  alert: {
    transactionHash: Hash
    severity: Severity
    block: number
    timestamp: number | null
    by: WarningTie
  } | null
  /** `pending`: the harm itself was seen before it was mined. */
  when: 'before' | 'pending' | 'same-block' | 'after' | 'never' | 'unknown'
  /** Harm minus alert; negative is late, null unknown. */
  blocks: number | null
  seconds: number | null
  /** For a case with several transactions: those after the first alert at high or above. */
  afterPaging: Proportion | null
}

export type LeadTime = {
  cases: CaseLead[]
  /** Cases with an alert before the harm, or while it was pending: those that could have been prevented completely. */
  inTime: Proportion
  /** Median over the cases with an alert; null without one. */
  median: { blocks: number | null; seconds: number | null; n: number }
}

/** How early each attack case among the rows was reported, relative to its first harm. */
export function leadTime(rows: readonly Judged[]): LeadTime {
  const said = rows.filter((row) => row.label?.label !== 'benign' && isSaid(row, 'medium'))
  const cases = attackCases(rows.filter(({ train }) => !train)).map((item) => leadOf(item, said))
  const early = cases.filter(({ when }) => when === 'before' || when === 'pending').length
  return {
    cases,
    inTime: clopperPearson({ successes: early, n: cases.length }),
    median: {
      blocks: median(cases.map(({ blocks }) => blocks)),
      seconds: median(cases.map(({ seconds }) => seconds)),
      n: cases.filter(({ alert }) => alert !== null).length,
    },
  }
}

type Case = { label: Label; rows: readonly Judged[] }
/** When an alert existed: while its transaction was pending, or with the block. */
type Warning = { row: Judged; block: number; timestamp: number | null; pending: boolean; by: WarningTie }

function leadOf(item: Case, said: readonly Judged[]): CaseLead {
  const { label, rows } = item
  const { harm, transaction } = harmOf(item)
  const first = warningsOf(item, { said, harm: harm.block }).sort(bySeen)[0]
  const [blocks, seconds] = [
    difference(harm.block, first?.block),
    difference(harm.timestamp, first?.timestamp ?? undefined),
  ]
  return {
    id: label.id,
    transactions: rows.length,
    harm,
    alert:
      first === undefined
        ? null
        : {
            transactionHash: first.row.transactionHash,
            severity: first.row.alert?.severity ?? 'medium',
            block: first.block,
            timestamp: first.timestamp,
            by: first.by,
          },
    when: whenOf(first, { blocks, seconds, harmful: transaction }),
    blocks,
    seconds,
    afterPaging: afterPaging(rows),
  }
}

function harmOf({ label, rows }: Case): { harm: CaseLead['harm']; transaction: Hash | undefined } {
  const named = rows.find(({ transactionHash }) => transactionHash === label.firstHarmTransaction)
  const inBlock = rows.find(({ blockNumber }) => blockNumber === label.firstHarmBlock)
  const row = named ?? inBlock
  if (row !== undefined) return { harm: placeOf(row, 'label'), transaction: row.transactionHash }
  if (label.firstHarmBlock !== undefined || label.startedAt !== undefined) {
    const { firstHarmBlock: block = null, startedAt: timestamp = null } = label
    return { harm: { block, timestamp, from: 'label' }, transaction: undefined }
  }
  const [first] = rows
  return first === undefined
    ? { harm: { block: null, timestamp: null, from: 'first-transaction' }, transaction: undefined }
    : { harm: placeOf(first, 'first-transaction'), transaction: first.transactionHash }
}

const placeOf = (row: Judged, from: CaseLead['harm']['from']): CaseLead['harm'] => ({
  block: row.blockNumber,
  timestamp: row.timestamp,
  from,
})

function warningsOf(item: Case, { said, harm }: { said: readonly Judged[]; harm: number | null }): Warning[] {
  const { label, rows } = item
  const own = new Set(rows.map(({ transactionHash }) => transactionHash))
  const [attackers, contracts] = [attackersOf(item), new Set(label.vulnerableContracts)]
  const chains = new Set(rows.map(({ chainId }) => chainId))
  return said.flatMap((row): Warning[] => {
    if (!chains.has(row.chainId)) return []
    const tie = own.has(row.transactionHash) ? 'transaction' : tieOf(row, attackers, contracts)
    if (tie === null) return []
    const warning = { row, by: tie, ...seenAt(row) }
    if (tie === 'transaction') return [warning]
    // the alerts of another attack on the same contract are not warnings of this one
    if (row.label !== null || harm === null) return []
    const earlier = harm - warning.block
    return earlier >= 0 && earlier <= WARNING_BLOCKS ? [warning] : []
  })
}

function tieOf(
  { alert }: Judged,
  attackers: ReadonlySet<Address>,
  contracts: ReadonlySet<Address>,
): WarningTie | null {
  if (alert?.actors.some((actor) => attackers.has(actor)) === true) return 'attacker'
  return alert?.protected.some((contract) => contracts.has(contract)) === true ? 'contract' : null
}

function seenAt(row: Judged): Pick<Warning, 'block' | 'timestamp' | 'pending'> {
  const { pending } = row
  return pending !== null && atLeast(pending.severity, 'medium')
    ? { block: pending.blockNumber, timestamp: pending.timestamp, pending: true }
    : { block: row.blockNumber, timestamp: row.timestamp, pending: false }
}

function bySeen(a: Warning, b: Warning): number {
  return a.block - b.block || Number(b.pending) - Number(a.pending) || a.row.index - b.row.index
}

function whenOf(
  first: Warning | undefined,
  at: { blocks: number | null; seconds: number | null; harmful: Hash | undefined },
): CaseLead['when'] {
  if (first === undefined) return 'never'
  const lead = at.blocks ?? at.seconds
  if (first.pending && first.row.transactionHash === at.harmful && (lead ?? 0) >= 0) return 'pending'
  if (lead === null) return 'unknown'
  if (lead === 0) return 'same-block'
  return lead > 0 ? 'before' : 'after'
}

function afterPaging(rows: readonly Judged[]): Proportion | null {
  if (rows.length < 2) return null
  const first = rows.findIndex((row) => isSaid(row, 'high'))
  const after = first === -1 ? 0 : rows.length - first - 1
  return clopperPearson({ successes: after, n: rows.length })
}

function difference(a: number | null, b: number | undefined): number | null {
  return a === null || b === undefined ? null : a - b
}

function median(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null).sort((a, b) => a - b)
  const middle = known[Math.floor((known.length - 1) / 2)]
  const next = known[Math.ceil((known.length - 1) / 2)]
  return middle === undefined || next === undefined ? null : (middle + next) / 2
}
