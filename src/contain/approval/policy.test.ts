import { expect, test } from 'vitest'
import type { ApprovalRule } from '../../model/approval.ts'
import { ruleFor } from './policy.ts'

const at = (time: string): number => Date.parse(`2026-11-22T${time}:00Z`)
const night: ApprovalRule = {
  hours: { from: '22:00', to: '06:00' },
  require: [{ roles: ['guardian'], quorum: 1 }],
  ttl: '30m',
}
const caps: ApprovalRule = {
  classes: ['cap'],
  severities: ['medium', 'high'],
  require: [{ roles: ['operations'], quorum: 1 }],
  ttl: '2h',
}

test('a rule over midnight holds before and after it, and not at noon', () => {
  const rule = (time: string) => ruleFor([night], { action: 'pause', severity: 'high', now: at(time) })
  expect([rule('22:00'), rule('23:59'), rule('00:00'), rule('05:59')]).toEqual([night, night, night, night])
  expect([rule('06:00'), rule('12:00'), rule('21:59')]).not.toContain(night)
})

test('a rule within a day holds from its first minute until before its last', () => {
  const office: ApprovalRule = { ...night, hours: { from: '09:30', to: '17:45' } }
  const holds = (time: string) =>
    ruleFor([office], { action: 'pause', severity: 'high', now: at(time) }) === office
  expect(['09:29', '09:30', '12:00', '17:44', '17:45', '23:00', '00:00'].map(holds)).toEqual([
    false,
    true,
    true,
    true,
    false,
    false,
    false,
  ])
})

test('a rule that ends when it begins never holds', () => {
  const never: ApprovalRule = { ...night, hours: { from: '08:00', to: '08:00' } }
  for (const time of ['07:59', '08:00', '20:00'])
    expect(ruleFor([never], { action: 'pause', severity: 'high', now: at(time) })).not.toBe(never)
})

test('of the two who reopen by default one is no guardian; containing is for guardians and leaders', () => {
  const rolesFor = (action: 'pause' | 'reopen') =>
    ruleFor([], { action, severity: 'low', now: at('12:00') }).require.map(({ roles }) => roles)
  expect(rolesFor('reopen')[0]).toEqual(['protocol-lead', 'auditor'])
  expect(rolesFor('pause')).toEqual([['guardian', 'incident-leader']])
})

test('the first rule that speaks of class, severity and hour holds', () => {
  const rule = (action: 'cap' | 'pause', severity: 'high' | 'critical') =>
    ruleFor([caps, night], { action, severity, now: at('23:00') })
  expect(rule('cap', 'high')).toBe(caps)
  expect(rule('cap', 'critical')).toBe(night)
  expect(rule('pause', 'high')).toBe(night)
})

test('without a rule of its own, containing takes one person and opening again two', () => {
  const places = (action: 'pause' | 'reopen'): number =>
    ruleFor([], { action, severity: 'critical', now: at('12:00') }).require.reduce(
      (sum, { quorum }) => sum + quorum,
      0,
    )
  expect([places('pause'), places('reopen')]).toEqual([1, 2])
})
