import type { ActionKind } from '../../model/fact.ts'
import type { Hex } from '../../model/hex.ts'

/** The names of the parameters of a declared event or function. */
type Parameter = string

/**
 * An amount in a parameter; with an array parameter, one per item. Of a signed amount only the positive part counts,
 * with `less` only the negative one: each side of an action uses its own.
 */
export type AmountRule = {
  amount: Parameter
  /** `self`: shares of the contract itself. A parameter: names it. Absent: found among the movements, by the amount. */
  asset?: Parameter
  less?: true
}

/** One action that a log or a call shows. The parts are names of parameters in the declaration. */
type Telling = {
  /** `swap` only shows the pool's protocol: the trade itself is recognised by shape. */
  action: ActionKind | 'swap'
  /** Absent: the caller of the contract. */
  actor?: Parameter
  beneficiary?: Parameter
  /** Absent on both sides: the movements during the visit. */
  given?: readonly AmountRule[]
  taken?: readonly AmountRule[]
  /** Only where this signed parameter is above or below zero. */
  where?: { parameter: Parameter; is: 'positive' | 'negative' }
  /** Set where the contract that acted is not the one that logs. */
  contract?: Parameter
}

export type LogRule = Telling & {
  /** The Solidity declaration, `indexed` included: a log with other topics or another length is not this event. */
  event: string
  topic: Hex
  /** The second topic, for one event that carries many. */
  named?: { name: string; topic: Hex }
}

export type CallRule = Telling & {
  function: string
  selector: Hex
  /** True where the contract does not log it, so that the call counts even where logs are known. */
  silent?: true
  /** Only where the contract paid something out during the visit. */
  pays?: true
  /** Only where it answered zero, which means success in this family. */
  zeroIsSuccess?: true
}

/** The rules for one protocol family's own signatures; without a name where many families share them. */
export type Family = { protocol: string | null; logs: readonly LogRule[]; calls: readonly CallRule[] }
