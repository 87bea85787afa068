import type { DrillRole } from '../drills/accounts.ts'

export const attackKinds = ['option', 'oracle', 'reentrancy'] as const
export type AttackKind = (typeof attackKinds)[number]

/** Who runs which attack: strangers to each other, so that attacks at the same time are incidents of their own. */
export const attackers = {
  option: 'optionAttacker',
  oracle: 'oracleAttacker',
  reentrancy: 'reentrancyAttacker',
} as const satisfies Record<AttackKind, DrillRole>
