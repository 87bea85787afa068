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
