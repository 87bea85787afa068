import { describe, expect, test } from 'vitest'
import { address, call, hashOf, transaction } from '../../test/harness/build.ts'
import { aFinding, anAlert, anAssessment } from '../../test/harness/builders.ts'
import { evenCalibration } from '../../test/harness/judged.ts'
import { createAssessor } from '../calibrate/assessor.ts'
import { createEngine } from '../detect/engine/engine.ts'
import { blockFacts } from '../facts/facts.ts'
import type { BlockBundle } from '../model/block.ts'
import type { Scope } from '../model/detector.ts'
import type { Finding } from '../model/finding.ts'
import { alertsOf } from './alerts.ts'
import { observeTraffic, wordsOf } from './assess.ts'
import { createDetection, type Detection, detectIn, summaryOf } from './detection.ts'
import { mergeAlert } from './merge.ts'

const [alice, vault, other] = ['alice', 'vault', 'other'].map(address) as [
  `0x${string}`,
  `0x${string}`,
  `0x${string}`,
]
const everything: Scope = { kind: 'everything' }
const contracts: Scope = { kind: 'contracts', addresses: new Set([vault]) }

const detection = (scope: Scope = everything): Detection =>
  createDetection(
    createEngine({ detectors: [], scope }),
    createAssessor(evenCalibration, { actDays: 30, attacksPerYear: 1 }),
  )
const bundleOf = (number: number): BlockBundle =>
  transaction({ from: alice, root: call(vault, {}, call(other, {})), number, name: `tx ${number}` })

/** A finding about the transaction of a block. */
const findingIn = (number: number, parts: Partial<Finding> = {}): Finding =>
  aFinding({
    blockNumber: number,
    blockHash: hashOf(`block ${number}`),
    transactionHash: hashOf(`tx ${number}`),
    protected: [vault],
    victims: [vault],
    ...parts,
  })

/** The lines about a block on which the rules find this. */
function linesOf(of: Detection, bundle: BlockBundle, findings: Finding[]) {
  return detectIn(of, blockFacts(bundle), () => findings)
}

describe('detection without a database', () => {
  test('tells findings, then their alert, then its incident, and counts them all', () => {
    const one = detection()
    const two = [
      findingIn(3),
      findingIn(3, { detector: 'reentrancy', fingerprint: 'f-2', severity: 'medium' }),
    ]
    const lines = linesOf(one, bundleOf(3), two)
    expect(lines.map(({ type }) => type)).toEqual(['finding', 'finding', 'alert', 'incident'])
    linesOf(one, bundleOf(4), [])
    const { seconds, transactionsPerSecond, ...summary } = summaryOf(one)
    expect(summary).toEqual({
      ...{ type: 'summary', blocks: 2, transactions: 2, frames: 4 },
      ...{ findings: 2, alerts: 1, incidents: 1, blind: [] },
    })
    expect(seconds).toBeGreaterThanOrEqual(0)
    expect(seconds).toBeLessThan(300)
    expect(transactionsPerSecond).toBeGreaterThan(0)
    expect(transactionsPerSecond).toBeLessThanOrEqual(2_000)
  })

  test('an alert is assessed in its place, and opens an incident named for it', () => {
    const one = detection()
    const [, alert, incident] = linesOf(one, bundleOf(3), [findingIn(3)])
    expect(alert).toMatchObject({
      type: 'alert',
      assessment: { score: expect.any(Number), layers: ['pattern'] },
    })
    const at = (1_600_000_000 + 36) * 1_000
    expect(incident).toMatchObject({
      ...{ type: 'incident', kind: 'backfilled', state: 'open', chainId: 1, foundLate: false },
      ...{
        title: `reentrancy against ${vault}`,
        transactions: [hashOf('tx 3')],
        startedAt: at,
        discoveredAt: at,
      },
    })
    expect(incident).toHaveProperty('id', alert?.type === 'alert' ? alert.fingerprint.slice(0, 16) : '')
  })

  test('an incident without a category or a contract is named in general words', () => {
    const titleOf = (parts: Partial<Finding>) => {
      const [incident] = linesOf(detection(), bundleOf(3), [findingIn(3, parts)]).slice(-1)
      return incident?.type === 'incident' ? incident.title : ''
    }
    expect(titleOf({ categories: [], protected: [], victims: [] })).toBe('attack against an unnamed contract')
    expect(titleOf({ protected: [], victims: [other] })).toBe(`reentrancy against ${other}`)
  })

  test('a second alert about the same contract joins its incident; a remark opens none', () => {
    const one = detection()
    const remark: Partial<Finding> = { severity: 'low', protected: [other], victims: [other] }
    expect(linesOf(one, bundleOf(2), [findingIn(2, remark)]).map(({ type }) => type)).toEqual([
      'finding',
      'alert',
    ])
    linesOf(one, bundleOf(3), [findingIn(3)])
    linesOf(one, bundleOf(4), [findingIn(4, { severity: 'low' })])
    expect(one.incidents).toMatchObject([{ transactions: [hashOf('tx 3'), hashOf('tx 4')] }])
    linesOf(one, bundleOf(5), [findingIn(5, { protected: [other], victims: [other], actors: [] })])
    expect(one.incidents.map(({ transactions }) => transactions.length)).toEqual([2, 1])
  })

  test('two alerts of one block that join one incident tell it once', () => {
    const one = detection()
    const both = [findingIn(3), findingIn(3, { transactionHash: hashOf('tx b'), fingerprint: 'f-b' })]
    expect(linesOf(one, bundleOf(3), both).filter(({ type }) => type === 'incident')).toHaveLength(2)
    expect(one.incidents).toHaveLength(1)
  })

  test('an alert about a block alone names no transaction, and a block without a time starts nothing', () => {
    const untimed = { ...bundleOf(3), timestamp: null }
    const [incident] = linesOf(detection(), untimed, [findingIn(3, { transactionHash: null })]).slice(-1)
    expect(incident).toMatchObject({ transactions: [], startedAt: null, discoveredAt: 0 })
  })

  test('settled traffic is learned from, pending blocks are not', () => {
    const learned = (pending: boolean): number | null => {
      const one = detection(contracts)
      linesOf(one, { ...bundleOf(3), pending }, [])
      return one.assessor.traffic.last
    }
    expect([learned(false), learned(true)]).toEqual([1_600_000_036, null])
  })
})

