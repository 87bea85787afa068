import { expect, test } from 'vitest'
import { aTimelineEntry } from '../../test/harness/api.ts'
import { anAddress, anAlert } from '../../test/harness/builders.ts'
import type { LiveEvent } from '../notify/hub.ts'
import { NO_LEXICON } from '../words/lexicon.ts'
import { drillBeat } from './drill-beats.ts'

const vault = anAddress(9)
const lexicon = {
  ...NO_LEXICON,
  names: new Map([[vault, 'Vault']]),
  functions: new Map([
    ['0x3ccfd60b', 'withdraw(uint256)'],
    ['0xd0e30db0', 'deposit()'],
  ]),
}

function beat(kind: string, facts: Record<string, unknown>): string | null {
  const entry = {
    ...aTimelineEntry(1, { kind, facts, message: 'The sentence of the record.' }),
    type: 'timeline',
  }
  return drillBeat(entry as LiveEvent, lexicon)?.text ?? null
}

test('each step of a response is one short line, made from facts', () => {
  expect([
    beat('notification', { reached: 3, missed: 0 }),
    beat('simulation', { call: 'pause()', attack: 'stopped', blocked: ['0x3ccfd60b', '0xd0e30db0'] }),
    beat('broadcast', { call: 'pause()', state: 'sent' }),
    beat('broadcast', { call: 'pause()', state: 'mined', blockNumber: 21 }),
    beat('verification', { call: 'pause()', passed: 5, checks: 5, failed: false }),
    beat('state', { from: 'open', to: 'contained' }),
    beat('investigation', {
      category: 'drain',
      contract: vault,
      function: 'withdraw(uint256)',
      confidence: 0.95,
    }),
  ]).toEqual([
    'paged 3 people',
    'pause() simulated: stops the loss, blocks withdraw() and deposit()',
    'pause() sent',
    'pause() mined in block 21',
    'pause() holds, verified: 5 of 5 checks',
    'incident is contained',
    "cause: drain in withdraw() of Vault, 95 % by Cordon's rules",
  ])
})

test('a step that failed is a danger, and says what failed', () => {
  const tone = (kind: string, facts: Record<string, unknown>): string | undefined =>
    drillBeat({ ...aTimelineEntry(1, { kind, facts }), type: 'timeline' } as LiveEvent, lexicon)?.tone
  expect(tone('verification', { call: 'pause()', passed: 2, checks: 5, failed: true })).toBe('danger')
  expect(tone('broadcast', { call: 'pause()', state: 'reverted', failed: true })).toBe('danger')
  expect(tone('notification', { reached: 1, missed: 2 })).toBe('danger')
  expect(beat('verification', { call: 'pause()', passed: 2, checks: 5, failed: true })).toBe(
    'pause() NOT verified: 2 of 5 checks',
  )
})

test('an attack is the first clause of the surest finding, with its severity beside it', () => {
  const alert = anAlert()
  const findings = alert.findings.map((it) => ({
    ...it,
    message: `${vault} paid too much: 4 times the best price. More follows.`,
  }))
  expect(drillBeat({ ...alert, severity: 'critical', confidence: 0.99, findings }, lexicon)).toEqual({
    tone: 'danger',
    text: 'attack: Vault paid too much',
    aside: 'critical 0.99',
  })
})

test('an entry of an earlier version, without the facts, is told in its own words', () => {
  expect(beat('simulation', {})).toBe('The sentence of the record.')
})
