import { describe, expect, test } from 'vitest'
import { type CandidateAction, type Case, decide } from './decision.ts'

const pause: CandidateAction = {
  id: 'pause the vault',
  breadth: 0.2,
  landsInTime: 0.8,
  costIfFalse: 10_000,
  costIfTrue: 10_000,
  simulation: 'stops-loss-spares-users',
}
const pauseAll: CandidateAction = { ...pause, id: 'pause everything', breadth: 1, landsInTime: 0.9 }

const sure: Case = {
  candidates: [pauseAll, pause],
  stake: { drainable: 1_000_000, perSecond: 50_000, remainingSeconds: 60 },
  grounds: {
    probability: { estimate: 0.9, low: 0.5, high: 0.99, n: 40 },
    hasHardEvidence: true,
    isLossShown: true,
    runLengthGate: 'passed',
    drift: 'stable',
    actionsLeft: 1,
  },
}
const grounds = (changes: Partial<Case['grounds']>): Case => ({
  ...sure,
  grounds: { ...sure.grounds, ...changes },
})
const reasons = (given: Case): readonly string[] => {
  const { automatic } = decide(given)
  return automatic.allowed ? [] : automatic.reasons
}

describe('a decision', () => {
  test('takes the narrowest action that is worth it', () => {
    const { recommended, automatic, loss, p } = decide(sure)
    expect(recommended?.action.id).toBe('pause the vault')
    expect(automatic).toEqual({ allowed: true })
    expect([loss, p]).toEqual([1_000_000, 1])
  })

  test('acts above p* = C/(ρL) and not below', () => {
    expect(decide(sure).recommended?.threshold).toBeCloseTo(10_000 / (0.8 * 1_000_000), 12)
    const at = (low: number) =>
      decide(grounds({ hasHardEvidence: false, probability: { estimate: low, low, high: 1, n: 9 } }))
    expect(at(0.0126).recommended?.action.id).toBe('pause the vault')
    expect(at(0.0124).recommended?.action.id).toBe('pause everything')
    expect(at(0.011).recommended).toBeNull()
  })

  test('a narrow action that does not stop the loss gives way to a wider one that does', () => {
    const useless: CandidateAction = { ...pause, simulation: 'does-not-stop' }
    expect(decide({ ...sure, candidates: [useless, pauseAll] }).recommended?.action.id).toBe(
      'pause everything',
    )
  })

  test('an action whose costs in a true attack exceed what it saves is never worth it', () => {
    const dear: CandidateAction = { ...pause, costIfTrue: 5_000_000 }
    const soft = grounds({ hasHardEvidence: false })
    expect(decide({ ...soft, candidates: [dear] }).recommended).toBeNull()
  })

  test('automation is refused for every reason at once, in words', () => {
    const worst = grounds({
      hasHardEvidence: false,
      runLengthGate: 'not-certifiable',
      drift: 'disarm',
      actionsLeft: 0,
    })
    expect(reasons({ ...worst, candidates: [{ ...pause, simulation: 'not-run' }] })).toEqual([
      'simulation-missing',
      'no-hard-evidence',
      'run-length-not-certifiable',
      'drift-disarmed-automation',
      'rate-limit-reached',
    ])
    expect(reasons(grounds({ hasHardEvidence: false, runLengthGate: 'not-passed' }))).toEqual([
      'no-hard-evidence',
      'run-length-gate-not-passed',
    ])
    expect(reasons({ ...sure, candidates: [] })).toEqual(['no-candidate-worth-its-cost'])
    expect(reasons({ ...sure, candidates: [{ ...pause, simulation: 'harms-users' }] })).toEqual([
      'simulation-harms-users',
    ])
  })

  test('hard evidence of a loss that the action stops needs no calibration; a pause dearer than the loss is for people', () => {
    const uncertified = { runLengthGate: 'not-certifiable', drift: 'disarm' } as const
    const hard = grounds({ ...uncertified, probability: { estimate: 0.002, low: 0.0001, high: 0.01, n: 4 } })
    expect(decide(hard)).toMatchObject({ automatic: { allowed: true }, recommended: { action: pause } })
    const untried = { ...pause, simulation: 'works-untried' } as const
    expect(reasons({ ...hard, candidates: [untried] })).toEqual([])
    const dear = { ...pause, costIfFalse: 900_000, costIfTrue: 900_000 }
    expect(reasons({ ...hard, candidates: [dear] })).toEqual(['no-candidate-worth-its-cost'])
  })

  test('hard evidence without a loss is for people, and so is an action that does not stop it', () => {
    expect(reasons(grounds({ isLossShown: false }))).toEqual(['no-loss-shown'])
    const useless = { ...pause, simulation: 'does-not-stop' } as const
    expect(reasons({ ...sure, candidates: [useless] })).toEqual(['simulation-does-not-stop-the-loss'])
  })

  test('an action that reduces the loss, or works though it could not be tried, goes before a wider one', () => {
    for (const simulation of ['reduces-loss', 'works-untried'] as const) {
      const narrow = { ...pause, simulation }
      const decision = decide({ ...sure, candidates: [pauseAll, narrow] })
      expect(decision.recommended?.action).toBe(narrow)
      expect(decision.automatic).toEqual({ allowed: true })
    }
  })

  test('of two equally narrow actions the one that saves more is taken', () => {
    const better = { ...pause, id: 'pause sooner', landsInTime: 0.9 }
    const ids = (candidates: readonly CandidateAction[]) =>
      decide({ ...sure, candidates }).worthwhile.map(({ action }) => action.id)
    expect(ids([pause, better, pauseAll])).toEqual(['pause sooner', 'pause the vault', 'pause everything'])
    expect(ids([better, pause])).toEqual(['pause sooner', 'pause the vault'])
  })

  test('an action that saves exactly what it costs is not worth it', () => {
    const even = { ...pause, landsInTime: 0.5, costIfTrue: 500_000 }
    expect(decide({ ...sure, candidates: [even] })).toMatchObject({ worthwhile: [], recommended: null })
  })

  test('statistics alone never act, even with every gate passed', () => {
    expect(reasons(grounds({ hasHardEvidence: false }))).toEqual(['no-hard-evidence'])
    expect(reasons(grounds({ hasHardEvidence: false, drift: 'widen' }))).toEqual(['no-hard-evidence'])
  })
})
