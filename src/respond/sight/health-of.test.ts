import { describe, expect, test } from 'vitest'
import type { BlockRef } from '../../model/block.ts'
import { withoutDetails } from '../../model/health.ts'
import { type ChainVitals, emptyVitals } from '../../model/vitals.ts'
import { type HealthInputs, healthOf } from './health-of.ts'
import { type ChainSight, emptySight, type SeenHead } from './sight.ts'

const NOW = 1_700_000_000_000
const TRACED = ['reentrancy', 'drain']

/** Heads that came every `seconds`, the last `ago` seconds ago; empty where the chain is driven by time. */
function heads({ seconds = 12, ago = 1, count = 12, transactions = 0, last = 100 }): SeenHead[] {
  return Array.from({ length: count }, (_, index) => {
    const back = count - 1 - index
    const at = NOW - 1_000 * (ago + back * seconds)
    return { number: last - back, timestamp: Math.round(at / 1000), transactions, at }
  })
}

type Changes = { vitals?: Partial<ChainVitals>; sight?: Partial<ChainSight>; inputs?: Partial<HealthInputs> }

/** A chain whose block 100 is the head and was looked at, and nothing is wrong. */
function healthWith({ vitals, sight, inputs }: Changes) {
  const processed = { number: 100, timestamp: NOW / 1000 - 1, at: NOW }
  const endpoint = { name: 'https://one.example', head: 100, failure: null, since: NOW - 60_000 }
  const chain = {
    chainId: 1,
    vitals: { ...emptyVitals(), processed, ...vitals },
    sight: {
      ...emptySight(NOW - 600_000),
      heads: heads({}),
      endpoints: [endpoint],
      answeredAt: NOW,
      ...sight,
    },
    traceDetectors: TRACED,
  }
  return healthOf({ database: { up: true }, undeliveredPages: 0, chains: [chain], ...inputs }, NOW)
}

const processedAt = (number: number) => ({ number, timestamp: null, at: NOW })
const endpointAt = (head: number | null, failure: string | null = null) => ({
  name: `https://node-${head ?? 'silent'}.example`,
  head,
  failure,
  since: NOW,
})
const block: BlockRef = { number: 1, hash: `0x${'1'.repeat(64)}` }

test('nothing wrong is ok', () => {
  const health = healthWith({})
  expect(health).toMatchObject({ status: 'ok', reasons: [], database: { up: true } })
  expect(health.chains).toEqual([
    {
      chainId: 1,
      status: 'ok',
      head: 100,
      lastBlock: 100,
      lagBlocks: 0,
      lagSeconds: 0,
      ageSeconds: 1,
      blockSeconds: 12,
    },
  ])
})

type Case = [claim: string, changes: Changes, status: string, codes: string[]]

