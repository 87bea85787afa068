import type { AttackKind } from '../model/attack-kind.ts'
import type { DrillRole } from './accounts.ts'

/** The account that runs each attack: unrelated to each other, so that simultaneous attacks are separate incidents. */
export const attackers = {
  option: 'optionAttacker',
  oracle: 'oracleAttacker',
  reentrancy: 'reentrancyAttacker',
} as const satisfies Record<AttackKind, DrillRole>
