import { z } from 'zod'
import { messageOf } from '../../kit/error.ts'
import { printable } from '../../kit/text.ts'
import type { Detector, DetectorInput } from '../../model/detector.ts'
import { isNamed } from '../../model/detector.ts'
import type { TransactionFacts } from '../../model/fact.ts'
import type { Finding } from '../../model/finding.ts'
import type { Address } from '../../model/hex.ts'
import { sightsOf } from '../engine/sight.ts'
import { type Answers, answerIn, answersOf } from '../lib/view-call.ts'
import { Amount } from './amount.ts'
import { MOST_STEPS_A_BLOCK, Protected } from './cel.ts'
import type { CompiledRule, CompiledWindow } from './compile.ts'
import { findingOf, type Hit } from './finding.ts'
import { carryState, copyState, emptyState, type RuleMemory, type RulesState, speaks } from './state.ts'
import { blockView, type Subject, txView } from './subjects.ts'
import { addDistinct, addTotal, type Window } from './windows.ts'

const options = z
  .strictObject({
    /** Set by the program from the files named in `rules` of the configuration; not written by hand. */
    rules: z
      .array(
        z.custom<CompiledRule>(
          (value) => typeof value === 'object' && value !== null && 'contentHash' in value,
        ),
      )
      .default([]),
  })
  .transform(({ rules }) => ({ rules, groups: groupsOf(rules) }))
type Options = z.infer<typeof options>
type Group = { subject: Subject; rules: CompiledRule[] }

/**
 * Rules written in YAML and CEL (docs/guides/rules.md). Each sees every fact of its kind individually; rules do not see
 * one another. An error while a rule evaluates hostile data is not a match, and is counted.
 */
export const rules: Detector<RulesState, Options> = {
  id: 'rules',
  title: 'A rule of the operator matched',
  layer: 'pattern',
  needs: [],
  options: options as z.ZodType<Options>,
  reads: ({ rules }) =>
    rules.flatMap(({ rule }) => Object.values(rule.reads).map(({ to, data }) => ({ to, data }))),
  init: ({ rules }) => emptyState(rules),
  stateVersion: 1,
  snapshot: copyState,
  carry: (state, { rules }) => carryState(state, rules),
  evaluate: (input, state, { rules, groups }) => {
    if (rules.length === 0) return []
    const { bundle, transactions, reads } = input.facts
    state.time = Math.max(state.time, bundle.timestamp ?? 0)
    for (const { fuel } of rules) fuel.block = MOST_STEPS_A_BLOCK
    noteBlindness(input, state, rules)
    const shared: Shared = {
      input,
      state,
      answers: reads === undefined ? null : answersOf(reads),
      readings: new Map(),
      block: blockView.of(bundle),
      protected: new Protected(input.scope),
    }
    return transactions.flatMap((tx) => groups.flatMap((group) => lookAt(tx, group, shared)))
  },
}

type Shared = {
  input: DetectorInput
  state: RulesState
  /** Null where there is no node to ask. */
  answers: Answers | null
  /** The answers to a rule's reads in this block; null where one is missing. */
  readings: Map<CompiledRule, object | null>
  block: object
  protected: Protected
}
type Variables = { fact: object; tx: object; block: object; protected: Protected }

function groupsOf(rules: readonly CompiledRule[]): Group[] {
  const groups = new Map<Subject, Group>()
  for (const rule of rules) {
    const group = groups.get(rule.subject)
    if (group === undefined) groups.set(rule.subject, { subject: rule.subject, rules: [rule] })
    else group.rules.push(rule)
  }
  return [...groups.values()]
}

function lookAt(tx: TransactionFacts, { subject, rules: all }: Group, shared: Shared): Finding[] {
  const nothingNamed = shared.input.scope.kind === 'everything'
  const rules = nothingNamed ? all.filter(({ rule }) => rule.inScope === undefined) : all
  if (rules.length === 0) return []
  const hits = new Map<CompiledRule, Hit[]>()
  for (const raw of subject.in(tx)) {
    let variables: Variables | undefined
    for (const rule of rules) {
      const concerned = concernedIn(rule, raw, shared)
      if (concerned === null) continue
      variables ??= {
        fact: subject.view.of(raw),
        tx: txView.of(tx),
        block: shared.block,
        protected: shared.protected,
      }
      const hit = judge(rule, variables, shared)
      if (hit === null) continue
      const known = hits.get(rule)
      const whole = { ...hit, concerned, frame: subject.frame(raw) }
      if (known === undefined) hits.set(rule, [whole])
      else known.push(whole)
    }
  }
  return [...hits].map(([rule, found]) => findingOf(rule, found, { tx, input: shared.input }))
}

