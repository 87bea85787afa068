import { assert } from '../../kit/assert.ts'
import type { ActionClass, ApprovalRule } from '../../model/approval.ts'
import type { Severity } from '../../model/finding.ts'

/**
 * The policy where the configuration has none: one guardian may contain, two people reopen, one of whom is not a
 * guardian. After SEAL's incident response framework: one person may stop a protocol, but not restart it.
 */
export const DEFAULT_POLICY: readonly ApprovalRule[] = [
  {
    classes: ['reopen'],
    require: [
      { roles: ['protocol-lead', 'auditor'], quorum: 1 },
      { roles: ['incident-leader', 'guardian', 'protocol-lead', 'auditor'], quorum: 1 },
    ],
    ttl: '24h',
  },
  { require: [{ roles: ['guardian', 'incident-leader'], quorum: 1 }], ttl: '1h' },
]

export type Circumstance = {
  action: ActionClass
  severity: Severity
  /** Milliseconds since the epoch. */
  now: number
}

/** The first rule that covers this; where none of the given ones does, the default ones apply. */
export function ruleFor(policy: readonly ApprovalRule[], circumstance: Circumstance): ApprovalRule {
  const rule = [...policy, ...DEFAULT_POLICY].find((item) => speaksOf(item, circumstance))
  assert(rule !== undefined, 'the last default rule speaks of everything')
  return rule
}

function speaksOf({ classes, severities, hours }: ApprovalRule, circumstance: Circumstance): boolean {
  const { action, severity, now } = circumstance
  if (classes !== undefined && !classes.includes(action)) return false
  if (severities !== undefined && !severities.includes(severity)) return false
  return hours === undefined || isWithin(hours, now)
}

const DAY_MINUTES = 1_440

/** Includes the first minute, excludes the last; runs over midnight where it begins later than it ends. */
function isWithin({ from, to }: NonNullable<ApprovalRule['hours']>, now: number): boolean {
  const minute = Math.floor(now / 60_000) % DAY_MINUTES
  const begin = minuteOf(from)
  const end = minuteOf(to)
  return begin <= end ? minute >= begin && minute < end : minute >= begin || minute < end
}

function minuteOf(text: string): number {
  return Number(text.slice(0, 2)) * 60 + Number(text.slice(3))
}