describe('the traffic that is learned', () => {
  const assessorAfter = (severity: 'low' | 'medium', scope: Scope = contracts) => {
    const one = detection(scope)
    observeTraffic(one, bundleOf(3), [
      anAlert({ severity: 'low', transactionHash: null }),
      anAlert({ severity, transactionHash: hashOf('tx 3'), assessment: anAssessment({ score: 7 }) }),
    ])
    return one.assessor
  }

  test('stops while an alarm lasts, and a remark is no alarm', () => {
    expect(assessorAfter('medium').alarmUntil).toBeGreaterThan(1_600_000_036)
    expect(assessorAfter('low').alarmUntil).toBe(0)
  })

  test('is none where everything is in scope', () => {
    expect(assessorAfter('medium', everything)).toMatchObject({ alarmUntil: 0, traffic: { last: null } })
  })

  test('without a time of the block counts from the beginning of time', () => {
    const one = detection(contracts)
    observeTraffic(one, { ...bundleOf(3), timestamp: null }, [])
    expect(one.assessor.traffic.last).toBe(0)
  })
})

test('each detector is heard once, with its surest finding', () => {
  const findings = [
    aFinding({ detector: 'drain', confidence: 0.3 }),
    aFinding({ detector: 'drain', confidence: 0.8 }),
    aFinding({ detector: 'drain', confidence: 0.5 }),
    aFinding({ detector: 'reentrancy', confidence: 0.4 }),
  ]
  expect(wordsOf(findings).map(({ confidence }) => confidence)).toEqual([0.8, 0.4])
})

test('findings in shadow mode are in no alert', () => {
  expect(alertsOf([aFinding({ shadow: true })])).toEqual([])
  expect(alertsOf([aFinding(), aFinding({ shadow: true, fingerprint: 'x' })])[0]?.findings).toHaveLength(1)
})

test('an alert is the same one whatever order its findings have, and another with other findings', () => {
  const [a, b] = [aFinding({ fingerprint: 'a' }), aFinding({ fingerprint: 'b' })]
  const hashOfAlert = (...findings: Finding[]) => alertsOf(findings)[0]?.alertHash
  expect(hashOfAlert(a, b)).toBe(hashOfAlert(b, a))
  expect(hashOfAlert(a)).not.toBe(hashOfAlert(b))
  const low = aFinding({ fingerprint: 'a', confidence: 0.1 })
  expect(hashOfAlert(low, b)).toBe(hashOfAlert(a, b))
})

test('an incident keeps the earliest start and the higher severity, and lists nothing twice', () => {
  const one = detection()
  linesOf(one, bundleOf(3), [findingIn(3)])
  const [incident] = one.incidents
  if (incident === undefined) throw new Error('an incident was opened')
  const alert = anAlert({ severity: 'critical', transactionHash: null, protected: [vault, other] })
  const merged = mergeAlert({ ...incident, startedAt: 50 }, alert, 40)
  expect(merged).toMatchObject({ severity: 'critical', startedAt: 40, protected: [vault, other] })
  expect(merged.transactions).toEqual(incident.transactions)
  const startOf = (start: number | null, next: number | null) =>
    mergeAlert({ ...incident, startedAt: start }, anAlert({ severity: 'low' }), next)
  expect(
    [startOf(50, null), startOf(null, 60), startOf(null, null), startOf(50, 60)].map((it) => it.startedAt),
  ).toEqual([50, 60, null, 50])
  expect(startOf(50, null).severity).toBe('high')
})
