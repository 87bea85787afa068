import type { ActionKind } from '../../model/fact.ts'
import type { Hex } from '../../model/hex.ts'

/** The names of the parameters of a declared event or function. */
type Parameter = string

/**
 * An amount that a parameter tells; with an array parameter, one an item. Of a signed amount only the positive part
 * counts, with `less` only the negative one: each side of an action takes its own.
 */
export type AmountRule = {
  amount: Parameter
  /** `self`: shares of the contract itself. A parameter: names it. Absent: found among what moved, by the amount. */
  asset?: Parameter
  less?: true
}

/** One thing that a log or a call tells. The parts are names of parameters in the declaration. */
type Telling = {
  /** `swap` only tells whose pool it is: the trade itself is read by shape. */
  action: ActionKind | 'swap'
  /** Absent: who called the contract. */
  actor?: Parameter
  beneficiary?: Parameter
  /** Absent on both sides: what moved during the visit. */
  given?: readonly AmountRule[]
  taken?: readonly AmountRule[]
  /** Only where this signed parameter is above or below zero. */
  where?: { parameter: Parameter; is: 'positive' | 'negative' }
  /** Where the contract that acted is not the one that logs. */
  contract?: Parameter
}

export type LogRule = Telling & {
  /** As Solidity declares it, `indexed` included: a log of other topics or length is not this event. */
  event: string
  topic: Hex
  /** The second topic, for one event that carries many. */
  named?: { name: string; topic: Hex }
}

export type CallRule = Telling & {
  function: string
  selector: Hex
  /** True where the contract says nothing of it in logs, so that the call counts even where logs are known. */
  silent?: true
  /** Only where the contract paid something out during the visit. */
  pays?: true
  /** Only where it answered zero, which is this family’s word for success. */
  zeroIsSuccess?: true
}

/** What one protocol family says by its own signatures; without a name where many share them. */
export type Family = { protocol: string | null; logs: readonly LogRule[]; calls: readonly CallRule[] }
