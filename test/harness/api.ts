import { createApi } from '../../src/api/api.ts'
import type { Feed, StreamLimits } from '../../src/api/feed.ts'
import { createFeed } from '../../src/api/feed.ts'
import type { ApiSources, PositionedEntry } from '../../src/api/sources.ts'
import { approvalTypedData, termsOf } from '../../src/contain/approval/approval-data.ts'
import { CordonError } from '../../src/kit/error.ts'
import { toJson } from '../../src/kit/json.ts'
import type { Logger } from '../../src/kit/logger.ts'
import type { ChainHealth } from '../../src/model/health.ts'
import type { Incident } from '../../src/model/incident.ts'
import type { LiveLine } from '../../src/model/line.ts'
import type { Run } from '../../src/model/playbook.ts'
import { type Problem, problemSchema } from '../../src/model/problem.ts'
import { type TimelineEntry, timelineEntrySchema } from '../../src/model/timeline.ts'
import { aFinding, aHash, anAddress, aPlan } from './builders.ts'

export const TOKEN = 'a-token-that-nobody-will-guess'
export const PORT = 4480
export const HOST = `127.0.0.1:${PORT}`

/** Every path that needs the token. */
export const PATHS = [
  '/v1/incidents',
  '/v1/incidents/inc-1',
  '/v1/incidents/inc-1/timeline',
  '/v1/incidents/inc-1/evidence',
  '/v1/incidents/inc-1/findings',
  '/v1/incidents/inc-1/runs',
  '/v1/incidents/inc-1/report',
  '/v1/incidents/inc-1/stix',
  '/v1/incidents/inc-1/addresses.csv',
  '/v1/incidents/inc-1/export',
  '/v1/incidents/inc-1/plans',
  '/v1/plans/plan-1/approval',
  '/v1/runs/run-1',
  '/v1/stream',
]

export const problemOf = async (response: Response): Promise<Problem> =>
  problemSchema.parse(await response.json())

export function anIncident(changes: Partial<Incident> = {}): Incident {
  return {
    type: 'incident',
    id: 'inc-1',
    kind: 'normal',
    state: 'open',
    title: 'reentrancy against the vault',
    chainId: 1,
    severity: 'high',
    categories: ['reentrancy'],
    protected: [anAddress(1)],
    victims: [anAddress(1)],
    actors: [anAddress(66)],
    transactions: [aHash(1)],
    startedAt: 1_700_000_000_000,
    discoveredAt: 1_700_000_012_000,
    foundLate: false,
    ...changes,
  }
}

export function aTimelineEntry(sequence: number, changes: Record<string, unknown> = {}): TimelineEntry {
  return timelineEntrySchema.parse({
    incidentId: 'inc-1',
    sequence,
    kind: 'note',
    eventTime: 1_700_000_000_000,
    discoveryTime: 1_700_000_000_000,
    author: 'cordon',
    message: `entry ${sequence}`,
    facts: {},
    ...changes,
  })
}

const aRun: Run = {
  id: 'run-1',
  incidentId: 'inc-1',
  playbookId: 'contain',
  contentHash: 'ab'.repeat(32),
  attempt: 1,
  state: 'succeeded',
  startedAt: 1,
  endedAt: 2,
  people: true,
  steps: [
    {
      stepId: 'pause',
      state: 'succeeded',
      startedAt: 1,
      endedAt: 2,
      output: { wei: 10n ** 24n },
      error: null,
    },
  ],
}

/** Sources in memory; `write` commits timeline entries at positions and publishes them, `tell` publishes any line. */
export type FakeSources = ApiSources & {
  incidents: Incident[]
  record: PositionedEntry[]
  write(...positions: number[]): void
  tell(line: LiveLine): void
  listeners: Set<(line: LiveLine) => void>
}

function unknown(code: string): never {
  throw new CordonError({ code, message: 'There is no such thing.', fix: 'Use another id.' })
}

