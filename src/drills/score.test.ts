import { describe, expect, test } from 'vitest'
import type { DrillTimes, MilestoneName, ReachedPerson } from '../model/drill.ts'
import { milestoneNames } from '../model/drill.ts'
import { type Scoring, scoreDrill } from './score.ts'

const DAY = 86_400_000
const NOW = 1_700_000_000_000

function timesWithout(...missing: MilestoneName[]): DrillTimes {
  const milestones = milestoneNames.map((name, n) =>
    missing.includes(name)
      ? { name, at: null, afterMs: null, source: 'not on record' }
      : { name, at: NOW + n, afterMs: n, source: 'test' },
  )
  return { attackSeen: 'block', milestones, questions: [] }
}

function person(change: Partial<ReachedPerson> = {}): ReachedPerson {
  const silent = { answer: null, afterMs: null, paged: ['pager'], notPaged: [], reached: true }
  return { person: 'Gus', roles: ['guardian'], address: null, codes: [], ...silent, ...change }
}

const best: Scoring = {
  times: timesWithout(),
  people: 'timed',
  contained: true,
  channelsByPerson: new Map([['Gus', new Set(['pager', 'phone'])]]),
  evidence: { ok: true, count: 12, head: 'ab'.repeat(32) },
  reach: { startedAt: NOW - 10 * DAY, people: [person()], emptyRoles: [] },
  authorisations: 1,
  sentOnStanding: true,
  now: NOW,
}

function stateOf(id: string, change: Partial<Scoring>): string | undefined {
  return scoreDrill({ ...best, ...change }).find((point) => point.id === id)?.state
}

describe('the score of a drill', () => {
  test('a drill in which all went well meets every point, and nothing is left to do', () => {
    expect(scoreDrill(best).map(({ state, fix }) => [state, fix])).toEqual(Array(5).fill(['met', null]))
  })

  test.each<[string, string, Partial<Scoring>]>([
    ['redundant-paging', 'not-met', { channelsByPerson: new Map([['Gus', new Set(['pager'])]]) }],
    ['redundant-paging', 'not-tried', { channelsByPerson: new Map() }],
    ['tamper-evident-logs', 'not-met', { evidence: { ok: false, count: 3, head: '' } }],
    ['tamper-evident-logs', 'not-tried', { evidence: null }],
    ['signer-reach', 'not-tried', { reach: null }],
    ['signer-reach', 'not-met', { reach: { startedAt: NOW - 93 * DAY, people: [person()], emptyRoles: [] } }],
    ['signer-reach', 'not-met', { reach: { startedAt: NOW, people: [], emptyRoles: [] } }],
    ['signer-reach', 'not-met', { reach: { startedAt: NOW, people: [person()], emptyRoles: ['guardian'] } }],
    [
      'signer-reach',
      'not-met',
      { reach: { startedAt: NOW, people: [person(), person({ reached: false })], emptyRoles: [] } },
    ],
    ['pre-signed', 'not-met', { authorisations: 0 }],
    ['pre-signed', 'not-met', { sentOnStanding: false }],
    ['pre-signed', 'not-tried', { times: timesWithout('broadcast') }],
    ['end-to-end', 'not-tried', { people: 'played' }],
    ['end-to-end', 'not-tried', { people: 'none' }],
    ['end-to-end', 'not-met', { people: 'played', contained: false }],
    ['end-to-end', 'not-met', { times: timesWithout('acknowledged') }],
  ])('%s is %s', (id, state, change) => {
    expect(stateOf(id, change)).toBe(state)
  })

  test('every point that is not met says what to do', () => {
    const worst = {
      ...best,
      reach: null,
      authorisations: 0,
      people: 'none' as const,
      channelsByPerson: new Map(),
    }
    for (const { state, fix } of scoreDrill(worst)) expect(fix === null).toBe(state === 'met')
  })

  test('whoever stayed silent is named', () => {
    const reach = { startedAt: NOW, people: [person({ person: 'Gwen', reached: false })], emptyRoles: [] }
    const evidence = scoreDrill({ ...best, reach }).find(({ id }) => id === 'signer-reach')?.evidence
    expect(evidence).toContain('Gwen: no answer')
  })

  test('a question without an answer keeps an end-to-end drill from being met', () => {
    const question = { step: 'scope', title: 'T', roles: [], askedAt: 1, answeredAt: null, answeredMs: null }
    const times = { ...timesWithout(), questions: [{ ...question, by: [], answer: null }] }
    expect(stateOf('end-to-end', { times })).toBe('not-met')
  })
})
