/**
 * Every category that a shipped detector or rule gives a finding; the type keeps it so. Rules of one's own add others.
 * What each is begun with, `cordon playbooks lint` checks.
 */
export const categories = [
  ...['reentrancy', 'cross-contract-reentrancy', 'read-only-reentrancy', 'price-manipulation', 'donation'],
  ...[
    'access-control',
    'role-change',
    'arbitrary-call',
    'context-hijacking',
    'approval-abuse',
    'unbacked-mint',
  ],
  ...['bridge-forgery', 'governance', 'option-abuse', 'settlement', 'perp-abuse', 'signature-replay'],
  ...['data-validation', 'safe-spoof', 'key-compromise', 'approval-drain', 'drain', 'rug', 'invariant'],
  ...['invariant-declared', 'invariant-step', 'invariant-function', 'invariant-caller', 'invariant-range'],
  ...['activity', 'network', 'preparation', 'blind-spot'],
] as const
export type Category = (typeof categories)[number]

/**
 * What kinds of attack the detectors name, and which root-cause tags of public incident collections each stands for
 * (the words of coinspect/learn-evm-attacks). Published so that "the right category" is not a matter of opinion.
 */
export const categoryTags: Readonly<Record<string, readonly string[]>> = {
  reentrancy: ['reentrancy'],
  'price-manipulation': ['price manipulation'],
  'access-control': ['access control', 'reinitialization'],
  'arbitrary-call': ['data validation', 'context hijacking'],
  'unbacked-mint': ['business logic', 'data validation'],
  'bridge-forgery': ['bridges'],
  // a share's price is moved by who gives to the pot
  donation: ['price manipulation', 'business logic'],
  governance: ['governance'],
  'option-abuse': ['business logic'],
  'perp-abuse': ['business logic'],
  'signature-replay': ['data validation'],
  'safe-spoof': ['access control'],
  'key-compromise': ['access control'],
  // The catch-all: a logic flaw without a signature shows as assets that left for nothing.
  drain: ['business logic', 'arithmetic'],
}

/** True where the first category stands for one of the tags. */
export function isRightCategory(categories: readonly string[], tags: readonly string[]): boolean {
  const [first] = categories
  return first !== undefined && (categoryTags[first] ?? []).some((tag) => tags.includes(tag))
}

/** What goes on, said of the contract that it happens to; by the first category of an incident. */
const HAPPENINGS: Readonly<Record<string, (who: string) => string>> = {
  reentrancy: (who) => `${who} is called again before it is done`,
  'read-only-reentrancy': (who) => `${who} is asked in the middle of a change`,
  'price-manipulation': (who) => `a price that ${who} believes is being manipulated`,
  'access-control': (who) => `somebody without the right acts on ${who}`,
  'arbitrary-call': (who) => `${who} is made to call what a stranger names`,
  'approval-abuse': (who) => `approvals given to ${who} are being abused`,
  'approval-drain': (who) => `approvals given to ${who} are being drained`,
  'unbacked-mint': (who) => `${who} mints without backing`,
  'bridge-forgery': (who) => `${who} pays for a message that nobody proved`,
  donation: (who) => `shares of ${who} are being inflated by a gift`,
  governance: (who) => `the votes over ${who} are being bought`,
  'option-abuse': (who) => `${who} pays more for options than they are worth`,
  'perp-abuse': (who) => `${who} pays a trader who cannot have earned it`,
  'signature-replay': (who) => `a signature for ${who} is being used again`,
  'safe-spoof': (who) => `the signers of ${who} were shown another transaction`,
  'key-compromise': (who) => `a key of ${who} is in other hands`,
  drain: (who) => `${who} is being drained`,
  invariant: (who) => `${who} does what it never did`,
  settlement: (who) => `${who} settles at a disputed price`,
  rug: (who) => `liquidity is being taken out of ${who}`,
  preparation: (who) => `somebody prepares against ${who}`,
  activity: (who) => `${who} is used as never before`,
}

/** An attack in a few words: `OptionsVault is being drained`; the category itself where it is one of a rule of yours. */
export function happening(categories: readonly string[], who: string): string {
  const [first = 'an attack'] = categories
  return HAPPENINGS[first]?.(who) ?? `${first} on ${who}`
}
