import { describe, expect, test } from 'vitest'
import { address, hashOf } from '../../test/harness/build.ts'
import type { Finding } from '../model/finding.ts'
import { alertsOf } from './alerts.ts'
import { CORRELATION_WINDOW_MS, correlate, type OpenIncident } from './correlate.ts'

const [vault, market, thief, other] = ['vault', 'market', 'thief', 'other'].map(address) as [
  `0x${string}`,
  `0x${string}`,
  `0x${string}`,
  `0x${string}`,
]

function finding(parts: Partial<Finding> = {}): Finding {
  const { detector = 'drain', transactionHash = hashOf('tx') } = parts
  return {
    type: 'finding',
    fingerprint: hashOf(`${detector}${transactionHash}`),
    detector,
    chainId: 1,
    blockNumber: 7,
    blockHash: hashOf('block 7'),
    transactionHash,
    pending: false,
    severity: 'high',
    confidence: 0.8,
    categories: [detector],
    protected: [vault],
    victims: [vault],
    actors: [thief],
    profit: [],
    loss: [],
    evidence: [],
    message: `${detector} speaks.`,
    shadow: false,
    ...parts,
  }
}

const only = (findings: readonly Finding[]) => {
  const [alert, ...more] = alertsOf(findings)
  if (alert === undefined || more.length > 0) throw new Error('expected one alert')
  return alert
}

describe('alerts', () => {
  test('findings about one transaction are one alert, others are others', () => {
    const alerts = alertsOf([
      finding(),
      finding({ transactionHash: hashOf('tx2') }),
      finding({ detector: 'reentrancy', victims: [market] }),
    ])
    expect(alerts.map(({ transactionHash }) => transactionHash)).toEqual([hashOf('tx'), hashOf('tx2')])
    expect(alerts[0]).toMatchObject({ victims: [vault, market], actors: [thief], protected: [vault] })
    expect(alerts[0]?.findings).toHaveLength(2)
  })

  test('no findings, no alerts', () => {
    expect(alertsOf([])).toEqual([])
  })

  test('the surest speaks first', () => {
    const alert = only([finding({ confidence: 0.6 }), finding({ detector: 'reentrancy', confidence: 0.9 })])
    expect(alert.categories).toEqual(['reentrancy', 'drain'])
    expect(alert.message).toBe('reentrancy speaks. drain speaks.')
    expect(alert.confidence).toBeCloseTo(0.96)
  })

  test('two detectors that agree are worth a step of severity', () => {
    expect(only([finding(), finding({ detector: 'reentrancy', severity: 'medium' })]).severity).toBe(
      'critical',
    )
    expect(only([finding({ severity: 'critical' }), finding({ detector: 'reentrancy' })]).severity).toBe(
      'critical',
    )
  })

  test('one detector that speaks twice, or a second that only murmurs, is not agreement', () => {
    expect(only([finding(), finding({ fingerprint: 'another' })]).severity).toBe('high')
    expect(only([finding(), finding({ detector: 'reentrancy', severity: 'low' })]).severity).toBe('high')
  })

  test('mined again in another block it is the same alert, but not a duplicate', () => {
    const first = only([finding()])
    const again = only([finding({ blockNumber: 8, blockHash: hashOf('block 8') })])
    expect(again.fingerprint).toBe(first.fingerprint)
    expect(again.alertHash).not.toBe(first.alertHash)
    expect(only([finding()]).alertHash).toBe(first.alertHash)
  })

  test('pending and then mined: the same alert, but not a duplicate', () => {
    const pending = only([finding({ pending: true, blockHash: null })])
    expect(pending.fingerprint).toBe(only([finding()]).fingerprint)
    expect(pending.alertHash).not.toBe(only([finding()]).alertHash)
  })

  test('the same transaction hash on another chain is another alert', () => {
    expect(alertsOf([finding(), finding({ chainId: 5 })])).toHaveLength(2)
  })

  test('in whatever order findings come, the alert is the same', () => {
    const three = [
      finding(),
      finding({ detector: 'reentrancy' }),
      finding({ detector: 'price-manipulation' }),
    ]
    expect(only([...three].reverse())).toEqual(only(three))
  })
})

describe('the incident of an alert', () => {
  const at = 1_000_000_000_000
  const incident = (parts: Partial<OpenIncident> = {}): OpenIncident => ({
    id: 'I-1',
    chainId: 1,
    protected: [],
    victims: [],
    actors: [],
    transactions: [],
    discoveredAt: at,
    ...parts,
  })
  const find = (alert: Partial<Finding>, open: readonly OpenIncident[], now = at) =>
    correlate(only([finding(alert)]), open, now)?.id

  test('the same transaction, the same protected contract, or the same actor against the same victim', () => {
    expect(find({}, [incident({ transactions: [hashOf('tx')] })])).toBe('I-1')
    expect(find({}, [incident({ protected: [vault] })])).toBe('I-1')
    expect(find({ protected: [] }, [incident({ actors: [thief], victims: [vault] })])).toBe('I-1')
  })

  test('an actor alone, or a victim alone, is not enough', () => {
    expect(find({}, [incident({ actors: [thief], victims: [market] })])).toBeUndefined()
    expect(find({}, [incident({ actors: [other], victims: [vault] })])).toBeUndefined()
  })

  test('nothing protected on both sides is nothing in common', () => {
    expect(find({ protected: [] }, [incident({ protected: [] })])).toBeUndefined()
  })

  test('on another chain it is another attack', () => {
    expect(find({ chainId: 5 }, [incident({ protected: [vault] })])).toBeUndefined()
  })

  test('within a day, to the millisecond', () => {
    const open = [incident({ protected: [vault] })]
    expect(find({}, open, at + CORRELATION_WINDOW_MS)).toBe('I-1')
    expect(find({}, open, at + CORRELATION_WINDOW_MS + 1)).toBeUndefined()
  })

  test('of several the newest', () => {
    const open = [1, 3, 2].map((i) => incident({ id: `I-${i}`, protected: [vault], discoveredAt: at + i }))
    expect(find({}, open, at + 10)).toBe('I-3')
  })
})
