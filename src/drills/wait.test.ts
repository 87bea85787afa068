import { expect, test } from 'vitest'
import { anIncident } from '../../test/harness/api.ts'
import { aHash } from '../../test/harness/builders.ts'
import { incidentOf } from './wait.ts'

const attack = [aHash(1), aHash(2)]

test('a drill judges the incident of its attack, whatever else is newer or contained', () => {
  const honest = anIncident({
    id: 'inc-honest',
    transactions: [aHash(9)],
    state: 'contained',
    discoveredAt: 9,
  })
  const attacked = anIncident({ id: 'inc-attack', transactions: [aHash(2)], discoveredAt: 5 })
  expect(incidentOf([honest, attacked], attack)?.id).toBe('inc-attack')
  expect(incidentOf([honest], attack)).toBeNull()
})

test('of several the one with most of the attack counts, then the first', () => {
  const one = anIncident({ id: 'one', transactions: [aHash(1)], discoveredAt: 1 })
  const both = anIncident({ id: 'both', transactions: [aHash(2), aHash(1)], discoveredAt: 3 })
  const later = anIncident({ id: 'later', transactions: [aHash(2)], discoveredAt: 2 })
  expect(incidentOf([both, later, one], attack)?.id).toBe('both')
  expect(incidentOf([later, one], attack)?.id).toBe('one')
})