describe('what is said of a chain', () => {
  const cases: Case[] = [
    [
      'its watcher has ended',
      { sight: { stopped: { reason: 'x', at: NOW } } },
      'blind',
      ['watching-stopped'],
    ],
    ['no block was looked at', { vitals: { processed: null } }, 'blind', ['no-block-judged']],
    [
      'no block since the start, on a chain that rests: what was looked at before the restart counts',
      { vitals: { processed: null }, sight: { processed: { number: 100, timestamp: null } } },
      'ok',
      [],
    ],
    ['no head is known', { sight: { heads: [], endpoints: [] } }, 'blind', ['no-endpoint']],
    [
      'its only node does not answer, since a moment ago',
      { sight: { endpoints: [endpointAt(null, 'refused')], answeredAt: NOW - 2_000 } },
      'degraded',
      ['endpoint-failing'],
    ],
    [
      'none of its nodes answers any more',
      {
        sight: {
          endpoints: [endpointAt(null, 'refused'), endpointAt(null, '500')],
          answeredAt: NOW - 40_000,
        },
      },
      'blind',
      ['no-endpoint'],
    ],
    [
      'one of two nodes does not answer',
      { sight: { endpoints: [endpointAt(100), endpointAt(null, 'refused')] } },
      'degraded',
      ['endpoint-failing'],
    ],
    [
      'one of two nodes is behind the other',
      { sight: { endpoints: [endpointAt(100), endpointAt(90)] } },
      'degraded',
      ['endpoint-failing'],
    ],
    [
      'the watcher says that a node is on another fork',
      {
        vitals: {
          endpoints: [
            { name: 'https://one.example', state: 'elsewhere', reason: null, errorRate: 0, head: 9 },
          ],
        },
      },
      'degraded',
      ['endpoint-failing'],
    ],
    [
      'one of three nodes tells of blocks that nobody else has: it alone is not believed',
      { sight: { endpoints: [endpointAt(10_000), endpointAt(100), endpointAt(100)] } },
      'ok',
      [],
    ],
    ['a block waits for less than three block times', { vitals: { processed: processedAt(99) } }, 'ok', []],
    [
      'a chain with blocks of 12 s is 6 blocks behind',
      { vitals: { processed: processedAt(94) } },
      'degraded',
      ['behind'],
    ],
    [
      'a chain with blocks of 12 s is 40 blocks behind',
      { vitals: { processed: processedAt(60) } },
      'blind',
      ['behind'],
    ],
    [
      'a chain with blocks of 1 s is 6 blocks behind',
      { vitals: { processed: processedAt(94) }, sight: { heads: heads({ seconds: 1 }) } },
      'degraded',
      ['behind'],
    ],
    [
      'one block waits for 50 s: a watcher that hangs',
      { vitals: { processed: processedAt(99) }, sight: { heads: heads({ ago: 50, transactions: 2 }) } },
      'degraded',
      ['behind'],
    ],
    [
      'a chain that is driven by time stands still for four of its blocks',
      { sight: { heads: heads({ ago: 50 }) } },
      'degraded',
      ['head-standing'],
    ],
    [
      'a chain that is driven by time stands still for twenty of its blocks',
      { sight: { heads: heads({ seconds: 1, ago: 20 }) } },
      'blind',
      ['head-standing'],
    ],
    [
      'a busy chain without an empty block stands still',
      { sight: { heads: heads({ seconds: 2, ago: 30, transactions: 140 }) } },
      'blind',
      ['head-standing'],
    ],
    [
      'a chain that makes a block for each transaction rests for an hour',
      { sight: { heads: heads({ seconds: 1, ago: 3_600, transactions: 1 }) } },
      'ok',
      [],
    ],
    [
      'a script made many empty blocks at once, and nothing came since',
      { sight: { heads: heads({ ago: 600 }).map((head) => ({ ...head, at: NOW - 600_000 + head.number })) } },
      'ok',
      [],
    ],
    ['a chain rests since the start', { sight: { heads: heads({ count: 1, ago: 3_600 }) } }, 'ok', []],
    [
      'its nodes tell of fewer blocks than were looked at',
      { vitals: { processed: processedAt(120) } },
      'blind',
      ['head-back'],
    ],
    ['blocks are partial', { vitals: { partial: { open: 2, givenUp: 0 } } }, 'degraded', ['blocks-partial']],
    [
      'blocks were given up',
      { vitals: { partial: { open: 0, givenUp: 1 } } },
      'degraded',
      ['blocks-given-up'],
    ],
    [
      'one detector is blind',
      { vitals: { blindDetectors: new Map([['drain', 'logs']]) } },
      'degraded',
      ['detectors-blind'],
    ],
    [
      'every detector that reads traces is blind',
      { vitals: { blindDetectors: new Map(TRACED.map((id) => [id, 'traces'])) } },
      'blind',
      ['detectors-blind'],
    ],
    [
      'it is learned from',
      { vitals: { learning: { state: 'learning', from: 1, to: 100, at: 50 } } },
      'degraded',
      ['not-learned'],
    ],
    ['it was learned from', { vitals: { learning: { state: 'learned' } } }, 'ok', []],
    ['half as many blocks wait as may', { vitals: { recording: { waiting: 32, capacity: 64 } } }, 'ok', []],
    [
      'more than half as many blocks wait as may',
      { vitals: { recording: { waiting: 33, capacity: 64 } } },
      'degraded',
      ['recording-late'],
    ],
    [
      'an upkeep task fails',
      { vitals: { upkeepFailures: new Map([['levers', 'refused']]) } },
      'degraded',
      ['upkeep-failing'],
    ],
    ['the database is away', { inputs: { database: { up: false } } }, 'degraded', ['database-away']],
    ['a page reached nobody', { inputs: { undeliveredPages: 1 } }, 'degraded', ['pages-undelivered']],
  ]
  test.each(cases)('%s', (_claim, changes, status, codes) => {
    const health = healthWith(changes)
    expect([health.status, health.reasons.map(({ code }) => code)]).toEqual([status, codes])
  })
})

test('the worst comes first, and decides', () => {
  const { status, reasons, chains } = healthWith({
    vitals: { processed: processedAt(60), partial: { open: 1, givenUp: 0 } },
    inputs: { database: { up: false } },
  })
  expect(status).toBe('blind')
  expect(chains[0]?.status).toBe('blind')
  expect(reasons.map(({ code, chainId }) => [code, chainId])).toEqual([
    ['behind', 1],
    ['blocks-partial', 1],
    ['database-away', undefined],
  ])
})

test('a stranger reads neither nodes nor detectors nor reasons of failures', () => {
  const health = healthWith({
    vitals: {
      blindDetectors: new Map([['drain', 'traces']]),
      upkeepFailures: new Map([['levers', 'secret-reason']]),
      endpoints: [
        { name: 'https://one.example', state: 'down', reason: 'why', errorRate: 1, head: block.number },
      ],
    },
    sight: { stopped: { reason: 'secret-reason', at: NOW } },
  })
  const open = JSON.stringify(withoutDetails(health))
  expect(open).not.toMatch(/one\.example|drain|levers|secret-reason/)
  expect(JSON.stringify(health)).toMatch(/one\.example.*drain.*levers/)
})

test('reasons are words that a person can read', () => {
  const { reasons } = healthWith({
    vitals: { processed: processedAt(60) },
    sight: { heads: heads({ seconds: 1, ago: 20 }) },
  })
  expect(reasons.map(({ message }) => message)).toMatchInlineSnapshot(`
    [
      "No new block for 20 s; this chain makes one every 1 s.",
      "Watching is 40 blocks behind the head, 39 s.",
    ]
  `)
})