export function fakeSources(changes: Partial<ApiSources> = {}): FakeSources {
  const listeners = new Set<(line: LiveLine) => void>()
  const incidents = [anIncident()]
  const record: PositionedEntry[] = []
  const known = (id: string): Incident =>
    incidents.find((incident) => incident.id === id) ?? unknown('incidents.UnknownIncident')
  const tell = (line: LiveLine): void => {
    for (const listener of listeners) listener(line)
  }
  return {
    incidents,
    record,
    listeners,
    tell,
    write(...positions) {
      for (const position of positions) record.push({ ...aTimelineEntry(position), position })
      record.sort((a, b) => a.position - b.position)
      for (const position of positions) tell({ type: 'timeline', ...aTimelineEntry(position) })
    },
    health: async () => ({
      status: 'ok',
      reasons: [],
      database: { up: true },
      chains: [aChainHealth()],
    }),
    listIncidents: async ({ limit }) => incidents.slice(0, limit),
    getIncident: async (id) => known(id),
    async timeline(id, after) {
      known(id)
      return [1, 2, 3].filter((n) => n > after).map((n) => aTimelineEntry(n))
    },
    evidence: async (id) => ({
      links: [
        {
          incidentId: known(id).id,
          sequence: 1,
          kind: 'finding',
          recordedAt: 1,
          body: JSON.parse(toJson(aFinding())),
          previous: '0'.repeat(64),
          hash: 'ab'.repeat(32),
        },
      ],
      verdict: { ok: true, count: 1, head: 'ab'.repeat(32) },
    }),
    findings: async (id) => [aFinding({ message: known(id).title })],
    runs: async (id) => [{ ...aRun, incidentId: known(id).id }],
    report: async (id) => Buffer.from(`# ${known(id).title}\n`),
    shared: async (id, what) => `${what} of ${known(id).id}`,
    export: async (id) => ({ bytes: Buffer.from(known(id).id), name: 'x.tar.gz', head: 'ab'.repeat(32) }),
    run: async (id) => (id === aRun.id ? aRun : unknown('playbooks.UnknownRun')),
    plans: async (id) => [
      {
        plan: aPlan({ incidentId: known(id).id }),
        verdict: { state: 'waiting', missing: ['0 of 1 from guardian'], rejected: [] },
        isSent: false,
      },
    ],
    approvalOffer: async (planId, decision) => {
      if (planId !== 'plan-1') unknown('app.UnknownPlan')
      const terms = termsOf(aPlan(), {
        installation: null,
        nonce: 0,
        sequence: 1,
        validUntil: 1_700_000_600,
        decision,
      })
      return { terms, typedData: approvalTypedData(terms) }
    },
    giveApproval: async ({ planId, signer }) => {
      if (planId !== 'plan-1') unknown('app.UnknownPlan')
      return { verdict: { state: 'approved', by: [signer], rejected: [] }, notCounted: null }
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    timelineAfter: async (position) => record.filter((entry) => entry.position > position).slice(0, 10_000),
    lastPosition: async () => record.at(-1)?.position ?? 0,
    ...changes,
  }
}

/** The health of a chain that is watched properly. */
export function aChainHealth(changes: Partial<ChainHealth> = {}): ChainHealth {
  const lag = { lagBlocks: 0, lagSeconds: 0, ageSeconds: 1.5, blockSeconds: 12 }
  return { chainId: 1, status: 'ok', head: 100, lastBlock: 100, ...lag, ...changes }
}

/** A logger that keeps its messages. */
export function keepingLogger(): Logger & { lines: string[] } {
  const lines: string[] = []
  const keep = (facts: Record<string, unknown>, message: string): void => {
    lines.push(toJson({ ...facts, message }))
  }
  return { lines, debug: keep, info: keep, warn: keep, error: keep }
}

export type TestApi = {
  sources: FakeSources
  feed: Feed
  logger: Logger & { lines: string[] }
  /** Sends a request as a client with the token, on the right Host. */
  get(path: string, headers?: Record<string, string>): Promise<Response>
  /** Sends a request with exactly these headers. */
  ask(path: string, init?: RequestInit): Promise<Response>
  destroyed: () => number
}

export async function testApi(
  changes: Partial<ApiSources> = {},
  limits: Partial<StreamLimits> = {},
): Promise<TestApi> {
  const sources = fakeSources(changes)
  const logger = keepingLogger()
  const feed = await createFeed({ sources, logger, limits })
  const api = createApi({ sources, feed, token: TOKEN, port: PORT, logger })
  let destroyed = 0
  const outgoing = { destroy: () => ++destroyed }
  const ask = async (path: string, init: RequestInit = {}): Promise<Response> =>
    api(new Request(`http://127.0.0.1:${PORT}${path}`, init), { outgoing })
  const get = (path: string, headers: Record<string, string> = {}): Promise<Response> =>
    ask(path, { headers: { host: `127.0.0.1:${PORT}`, authorization: `Bearer ${TOKEN}`, ...headers } })
  return { sources, feed, logger, get, ask, destroyed: () => destroyed }
}

export type SseEvent = { event: string; id: string | undefined; data: Record<string, unknown> }

/** Reads server-sent events from a body as a browser would: comments are dropped. Reads one chunk ahead. */
export function readEvents(response: Response): {
  next(count: number): Promise<SseEvent[]>
  until(event: string): Promise<SseEvent[]>
  raw: () => string
  cancel(): Promise<void>
} {
  const reader = response.body?.getReader()
  if (reader === undefined) throw new Error('no body')
  const decoder = new TextDecoder()
  let raw = ''
  let rest = ''
  const ready: SseEvent[] = []
  const ask = () => {
    const answer = reader.read()
    answer.catch(() => {})
    return answer
  }
  let ahead = ask()
  const more = async (): Promise<boolean> => {
    const { done, value } = await ahead
    if (done) return false
    ahead = ask()
    const text = decoder.decode(value, { stream: true })
    raw += text
    rest += text
    const blocks = rest.split('\n\n')
    rest = blocks.pop() ?? ''
    for (const block of blocks) ready.push(...eventOf(block))
    return true
  }
  const take = async (enough: () => number): Promise<SseEvent[]> => {
    while (enough() === 0) if (!(await more())) return ready.splice(0)
    return ready.splice(0, enough())
  }
  return {
    next: (count) => take(() => (ready.length >= count ? count : 0)),
    until: (event) => take(() => ready.findIndex((item) => item.event === event) + 1),
    raw: () => raw,
    cancel: () => reader.cancel(),
  }
}

function eventOf(block: string): SseEvent[] {
  const fields = new Map(
    block.split('\n').map((line) => [line.split(': ')[0], line.slice(line.indexOf(': ') + 2)]),
  )
  const data = fields.get('data')
  if (data === undefined) return []
  return [{ event: fields.get('event') ?? 'message', id: fields.get('id'), data: JSON.parse(data) }]
}
