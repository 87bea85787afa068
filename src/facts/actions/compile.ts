import type { ActionKind } from '../../model/fact.ts'
import type { Hash, Hex } from '../../model/hex.ts'
import type { AmountRule, CallRule, Family, LogRule } from './rule.ts'

/** The position of a parameter: topic n as −n, head word n as n. */
export type Place = number

export type AmountPlan = {
  place: Place
  /** Items of a fixed array, 1 for a single amount, 0 where the length is in the data. */
  items: number
  signed: boolean
  less: boolean
  asset: Place | 'self' | null
}

/** A rule with its names resolved, for the hot path. */
export type ActionPlan = {
  protocol: string | null
  action: ActionKind | 'swap'
  topics: number
  /** Head words of the data. */
  words: number
  /** True where the data must have exactly this length. */
  exact: boolean
  named: Hash | null
  actor: Place | null
  beneficiary: Place | null
  contract: Place | null
  given: readonly AmountPlan[]
  taken: readonly AmountPlan[]
  where: { amount: AmountPlan; positive: boolean } | null
  silent: boolean
  pays: boolean
  zeroIsSuccess: boolean
}

type Parameter = { name: string; place: Place; items: number; signed: boolean }
type Declaration = { parameters: Map<string, Parameter>; topics: number; words: number; exact: boolean }

export function logPlans(family: Family): [Hash, ActionPlan][] {
  return family.logs.map((rule) => [rule.topic, planOf(family.protocol, rule, rule.event)])
}

export function callPlans(family: Family): [Hex, ActionPlan][] {
  return family.calls.map((rule) => [rule.selector, planOf(family.protocol, rule, rule.function)])
}

function planOf(protocol: string | null, rule: LogRule | CallRule, text: string): ActionPlan {
  const { parameters, topics, words, exact } = declarationOf(text)
  const placeOf = (name: string | undefined): Place | null =>
    name === undefined ? null : (parameters.get(name)?.place ?? null)
  const amountOf = ({ amount, asset, less }: AmountRule): AmountPlan[] => {
    const parameter = parameters.get(amount)
    if (parameter === undefined) return []
    const { place, items, signed } = parameter
    return [{ place, items, signed, less: less === true, asset: asset === 'self' ? 'self' : placeOf(asset) }]
  }
  const [whose] = rule.where === undefined ? [] : amountOf({ amount: rule.where.parameter })
  return {
    protocol,
    action: rule.action,
    topics,
    words,
    exact,
    named: 'named' in rule && rule.named !== undefined ? rule.named.topic : null,
    actor: placeOf(rule.actor),
    beneficiary: placeOf(rule.beneficiary),
    contract: placeOf(rule.contract),
    given: (rule.given ?? []).flatMap(amountOf),
    taken: (rule.taken ?? []).flatMap(amountOf),
    where: whose === undefined ? null : { amount: whose, positive: rule.where?.is === 'positive' },
    silent: 'silent' in rule,
    pays: 'pays' in rule,
    zeroIsSuccess: 'zeroIsSuccess' in rule,
  }
}

/** Reads `Name(type indexed name, …)`. Parameters after a struct have no known position, so no rule may name them. */
function declarationOf(text: string): Declaration {
  const parameters = new Map<string, Parameter>()
  let topics = 1
  let words = 0
  let exact = true
  for (const declared of topLevel(text.slice(text.indexOf('(') + 1, -1))) {
    const parts = declared.split(' ')
    const name = parts.at(-1) ?? ''
    const type = declared.startsWith('(') ? 'struct' : (parts[0] ?? '')
    const items = itemsOf(type)
    const signed = type.startsWith('int')
    if (parts.includes('indexed')) parameters.set(name, { name, place: -topics++, items: 1, signed })
    else {
      if (type !== 'struct') parameters.set(name, { name, place: words, items, signed })
      exact &&= items > 0
      words += Math.max(items, 1)
    }
  }
  return { parameters, topics, words, exact }
}

/** 0 where the length is in the data. */
function itemsOf(type: string): number {
  if (type === 'struct' || type === 'string' || type === 'bytes' || type.endsWith('[]')) return 0
  return type.endsWith(']') ? Number(type.slice(type.indexOf('[') + 1, -1)) : 1
}

/** Splits at the commas outside brackets. */
function topLevel(text: string): string[] {
  const found: string[] = []
  let depth = 0
  let from = 0
  for (let i = 0; i <= text.length; i++) {
    const at = text[i]
    if (at === '(') depth++
    else if (at === ')') depth--
    else if (depth === 0 && (at === ',' || at === undefined)) {
      if (i > from) found.push(text.slice(from, i).trim())
      from = i + 1
    }
  }
  return found
}
