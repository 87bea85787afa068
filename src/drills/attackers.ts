import type { AttackKind } from '../model/attack-kind.ts'
import type { DrillRole } from './accounts.ts'

/** Who runs which attack: strangers to each other, so that attacks at the same time are incidents of their own. */
export const attackers = {
  option: 'optionAttacker',
  oracle: 'oracleAttacker',
  reentrancy: 'reentrancyAttacker',
} as const satisfies Record<AttackKind, DrillRole>
