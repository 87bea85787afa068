import type { Address, Hex } from '../../model/hex.ts'
import type { Breadth, LeverKind, OpEffect, OperationKind, StateRead } from '../../model/lever.ts'

/** The subject of a template: one contract at one block, read by view calls only. */
export type Subject = {
  chainId: number
  target: Address
  block: number
  /** Selectors that the target's dispatcher knows, behind proxies. */
  selectors: ReadonlySet<Hex>
  /**
   * Arguments that the caller gives in addition to the target, where a lever needs them: `asset`, `spender`, `holder`,
   * `operation`, … Each template states which it accepts.
   */
  given: Readonly<Record<string, string>>
  /**
   * Calls a view, `ask(to, 'getReservesList() view returns (address[])')`. Null where it reverts, or where the answer
   * does not decode: a contract may lie, or may not be the contract that it seems to be.
   */
  ask(to: Address, view: string, args?: readonly unknown[]): Promise<readonly unknown[] | null>
  /** Selectors of another contract, behind proxies; empty where it does not exist. */
  selectorsOf(address: Address): Promise<ReadonlySet<Hex>>
  /** The address whose code answers at another one: the address itself where it is not a proxy. */
  implementationOf(address: Address): Promise<Address>
  /** The timestamp of the block, in seconds; undefined where the node does not return it. */
  now(): Promise<bigint | undefined>
}

/** A lever that a template found: its target, its arguments, and the reads that show that it is pulled. */
export type Found = {
  target: Address
  args: readonly unknown[]
  /** The affected part of the protocol, for people. */
  scope: string
  state: readonly StateRead[]
  /** The call that undoes it, on the same target. */
  undo?: { signature: string; args: readonly unknown[] }
  /** The required caller, if any account's call succeeds but only this account's has an effect: a holder's own. */
  caller?: Address
  /** The differences from the template's claims. */
  claims?: LeverTemplate['claims']
  /** In addition to the template's trap: why the present state of the chain makes this lever dangerous. */
  trap?: string
  /** Replaces the template's value. */
  maxDurationSeconds?: number
  /** The values that were read to find it, and those that it overwrites. */
  evidence?: readonly string[]
}

/**
 * A lever from the sources of a protocol, as data and one function that finds it on a chain. Its claims are hypotheses:
 * the matrix tests (`test/levers/`) try each claim on real bytecode, or on our own fixture, as `tried` states.
 */
export type LeverTemplate = {
  /** `protocol/what`, lower case. */
  id: string
  protocol: string
  kind: LeverKind
  breadth: Breadth
  /** The function to call: `setReservePause(address,bool)`. */
  signature: string
  /** Functions that the target must dispatch on for this template to apply, checked without a call. */
  recognisedBy: readonly string[]
  claims: Readonly<Partial<Record<OperationKind, OpEffect>>>
  /** Applies only where no other template of the same call recognises the contract: a specific one may require more. */
  isFallback?: true
  trap?: string
  /** The meaning of a zero argument, where it is not the obvious one. */
  zeroMeaning?: string
  maxDurationSeconds?: number
  /**
   * Names in `Subject.given` that it requires. Automatic runs never give any, so a lever that must stay in people's
   * hands needs one.
   */
  needs?: readonly string[]
  /** Optional names in `Subject.given` that narrow it down. */
  takes?: readonly string[]
  /**
   * Templates, on this contract or another of the protocol, that are needed for this one to have its effect: a plan
   * that pulls it alone must carry a warning.
   */
  together?: readonly string[]
  /** The bytecode on which its claims were tried: an npm package with its version, our own fixture, or none. */
  tried: { on: 'package' | 'fixture'; what: string } | null
  find(subject: Subject): Promise<readonly Found[]>
}
