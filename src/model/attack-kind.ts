/** Attacks that a drill can play. */
export const attackKinds = ['option', 'oracle', 'reentrancy'] as const
export type AttackKind = (typeof attackKinds)[number]
