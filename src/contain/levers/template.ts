import type { Address, Hex } from '../../model/hex.ts'
import type { Breadth, LeverKind, OpEffect, OperationKind, StateRead } from '../../model/lever.ts'

/** What a template looks at: one contract at one block, by view calls only. */
export type Subject = {
  chainId: number
  target: Address
  block: number
  /** Selectors that the target's dispatcher knows, behind proxies. */
  selectors: ReadonlySet<Hex>
  /**
   * What the caller names besides the target, where a lever needs it: `asset`, `spender`, `holder`, `operation`, …
   * Each template says which it takes.
   */
  given: Readonly<Record<string, string>>
  /**
   * Asks a view, `ask(to, 'getReservesList() view returns (address[])')`. Null where it reverts, or answers what does not
   * decode: a contract may lie and may be another one than it seems.
   */
  ask(to: Address, view: string, args?: readonly unknown[]): Promise<readonly unknown[] | null>
  /** Selectors of another contract, behind proxies; empty where there is none. */
  selectorsOf(address: Address): Promise<ReadonlySet<Hex>>
  /** The address whose code answers at another one: itself where it is no proxy. */
  implementationOf(address: Address): Promise<Address>
  /** The timestamp of the block, in seconds; undefined where the node does not say. */
  now(): Promise<bigint | undefined>
}

/** A lever as a template found it: where it is called, with what, and how one sees that it is pulled. */
export type Found = {
  target: Address
  args: readonly unknown[]
  /** What of the protocol it touches, for people. */
  scope: string
  state: readonly StateRead[]
  /** What takes it back, on the same target. */
  undo?: { signature: string; args: readonly unknown[] }
  /** Whose call it must be, where anybody's goes through and only this one's counts: a holder's own. */
  caller?: Address
  /** Where this one differs from what the template says. */
  claims?: LeverTemplate['claims']
  /** Besides the template's: what the state of the chain makes dangerous about this one. */
  trap?: string
  /** In place of the template's. */
  maxDurationSeconds?: number
  /** What was read to find it, and what it overwrites. */
  evidence?: readonly string[]
}

/**
 * A lever by the sources of a protocol, as data and one function that finds it on a chain. What it claims is a hypothesis:
 * the matrix tests (`test/levers/`) try each claim on real bytecode, or on a fixture of ours, as `tried` says.
 */
export type LeverTemplate = {
  /** `protocol/what`, lower case. */
  id: string
  protocol: string
  kind: LeverKind
  breadth: Breadth
  /** The function that is called: `setReservePause(address,bool)`. */
  signature: string
  /** Functions that the target must dispatch on for this template to be looked at, without a call. */
  recognisedBy: readonly string[]
  claims: Readonly<Partial<Record<OperationKind, OpEffect>>>
  /** Looked at only where no other template of the same call recognises the contract: one that knows it may ask for more. */
  isFallback?: true
  trap?: string
  /** Where an argument of zero does not mean what one would think. */
  zeroMeaning?: string
  maxDurationSeconds?: number
  /**
   * Names in `Subject.given` without which it is not found. Nothing automatic gives any, so a lever that must stay in people's
   * hands needs one.
   */
  needs?: readonly string[]
  /** Names in `Subject.given` that narrow it down and need not be given. */
  takes?: readonly string[]
  /**
   * Templates, on this contract or another of the protocol, without which this one does not stop what it is for: a plan that
   * pulls it alone is to be warned of.
   */
  together?: readonly string[]
  /** On which bytecode its claims were tried: an npm package with its version, a fixture of ours, or not at all. */
  tried: { on: 'package' | 'fixture'; what: string } | null
  find(subject: Subject): Promise<readonly Found[]>
}
