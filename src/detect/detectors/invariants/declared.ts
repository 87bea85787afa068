import { z } from 'zod'
import { sha256 } from '../../../kit/json.ts'
import type { DetectorInput } from '../../../model/detector.ts'
import type { BlockFacts, TransactionFacts } from '../../../model/fact.ts'
import { type Finding, severitySchema } from '../../../model/finding.ts'
import { type Address, amountSchema } from '../../../model/hex.ts'
import type { StateCall } from '../../../model/state-read.ts'
import { buildFinding } from '../../lib/build-finding.ts'
import { answerIn, answersOf, viewCallSchema } from '../../lib/view-call.ts'

const relations = ['>=', '<=', '==', '>', '<'] as const
const monotones = ['monotone-up', 'monotone-down'] as const

/** A declared invariant: compares the answer of a view call with a number, another call, or its past. */
export const declaredSchema = z
  .strictObject({
    name: z.string().min(1).max(80),
    call: viewCallSchema,
    compare: z.enum([...relations, ...monotones]),
    value: amountSchema.optional(),
    than: viewCallSchema.optional(),
    severity: severitySchema.default('high'),
  })
  .refine(
    ({ compare, value, than }) =>
      [value, than].filter((it) => it !== undefined).length === (compare.startsWith('monotone') ? 0 : 1),
    'a comparison takes either value or than; monotone-up and monotone-down take neither',
  )
export type Declared = z.infer<typeof declaredSchema>

/** name → the last answer, and whether the invariant was broken then: a lasting break is reported once. */
export type DeclaredState = Map<string, { readonly last: bigint; readonly broken: boolean }>

/** The view calls that declared invariants depend on. */
export function declaredReads(declared: readonly Declared[]): StateCall[] {
  return declared
    .flatMap(({ call, than }) => (than === undefined ? [call] : [call, than]))
    .map(({ to, data }) => ({ to, data }))
}

/**
 * Declared invariants that broke with this block. The finding is about the last transaction that touched the contract,
 * or about the block where none did. Unanswered calls keep their state.
 */
export function judgeDeclared(
  input: DetectorInput,
  declared: readonly Declared[],
  state: DeclaredState,
): Finding[] {
  const { reads } = input.facts
  if (reads === undefined) return []
  const answers = answersOf(reads)
  const findings: Finding[] = []
  for (const each of declared) {
    const value = answerIn(each.call, answers)
    const against = each.than === undefined ? each.value : answerIn(each.than, answers)
    const before = state.get(each.name)
    if (value === undefined || (against === undefined && each.than !== undefined)) continue
    const limit = isMonotone(each) ? before?.last : against
    const broken = limit !== undefined && !holds(value, each.compare, limit)
    state.set(each.name, { last: value, broken })
    if (!broken || (before?.broken === true && !isMonotone(each)) || limit === undefined) continue
    findings.push(findingOf(each, { value, limit }, input.facts))
  }
  return findings
}

function isMonotone({ compare }: Declared): boolean {
  return compare === 'monotone-up' || compare === 'monotone-down'
}

function holds(value: bigint, compare: Declared['compare'], limit: bigint): boolean {
  switch (compare) {
    case '>=':
    case 'monotone-up':
      return value >= limit
    case '<=':
    case 'monotone-down':
      return value <= limit
    case '==':
      return value === limit
    case '>':
      return value > limit
    case '<':
      return value < limit
  }
}

function findingOf(
  { name, call, compare, severity }: Declared,
  { value, limit }: { value: bigint; limit: bigint },
  facts: BlockFacts,
): Finding {
  const touching = facts.transactions.filter((tx) => touches(tx, call.to))
  const tx = touching.at(-1) ?? null
  const from = tx?.transaction.from ?? null
  const statement = `${name}: after block ${facts.bundle.number} the value is ${value}, declared ${compare} ${limit}; ${touching.length} transactions of the block touched ${call.to}`
  const finding = buildFinding(tx, facts.bundle, {
    detector: 'invariants',
    severity,
    confidence: 0.95,
    categories: ['invariant', 'invariant-declared'],
    protected: [call.to],
    victims: [call.to],
    actors: from === null ? [] : [from],
    profit: [],
    loss: [],
    evidence: [{ statement, frames: [], amounts: [] }],
    message: `Declared invariant “${name}” does not hold after block ${facts.bundle.number}: ${value}, not ${compare} ${limit}.`,
  })
  // Several may break on one contract in one transaction: each is a separate finding.
  return { ...finding, fingerprint: sha256(`${finding.fingerprint}:${name}`) }
}

function touches({ transaction }: TransactionFacts, contract: Address): boolean {
  return transaction.frames.some(
    ({ to, context, reverted }) => !reverted && (to === contract || context === contract),
  )
}
