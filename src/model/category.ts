/** A kind of attack, or of what may lead to one, as detectors name it in a finding. */
type CategoryKind = {
  /**
   * Root-cause tags of public incident collections that it covers (as in coinspect/learn-evm-attacks). Published so
   * that "the right category" is not a matter of opinion.
   */
  tags?: readonly string[]
  /** An attack of this category in a few words, about the affected contract; the category itself when left out. */
  happening?: (who: string) => string
}

/**
 * Every category that a shipped detector or rule gives a finding; the type of a finding enforces this. A new one needs
 * a line here and in `when` of a playbook, which `cordon playbooks lint` checks. Rules of your own may name others.
 */
const kinds = {
  reentrancy: { tags: ['reentrancy'], happening: (who) => `${who} is being re-entered` },
  'cross-contract-reentrancy': {},
  'read-only-reentrancy': { happening: (who) => `${who} is being read in the middle of an update` },
  'price-manipulation': {
    tags: ['price manipulation'],
    happening: (who) => `A price that ${who} uses is being manipulated`,
  },
  // anyone who donates to the pool moves the price of a share
  donation: {
    tags: ['price manipulation', 'business logic'],
    happening: (who) => `Shares of ${who} are being inflated by a donation`,
  },
  'access-control': {
    tags: ['access control', 'reinitialization'],
    happening: (who) => `Unauthorised access to ${who}`,
  },
  'role-change': {},
  'arbitrary-call': {
    tags: ['data validation', 'context hijacking'],
    happening: (who) => `${who} is making calls that a stranger chooses`,
  },
  'context-hijacking': {},
  'approval-abuse': {
    tags: ['data validation'],
    happening: (who) => `Approvals given to ${who} are being abused`,
  },
  'unbacked-mint': {
    tags: ['business logic', 'data validation'],
    happening: (who) => `${who} is minting without backing`,
  },
  'bridge-forgery': { tags: ['bridges'], happening: (who) => `${who} is paying out for an unproven message` },
  governance: { tags: ['governance'], happening: (who) => `Votes over ${who} are being bought` },
  'option-abuse': {
    tags: ['business logic'],
    happening: (who) => `${who} is paying more for options than they are worth`,
  },
  settlement: { happening: (who) => `${who} is settling at a disputed price` },
  'perp-abuse': {
    tags: ['business logic'],
    happening: (who) => `${who} is paying a trader an unearned profit`,
  },
  'signature-replay': {
    tags: ['data validation'],
    happening: (who) => `A signature for ${who} is being reused`,
  },
  'data-validation': {
    tags: ['data validation'],
    happening: (who) => `${who} trusts a contract that a stranger named`,
  },
  'safe-spoof': {
    tags: ['access control'],
    happening: (who) => `Signers of ${who} were shown a different transaction`,
  },
  'key-compromise': { tags: ['access control'], happening: (who) => `A key of ${who} is compromised` },
  'approval-drain': { happening: (who) => `Approvals given to ${who} are being drained` },
  // The catch-all: a logic flaw without a signature shows as assets that left without payment.
  drain: { tags: ['business logic', 'arithmetic'], happening: (who) => `${who} is being drained` },
  rug: { happening: (who) => `Liquidity is being removed from ${who}` },
  invariant: { happening: (who) => `${who} is behaving as never before` },
  'invariant-declared': {},
  'invariant-step': {},
  'invariant-function': {},
  'invariant-caller': {},
  'invariant-range': {},
  activity: { happening: (who) => `${who} is being used as never before` },
  network: {},
  preparation: { happening: (who) => `Somebody is preparing an attack on ${who}` },
  'blind-spot': {},
} satisfies Record<string, CategoryKind>

export type Category = keyof typeof kinds
export const categories = Object.keys(kinds) as Category[]

const known: ReadonlyMap<string, CategoryKind> = new Map(Object.entries(kinds))

/** True where the first category covers one of the tags. */
export function isRightCategory(given: readonly string[], tags: readonly string[]): boolean {
  const [first = ''] = given
  return known.get(first)?.tags?.some((tag) => tags.includes(tag)) === true
}

/** An attack in a few words: `OptionsVault is being drained`; the category itself where your own rule defines it. */
export function happening(given: readonly string[], who: string): string {
  const [first = 'an attack'] = given
  return known.get(first)?.happening?.(who) ?? `${first} on ${who}`
}