/** The protected contracts that `inScope` names in a fact; null where it names some and none is protected. */
function concernedIn({ rule, subject }: CompiledRule, raw: unknown, { input }: Shared): Address[] | null {
  if (rule.inScope === undefined) return []
  const found: Address[] = []
  for (const field of rule.inScope) {
    const address = (subject.addresses[field]?.(raw) ?? null) as Address | null
    if (address !== null && isNamed(input.scope, address)) found.push(address)
  }
  return found.length === 0 ? null : found
}

/** Evaluates one rule on one fact: `where`, then its windows, then `when`, then its statements. */
function judge(
  rule: CompiledRule,
  variables: Variables,
  shared: Shared,
): Omit<Hit, 'concerned' | 'frame'> | null {
  const { state } = shared
  const memory = state.memories.get(rule.contentHash)
  if (memory === undefined) return null
  try {
    if (rule.where(variables) !== true) return null
    const window = rule.windowView.of(countUp(rule, memory, { variables, time: state.time }))
    const read = readingOf(rule, memory, shared)
    if (read === null) return null
    const all = { ...variables, window, read }
    if (rule.when(all) !== true) return null
    const { mute } = rule
    const said = {
      message: rule.message.map((part) => (typeof part === 'string' ? part : printed(part(all)))).join(''),
      actors: rule.actors?.flatMap((actor) => addressOf(actor(all))) ?? null,
      victims: rule.victims?.flatMap((victim) => addressOf(victim(all))) ?? null,
    }
    const key = mute === null || mute.by === null ? '' : String(mute.by(all))
    if (mute !== null && !speaks(memory, key, { time: state.time, seconds: mute.seconds })) return null
    return said
  } catch (thrown) {
    fail(memory, messageOf(thrown))
    return null
  }
}

function fail(memory: RuleMemory, failure: string): void {
  memory.failures++
  memory.failure ??= printable(failure, 200)
}

function countUp(
  { windows }: CompiledRule,
  memory: RuleMemory,
  { variables, time }: { variables: Variables; time: number },
): Record<string, bigint> {
  const values: Record<string, bigint> = {}
  for (const [i, each] of windows.entries()) {
    const window = memory.windows[i]
    if (window !== undefined) values[each.name] = add(window, each, { variables, time })
  }
  return values
}

const LONGEST_KEY = 300

function add(
  window: Window,
  { shape, by, value }: CompiledWindow,
  { variables, time }: { variables: Variables; time: number },
): bigint {
  const key = by === null ? '' : String(by(variables)).slice(0, LONGEST_KEY)
  const given = value(variables)
  switch (shape.kind) {
    case 'count':
      return addTotal(window, shape, { key, at: time, amount: given === true ? 1n : 0n })
    case 'sum':
      return addTotal(window, shape, {
        key,
        at: time,
        amount: given instanceof Amount ? given.value : (given as bigint),
      })
    case 'distinct':
      return addDistinct(window, shape, { key, at: time, value: String(given).slice(0, LONGEST_KEY) })
  }
}

/** Null where a read was not answered: then the rule cannot decide. */
function readingOf(rule: CompiledRule, memory: RuleMemory, { answers, readings }: Shared): object | null {
  const known = readings.get(rule)
  if (known !== undefined) return known
  const values: Record<string, bigint> = {}
  let missing: string | undefined
  for (const [name, call] of Object.entries(rule.rule.reads)) {
    const value = answers === null ? undefined : answerIn(call, answers)
    if (value === undefined) missing = name
    else values[name] = value
  }
  if (missing !== undefined && answers !== null) fail(memory, `the read ${missing} was not answered`)
  const reading = missing === undefined ? rule.readView.of(values) : null
  readings.set(rule, reading)
  return reading
}

function printed(value: unknown): string {
  return printable(value instanceof Amount ? value.value.toString() : String(value), 100)
}

function addressOf(value: unknown): Address[] {
  return typeof value === 'string' && /^0x[0-9a-f]{40}$/.test(value) ? [value as Address] : []
}

function noteBlindness({ facts }: DetectorInput, state: RulesState, rules: readonly CompiledRule[]): void {
  if (sightsOf(facts)(['traces']).missing === null) return
  for (const { subject, contentHash } of rules) {
    const memory = state.memories.get(contentHash)
    if (subject.needsTraces && memory !== undefined) fail(memory, 'blind: there are no traces')
  }
}
