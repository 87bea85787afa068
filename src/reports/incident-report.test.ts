import { expect, test } from 'vitest'
import type { Finding } from '../model/finding.ts'
import type { Incident } from '../model/incident.ts'
import { code, markdown } from './escape.ts'
import { incidentReport } from './incident-report.ts'
import { markdownDocument } from './markdown-document.ts'
import { postmortem } from './postmortem.ts'
import type { IncidentRecord } from './record.ts'

const VAULT = `0x${'aa'.repeat(20)}` as const
const THIEF = `0x${'bb'.repeat(20)}` as const
const TX = `0x${'cc'.repeat(32)}` as const
const HOSTILE = '<img src=x onerror=alert(1)> **bold** `code` [link](javascript:x) \u001b[31mred\u202e| a |'

const incident: Incident = {
  type: 'incident',
  id: 'inc-1',
  kind: 'normal',
  state: 'contained',
  title: HOSTILE,
  chainId: 1,
  severity: 'critical',
  categories: ['drain'],
  protected: [VAULT],
  victims: [VAULT],
  actors: [THIEF],
  transactions: [TX],
  startedAt: 1_700_000_000_000,
  discoveredAt: 1_700_000_000_500,
  foundLate: false,
}

const finding: Finding = {
  type: 'finding',
  shadow: false,
  fingerprint: 'f',
  detector: 'drain',
  chainId: 1,
  blockNumber: 7,
  blockHash: null,
  transactionHash: TX,
  pending: false,
  severity: 'critical',
  confidence: 0.9,
  categories: ['drain'],
  protected: [VAULT],
  victims: [VAULT],
  actors: [THIEF],
  profit: [{ account: THIEF, asset: 'native', amount: 5n }],
  loss: [{ account: VAULT, asset: 'native', amount: 5n }],
  evidence: [{ statement: HOSTILE, frames: [3], amounts: [] }],
  message: HOSTILE,
}

function record(change: Partial<IncidentRecord> = {}): IncidentRecord {
  return {
    incident,
    findings: [finding],
    timeline: [
      {
        incidentId: 'inc-1',
        sequence: 1,
        kind: 'alert',
        eventTime: 1_700_000_000_000,
        discoveryTime: 1_700_000_000_620,
        author: HOSTILE,
        message: HOSTILE,
        facts: {},
      },
    ],
    runs: [],
    containments: [],
    proposals: new Map(),
    assets: [],
    stakes: [],
    functions: new Map(),
    evidence: { count: 3, head: 'ab'.repeat(32), ok: true },
    investigation: null,
    times: null,
    names: new Map([[VAULT, HOSTILE]]),
    own: new Map(),
    writtenAt: 1_700_000_100_000,
    ...change,
  }
}

function reportText(of: IncidentRecord): string {
  return markdownDocument({ ...incidentReport(of), tlp: 'RED', audience: 'team' })
}

test('texts from a chain or a stranger are inert: no HTML, no link, no table break, no escape, no bidi mark', () => {
  const text = reportText(record())
  expect(text).not.toMatch(/<img|\u001b|\u202e/)
  expect(text).not.toMatch(/(?<!\\)\[link(?<!\\)\]\(/)
  for (const row of text.split('\n').filter((line) => line.startsWith('| 1 |'))) {
    expect(row.replace(/\\\|/g, '').split('|')).toHaveLength(7)
  }
})

test('what was lost, what was gained and how long it took are in the report', () => {
  const text = reportText(record())
  expect(text).toMatch(/\| lost \| .* \| 0\\?\.000000000000000005 \| native \|/)
  expect(text).toMatch(/\| gained \| .* \| 0\\?\.000000000000000005 \| native \|/)
  expect(text).toMatch(/\| first alert \| 0\\?\.1 s \|/)
})

test('a question is open while its time lasts, and only then a failure', () => {
  const question = { step: 'scope', title: 'Scope', roles: ['auditor'], askedAt: 1, by: [], answer: null }
  const until = 1_700_000_100_500
  const times = {
    attackSeen: 'block' as const,
    milestones: [],
    questions: [{ ...question, answeredAt: null, answeredMs: null, until }],
  }
  const written = (writtenAt: number): string =>
    markdownDocument({ ...postmortem(record({ times, writtenAt })), tlp: 'RED', audience: 'team' })
  expect(written(until - 1)).toContain('open until 2023-11-14')
  expect(written(until - 1)).not.toMatch(/no answer|nobody answered/)
  expect(written(until)).toContain('nobody answered')
})

test('an attack that was only pending lost nothing', () => {
  const text = reportText(record({ findings: [{ ...finding, pending: true }] }))
  expect(text).toContain('No attack transaction was mined successfully.')
})

test('a broken evidence chain is shouted', () => {
  expect(reportText(record({ evidence: { count: 3, head: 'x', ok: false } }))).toContain('**broken**')
})

test('code cannot be ended from inside and markdown cannot be begun', () => {
  expect(code('a`b')).toBe('`aˋb`')
  expect(markdown('a_b*c|d#e')).toBe('a\\_b\\*c\\|d\\#e')
})
