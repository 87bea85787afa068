import { assert } from '../kit/assert.ts'
import type { ActionClass, ApprovalRule } from '../model/approval.ts'
import type { Severity } from '../model/finding.ts'

/**
 * What holds where the configuration says nothing: one guardian may contain, two people open again, of whom one is not
 * a guardian. After SEAL's incident response framework: stopping is one person's word, starting is not.
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

/** The first rule that speaks of this; where none of the given does, the default ones are asked. */
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

/** From the first minute on, before the last; over midnight where it begins later than it ends. */
function isWithin({ from, to }: NonNullable<ApprovalRule['hours']>, now: number): boolean {
  const minute = Math.floor(now / 60_000) % DAY_MINUTES
  const begin = minuteOf(from)
  const end = minuteOf(to)
  return begin <= end ? minute >= begin && minute < end : minute >= begin || minute < end
}

function minuteOf(text: string): number {
  return Number(text.slice(0, 2)) * 60 + Number(text.slice(3))
}
