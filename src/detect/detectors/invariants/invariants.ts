import { z } from 'zod'
import type { Detector, DetectorInput, Scope } from '../../../model/detector.ts'
import type { TransactionFacts } from '../../../model/fact.ts'
import type { Finding } from '../../../model/finding.ts'
import { givenAddressSchema } from '../../../model/given-address.ts'
import { hashSchema } from '../../../model/hex.ts'
import { type DeclaredState, declaredReads, declaredSchema, judgeDeclared } from './declared.ts'
import { findingOf } from './finding.ts'
import { judge, SUSPECT_RATE, type Verdict } from './judge.ts'
import { countTrials, hold, learn } from './learn.ts'
import { copyProtocol, emptyProtocol, modelSchema, type ProtocolModel } from './model.ts'
import { type Observation, observe } from './observe.ts'

const groupSchema = z.strictObject({
  name: z.string().min(1).max(60),
  addresses: z.array(givenAddressSchema).min(1),
})

const options = z.strictObject({
  /** A learned model, as `cordon learn` writes it; in cordon.config the path of its file. */
  model: modelSchema.optional(),
  /** Contracts that form one protocol; protected contracts that are in none of them form one protocol together. */
  protocols: z.array(groupSchema).default([]),
  /** False-alarm rate that the history must exclude (95 %) before new sequences of calls are reported. */
  maxFalseRate: z.number().gt(0).lt(1).default(0.1),
  /** Share of transactions that may raise an alarm by new sequences alone, the first not counted; beyond it: info. */
  alarmBudget: z.number().min(0).max(1).default(0.0025),
  /**
   * Kinds of invariant other than new sequences are reported only in combination, where the product of their rates is
   * at most this.
   */
  maxJointRate: z.number().gt(0).lt(1).default(0.0005),
  /**
   * Share of ordinary transactions that are at least as new, by this protocol and others of its kind, at which a
   * transaction is reported from the first one on. The lowest of the
   * rates that `bench/novelty.ts` chooses when it leaves one of five histories out: the highest with at most 0.05 %
   * false alarms on the other four.
   */
  maxNoveltyRate: z.number().gt(0).lt(1).default(0.002),
  /** Multiple of the largest observed value that is still usual. */
  margin: z.number().min(1).default(4),
  /** Blocks after which a reported sequence counts as judged and is learned when seen again; null: never. */
  releaseAfterBlocks: z.number().int().min(0).nullable().default(21_600),
  /** False: judge by the model without changing it. */
  learning: z.boolean().default(true),
  /** Written statements about the state after each block; read from the node. */
  declared: z.array(declaredSchema).default([]),
  /** Transactions that people found harmless: always learned from, whatever the findings about them. */
  benign: z.array(hashSchema).default([]),
})
export type InvariantOptions = z.infer<typeof options>

/** One model per protocol; `grouped` once the scope has been divided; `declared` by the name of the invariant. */
export type InvariantState = { protocols: ProtocolModel[]; grouped: boolean; declared: DeclaredState }

/**
 * Detects events that never happened in the protocol's own past: calls that depend on one another in a new order,
 * re-entries (CrossGuard, arXiv 2504.05509), and together with those new functions, callers and amounts (Trace2Inv,
 * arXiv 2404.14580). Learns continuously, except from transactions that it or another detector alarms about.
 */
export const invariants: Detector<InvariantState, InvariantOptions> = {
  id: 'invariants',
  title: 'A protocol was used as it never was before',
  layer: 'invariant',
  needs: ['traces'],
  learns: true,
  options,
  files: { model: { format: 'json' } },
  reads: ({ declared }) => declaredReads(declared),
  init: ({ model }) => ({
    protocols: (model?.protocols ?? []).map(copyProtocol),
    grouped: false,
    declared: new Map(),
  }),
  stateVersion: 2,
  snapshot: ({ protocols, grouped, declared }) => ({
    protocols: protocols.map(copyProtocol),
    grouped,
    declared: new Map(declared),
  }),
  evaluate: (input, state, options) => {
    if (!state.grouped) group(state, input.scope, options)
    const learned = input.facts.transactions.flatMap((tx) =>
      state.protocols.flatMap((protocol) => evaluate(tx, protocol, { input, options })),
    )
    return [...learned, ...judgeDeclared(input, options.declared, state.declared)]
  },
}

function group(state: InvariantState, scope: Scope, { protocols }: InvariantOptions): void {
  state.grouped = true
  const taken = (): Set<string> => new Set(state.protocols.flatMap(({ addresses }) => [...addresses]))
  for (const { name, addresses } of protocols)
    if (!state.protocols.some((known) => known.name === name))
      state.protocols.push(emptyProtocol(name, addresses))
  if (scope.kind === 'everything') return
  const named = taken()
  const rest = [...scope.addresses].filter((address) => !named.has(address))
  if (rest.length > 0) state.protocols.push(emptyProtocol('protected', rest))
}

type Context = { input: DetectorInput; options: InvariantOptions }

function evaluate(tx: TransactionFacts, protocol: ProtocolModel, { input, options }: Context): Finding[] {
  const { bundle } = input.facts
  const seen = observe({ tx, bundle, members: protocol.addresses })
  if (seen === null) return []
  const isSuspect = input.suspects.has(tx.transaction.hash)
  const isKnown = protocol.transactions + protocol.clones >= CONFIRMS_FROM
  const verdict = confirmed(
    consider(seen, protocol, {
      options: isSuspect ? { ...options, learning: false } : options,
      isBenign: options.benign.includes(tx.transaction.hash),
    }),
    isSuspect && isKnown,
  )
  return verdict.kind === 'flagged' || verdict.kind === 'restless'
    ? [findingOf(tx, bundle, { verdict, protocol })]
    : []
}

/** Transactions from which a protocol has a past to compare with; before, all is new. */
const CONFIRMS_FROM = 10

/** Flags a transaction that is rare, but too weak a sign alone, where another detector suspects it too. */
function confirmed(verdict: Verdict, isSuspect: boolean): Verdict {
  if (!isSuspect || verdict.kind !== 'weak' || verdict.novelty.chance > SUSPECT_RATE) return verdict
  return { ...verdict, kind: 'flagged', rate: verdict.novelty.chance, basis: 'pooled' }
}

/** Judges against the past, then learns, unless there is an alarm: the prequential step. Changes `protocol`. */
export function consider(
  seen: Observation,
  protocol: ProtocolModel,
  { options, isBenign = false }: { options: InvariantOptions; isBenign?: boolean },
): Verdict {
  const verdict = judge(seen, protocol, options)
  if (!options.learning) return verdict
  countTrials(seen, verdict, protocol)
  if (verdict.kind === 'flagged' && !isBenign) hold(seen, protocol)
  else learn(seen, protocol)
  const { violations, novelty } = verdict
  return isBenign ? { kind: 'ordinary', violations, novelty } : verdict
}
