import type { TransactionFacts } from '../../model/fact.ts'
import type { Address } from '../../model/hex.ts'
import { selectorOf } from '../../model/hex.ts'
import type { Candidate } from './candidates.ts'

/**
 * The measurement of a candidate in one transaction: a size, several answers, or names; nothing if the transaction does
 * not concern it.
 */
export type Measured =
  | { kind: 'none' }
  | { kind: 'size'; size: bigint }
  | { kind: 'answers'; least: bigint; most: bigint }
  | { kind: 'names'; names: readonly Address[] }

const NONE: Measured = { kind: 'none' }

export function measure(candidate: Candidate, { transaction, facts }: TransactionFacts): Measured {
  const { bounds } = candidate
  switch (bounds) {
    case 'outflow': {
      let size = 0n
      for (const fact of facts)
        if (fact.kind === 'transfer' && fact.from === candidate.from && fact.asset === candidate.asset)
          size += fact.amount
      return size === 0n ? NONE : { kind: 'size', size }
    }
    case 'repeats':
    case 'callers': {
      const { contract, selector } = candidate
      const callers: Address[] = []
      for (const { type, from, context, input, reverted } of transaction.frames)
        if (type === 'CALL' && !reverted && context === contract && selectorOf(input) === selector)
          callers.push(from ?? '0x')
      if (callers.length === 0) return NONE
      return bounds === 'repeats'
        ? { kind: 'size', size: BigInt(callers.length) }
        : { kind: 'names', names: [...new Set(callers)] }
    }
    case 'control': {
      const names = facts.flatMap((fact) =>
        fact.kind === 'control' && fact.contract === candidate.contract && fact.change === candidate.change
          ? [fact.subject ?? ('0x' as const)]
          : [],
      )
      return names.length === 0 ? NONE : { kind: 'names', names }
    }
    case 'answers': {
      const answers = facts.flatMap((fact) =>
        fact.kind === 'valuation' && fact.source === candidate.source && fact.selector === candidate.selector
          ? fact.answer.slice(0, 1)
          : [],
      )
      if (answers.length === 0) return NONE
      const sorted = answers.sort((a, b) => (a < b ? -1 : 1))
      return { kind: 'answers', least: sorted[0] ?? 0n, most: sorted.at(-1) ?? 0n }
    }
  }
}

/** All measurements so far, joined: the largest size, the widest answers, all names (up to a limit). */
export type Seen = {
  /** Transactions that it concerned. */
  concerned: number
  size: bigint
  answers: { least: bigint; most: bigint } | null
  names: Set<Address>
  /** There were more names than are kept: a new name cannot be recognised. */
  tooMany: boolean
}

const MOST_NAMES = 64

export function nothingSeen(): Seen {
  return { concerned: 0, size: 0n, answers: null, names: new Set(), tooMany: false }
}

/** Adds one measurement. Changes `seen`. */
export function see(seen: Seen, measured: Measured): void {
  if (measured.kind === 'none') return
  seen.concerned++
  if (measured.kind === 'size' && measured.size > seen.size) seen.size = measured.size
  if (measured.kind === 'names')
    for (const name of measured.names)
      if (seen.names.size < MOST_NAMES) seen.names.add(name)
      else if (!seen.names.has(name)) seen.tooMany = true
  if (measured.kind === 'answers') {
    const { least, most } = seen.answers ?? measured
    seen.answers = { least: lesser(measured.least, least), most: greater(measured.most, most) }
  }
}

function lesser(a: bigint, b: bigint): bigint {
  return a < b ? a : b
}

function greater(a: bigint, b: bigint): bigint {
  return a > b ? a : b
}
