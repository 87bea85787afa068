import type { AlterationKind } from '../../model/counterfactual.ts'
import type { TransactionFacts } from '../../model/fact.ts'
import type { Address, Hash, Hex } from '../../model/hex.ts'

/** The calls that a rule applies to: by function, or by every byte. */
export type Match = { kind: 'selector'; selector: Hex } | { kind: 'calldata'; input: Hex }

/** `once`: refused if the same bytes from the same rule went through before in this transaction. */
export type Reply = { kind: 'refuse' } | { kind: 'once' } | { kind: 'answer'; output: Hex }

export type Rule = { from: readonly Address[]; match: Match; reply: Reply }

/** The code that runs before a contract's code. Calls that no part of it applies to go through. */
export type Program =
  | { kind: 'nothing' }
  /** `entries` run one at a time; `reads` of `readers` are refused meanwhile. */
  | { kind: 'lock'; entries: readonly Hex[]; reads: readonly Hex[]; readers: readonly Address[] }
  | { kind: 'rules'; rules: readonly Rule[] }
  /** To be turned into rules: the reader gets the answer from before the attack. */
  | { kind: 'held'; reader: Address; asked: readonly { input: Hex; answers: readonly Hex[] }[] }

/** One change that can be made before the attack is run again. */
export type Alteration = {
  kind: AlterationKind
  contract: Address
  function: string | null
  transactionHash: Hash
  frame: number
  statement: string
  speaksFor: readonly string[]
  /** The contract whose code gets the program before it. */
  at: Address
  program: Program
  /** The most informative one is tried first. */
  rank: number
}

/** The data of an attack that the finders use. */
export type Attack = {
  transactions: readonly TransactionFacts[]
  attackers: ReadonlySet<Address>
  /** Contracts that had code before the attack: contracts created in it cannot be altered. */
  standing: ReadonlySet<Address>
  /** The likeliest vulnerable contract first. */
  suspected: readonly Address[]
  /** `contract:selector` of calls that ordinary transactions make too. */
  ordinary: ReadonlySet<string>
  /** Contracts that ordinary transactions call. */
  used: ReadonlySet<Address>
  /** Contracts whose storage names an attacker since the attack. */
  namesAttacker: ReadonlySet<Address>
  functions: ReadonlyMap<Hex, string>
}

/** The name of a selector, or the selector. */
export function nameOf(selector: Hex | undefined, { functions }: Attack): string | null {
  return selector === undefined ? null : (functions.get(selector) ?? selector)
}

/** 3 for the likeliest vulnerable contract, 2 for another suspected one, otherwise 0. */
export function suspicionOf(contract: Address, { suspected }: Attack): number {
  const place = suspected.indexOf(contract)
  return place === 0 ? 3 : place > 0 ? 2 : 0
}
