import { describe, expect, test } from 'vitest'
import { aHash, anAddress } from '../../test/harness/builders.ts'
import type { Evidence } from '../model/evidence.ts'
import type { Incident } from '../model/incident.ts'
import { type TimelineEntry, timelineEntrySchema } from '../model/timeline.ts'
import { channelsByPerson, type DrillRecord, drillTimes } from './response-times.ts'

const T = 1_700_000_000_000

const incident: Incident = {
  type: 'incident',
  id: 'inc-1',
  kind: 'drill',
  state: 'contained',
  title: 'A drill',
  chainId: 31_337,
  severity: 'critical',
  categories: [],
  protected: [],
  victims: [],
  actors: [],
  transactions: [],
  startedAt: T,
  discoveredAt: T + 100,
  foundLate: false,
}

let sequence = 0
function said(kind: TimelineEntry['kind'], at: number, change: Record<string, unknown> = {}): TimelineEntry {
  sequence++
  const times = { eventTime: T + at, discoveryTime: T + at }
  return timelineEntrySchema.parse({
    incidentId: 'inc-1',
    ...{ sequence, kind, ...times },
    author: 'cordon',
    message: '',
    facts: {},
    ...change,
  })
}

function link(kind: string, at: number, body: unknown): Evidence {
  sequence++
  return { incidentId: 'inc-1', sequence, kind, recordedAt: T + at, body, previous: '', hash: '' }
}

const delivered = (role: string, channel: string) => ({ outcome: 'delivered', role, person: 'P', channel })
const asked = (step: string, at: number): TimelineEntry =>
  said('question', at, {
    facts: { runId: 'run-1', stepId: step, title: `Do ${step}`, roles: ['guardian'], until: T + 9_999 },
  })
const answered = (step: string, at: number, author: string): TimelineEntry =>
  said('answer', at, { author, facts: { runId: 'run-1', target: step, answer: 'done' } })

const page = { title: 'A page', facts: {} }
const broadcast = (state: string) => ({
  ...{ planId: 'plan-1', chainId: 1, from: anAddress(1), nonce: 1, rawTransaction: '0x02', state },
  ...{ transactionHash: aHash(1), blockNumber: null, blockHash: null },
})
const verification = (verified: boolean) => ({ planId: 'plan-1', atBlock: 1, checks: [], verified })

const whole: DrillRecord = {
  incident,
  timeline: [
    said('alert', 110, { facts: { pending: false } }),
    asked('scope', 120),
    asked('pull', 130),
    said('approval', 400, { author: '0xabc', facts: { decision: 'approve' } }),
    answered('pull', 450, 'Gus'),
    said('state', 900, { facts: { from: 'open', to: 'contained' } }),
    said('approval', 2_000, { author: '0xabc', facts: { decision: 'approve' } }),
  ],
  evidence: [
    link('notification', 150, {
      notification: page,
      results: [{ outcome: 'failed', role: 'guardian', person: 'P', channel: 'sms' }],
    }),
    link('notification', 160, { notification: page, results: [delivered('guardian', 'pager')] }),
    link('decision', 200, { automatic: false, reasons: [], statement: '' }),
    link('broadcast', 500, broadcast('sent')),
    link('broadcast', 700, broadcast('mined')),
    link('verification', 750, verification(false)),
    link('verification', 800, verification(true)),
  ],
  runs: [],
  signedAt: [T + 480, T + 490],
}

const msAfter = (record: DrillRecord): Record<string, number | null> =>
  Object.fromEntries(drillTimes(record).milestones.map(({ name, afterMs }) => [name, afterMs]))

describe('the times of a drill', () => {
  test('each milestone is the first moment at which the record has it', () => {
    expect(msAfter(whole)).toEqual({
      attack: 0,
      detected: 100,
      alerted: 110,
      paged: 160,
      acknowledged: 400,
      decided: 200,
      approved: 400,
      signed: 480,
      broadcast: 500,
      mined: 700,
      verified: 800,
      contained: 900,
    })
  })

  test('what never came is null, never zero', () => {
    const { milestones, attackSeen } = drillTimes({
      incident: null,
      timeline: [],
      evidence: [],
      runs: [],
      signedAt: [],
    })
    expect(attackSeen).toBe('not seen')
    expect(milestones.every(({ at, afterMs }) => at === null && afterMs === null)).toBe(true)
  })

  test('without a signed word, what was sent stood on what was signed beforehand', () => {
    const record = { ...whole, timeline: whole.timeline.filter(({ kind }) => kind !== 'approval') }
    const approved = drillTimes(record).milestones.find(({ name }) => name === 'approved')
    expect(approved).toMatchObject({ afterMs: 200, source: 'standing authorisation, signed beforehand' })
  })

  test('an attack that was seen while it was pending begins when it was seen', () => {
    const timeline = whole.timeline.map((entry) =>
      entry.kind === 'alert' ? { ...entry, facts: { pending: true } } : entry,
    )
    expect(drillTimes({ ...whole, timeline }).attackSeen).toBe('pending')
    expect(msAfter({ ...whole, timeline })['detected']).toBe(0)
  })

  test('a block time that lies after the moment of discovery does not make detection negative', () => {
    const record = { ...whole, incident: { ...incident, startedAt: T + 1_000 } }
    expect(msAfter(record)['detected']).toBe(0)
  })

  test('a question that nobody answered stands there without an answer', () => {
    expect(drillTimes(whole).questions).toMatchObject([
      { step: 'scope', answer: null, answeredMs: null, by: [] },
      { step: 'pull', answer: 'done', answeredMs: 320, by: ['Gus'] },
    ])
  })

  test('who was paged in vain has no channel', () => {
    expect(channelsByPerson({ ...whole, evidence: whole.evidence.slice(0, 1) })).toEqual(
      new Map([['P', new Set()]]),
    )
  })
})
