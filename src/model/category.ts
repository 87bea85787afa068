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
  reentrancy: { tags: ['reentrancy'], happening: (who) => `${who} is called again before it is done` },
  'cross-contract-reentrancy': {},
  'read-only-reentrancy': { happening: (who) => `${who} is asked in the middle of a change` },
  'price-manipulation': {
    tags: ['price manipulation'],
    happening: (who) => `a price that ${who} believes is being manipulated`,
  },
  // anyone who donates to the pool moves the price of a share
  donation: {
    tags: ['price manipulation', 'business logic'],
    happening: (who) => `shares of ${who} are being inflated by a gift`,
  },
  'access-control': {
    tags: ['access control', 'reinitialization'],
    happening: (who) => `somebody without the right acts on ${who}`,
  },
  'role-change': {},
  'arbitrary-call': {
    tags: ['data validation', 'context hijacking'],
    happening: (who) => `${who} is made to call what a stranger names`,
  },
  'context-hijacking': {},
  'approval-abuse': { happening: (who) => `approvals given to ${who} are being abused` },
  'unbacked-mint': {
    tags: ['business logic', 'data validation'],
    happening: (who) => `${who} mints without backing`,
  },
  'bridge-forgery': { tags: ['bridges'], happening: (who) => `${who} pays for a message that nobody proved` },
  governance: { tags: ['governance'], happening: (who) => `the votes over ${who} are being bought` },
  'option-abuse': {
    tags: ['business logic'],
    happening: (who) => `${who} pays more for options than they are worth`,
  },
  settlement: { happening: (who) => `${who} settles at a disputed price` },
  'perp-abuse': {
    tags: ['business logic'],
    happening: (who) => `${who} pays a trader who cannot have earned it`,
  },
  'signature-replay': {
    tags: ['data validation'],
    happening: (who) => `a signature for ${who} is being used again`,
  },
  'data-validation': {},
  'safe-spoof': {
    tags: ['access control'],
    happening: (who) => `the signers of ${who} were shown another transaction`,
  },
  'key-compromise': { tags: ['access control'], happening: (who) => `a key of ${who} is in other hands` },
  'approval-drain': { happening: (who) => `approvals given to ${who} are being drained` },
  // The catch-all: a logic flaw without a signature shows as assets that left without payment.
  drain: { tags: ['business logic', 'arithmetic'], happening: (who) => `${who} is being drained` },
  rug: { happening: (who) => `liquidity is being taken out of ${who}` },
  invariant: { happening: (who) => `${who} does what it never did` },
  'invariant-declared': {},
  'invariant-step': {},
  'invariant-function': {},
  'invariant-caller': {},
  'invariant-range': {},
  activity: { happening: (who) => `${who} is used as never before` },
  network: {},
  preparation: { happening: (who) => `somebody prepares against ${who}` },
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
