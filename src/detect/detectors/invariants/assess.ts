import { LEAST } from './judge.ts'
import { type Family, type Field, families, fields, historyOf, type ProtocolModel } from './model.ts'
import { type Support, supportOf } from './support.ts'

/** The scope of a model's judgement about a protocol: its own report, for people and dependent code. */
export type Assessment = {
  protocol: string
  addresses: number
  /** Transactions learned from. */
  transactions: number
  reads: number
  clones: number
  alarmed: number
  firstBlock: number
  lastBlock: number
  functions: { known: number; wellKnown: number }
  steps: number
  ranges: { known: number; wellKnown: number }
  /** Kind of invariant → whether the history supports it, and if not, how many transactions are missing. */
  support: Record<Family, Support>
  /** Fields recorded in too few transactions, so that their invariants could not be learned. */
  missing: { field: Field; recorded: number; needed: number }[]
}

/** Reports what was learned, from how much data, and which parts are too weak to judge by. Pure. */
export function assess(protocol: ProtocolModel, options: { maxFalseRate: number }): Assessment {
  const { name, addresses, transactions, reads, clones, alarmed, trials, recorded } = protocol
  const { first, last } = historyOf(protocol)
  const support = Object.fromEntries(
    families.map((family) => [family, supportOf(trials[family], options.maxFalseRate)]),
  ) as Record<Family, Support>
  return {
    protocol: name,
    addresses: addresses.size,
    transactions,
    reads,
    clones,
    alarmed,
    firstBlock: first,
    lastBlock: last,
    functions: wellKnown(protocol.functions),
    steps: protocol.steps.size,
    ranges: wellKnown(protocol.ranges),
    support,
    missing: fields
      .filter((field) => recorded[field] < LEAST)
      .map((field) => ({ field, recorded: recorded[field], needed: LEAST - recorded[field] })),
  }
}

function wellKnown(map: ReadonlyMap<string, { times: number }>): { known: number; wellKnown: number } {
  return { known: map.size, wellKnown: [...map.values()].filter(({ times }) => times >= LEAST).length }
}

const TELLS: Record<Field, string> = {
  senders: 'who may call',
  storage: 'which calls depend on one another (all are taken to), and bounds of storage',
  values: 'bounds of native value',
  gas: 'bounds of gas',
  tokens: 'bounds of token amounts and prices',
}

const SAYS: Record<Family, string> = {
  step: 'new sequences and re-entries',
  function: 'new functions',
  caller: 'new kinds of caller',
  range: 'values out of bounds',
}

/** An assessment in lines for people. */
export function assessmentLines(found: Assessment): string[] {
  const { support, functions, ranges } = found
  return [
    `${found.protocol}: ${found.transactions} transactions in blocks ${found.firstBlock} to ${found.lastBlock}${beside(found)}`,
    `  ${functions.known} functions (${functions.wellKnown} often enough for invariants of their own), ${found.steps} steps, ${ranges.wellKnown} bounds of ${ranges.known} quantities`,
    ...families.map((family) => `  ${SAYS[family]}: ${supportLine(support[family])}`),
    ...found.missing.map(
      ({ field, recorded }) =>
        `  not learned for want of ${field} (${recorded} transactions have them): ${TELLS[field]}`,
    ),
  ]
}

function beside({ reads, clones, alarmed }: Assessment): string {
  const parts = [
    reads > 0 ? `${reads} that only read` : '',
    clones > 0 ? `${clones} of clones` : '',
    alarmed > 0 ? `${alarmed} under alarm, not learned from` : '',
  ].filter((part) => part !== '')
  return parts.length === 0 ? '' : `; beside them ${parts.join(', ')}`
}

function supportLine(support: Support): string {
  const share = `${(support.bound * 100).toPrecision(2)} %`
  const counts = `${Math.floor(support.asked)} asked, ${Math.ceil(support.broken)} new`
  return support.kind === 'enough'
    ? `usual in at most ${share} of transactions (95 %; ${counts})`
    : `TOO WEAK: ${counts}; up to ${share} may be ordinary; about ${support.needed} more transactions without any are needed`
}
