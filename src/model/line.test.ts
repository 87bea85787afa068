import { expect, test } from 'vitest'
import { z } from 'zod'
import { aFinding, aHash, anAddress, anAlert } from '../../test/harness/builders.ts'
import { openDetection } from '../backtest/replay.ts'
import { tellError } from '../cli/io.ts'
import { blockFacts } from '../facts/facts.ts'
import { detectIn, summaryOf } from '../incidents/detection.ts'
import { CordonError } from '../kit/error.ts'
import { toJson } from '../kit/json.ts'
import type { BlockBundle } from './block.ts'
import { lineSchema, linesJsonSchema } from './line.ts'

const document = linesJsonSchema()
// Read back from JSON: the schema that a reader of the file has.
const asReader = z.fromJSONSchema(JSON.parse(toJson(document)))

/** A line as it is printed. */
const printed = (line: unknown): unknown => JSON.parse(toJson(line))

const aNotice = { type: 'notice', chainId: 1, code: 'stale-head', message: 'late', facts: { seconds: 90 } }
const aBlindness = { type: 'blind', chainId: 1, detector: 'drain', missing: 'traces' }
const aReorg = { type: 'reorg', chainId: 1, ancestor: 99, removed: 2 }

function anEmptyBlock(): BlockBundle {
  return {
    chainId: 1,
    number: 100,
    hash: aHash(100),
    parentHash: aHash(99),
    timestamp: 1_700_000_000,
    baseFeePerGas: 1n,
    miner: anAddress(1),
    transactions: [],
    pending: false,
    coverage: { traces: 'callTracer', logs: 'frames', partial: false },
    gaps: [],
  }
}

/** The output of `tellError` on stderr. */
function errorLine(thrown: unknown): unknown {
  const write = process.stderr.write
  let text = ''
  process.stderr.write = (chunk) => {
    text += String(chunk)
    return true
  }
  try {
    tellError(thrown, true)
  } finally {
    process.stderr.write = write
  }
  return JSON.parse(text)
}

async function realLines(): Promise<unknown[]> {
  const detection = await openDetection({ kind: 'everything' })
  const lines = [...detectIn(detection, blockFacts(anEmptyBlock())), summaryOf(detection)]
  const known = new CordonError({ code: 'chain.X', message: 'it failed', facts: { block: 1 }, fix: 'Do.' })
  const incident = {
    type: 'incident',
    id: 'inc-1',
    kind: 'normal',
    state: 'open',
    title: '<b>\u0007',
    chainId: 1,
    severity: 'high',
    categories: [],
    protected: [],
    victims: [anAddress(1)],
    actors: [],
    transactions: [aHash(1)],
    startedAt: null,
    discoveredAt: 1,
    foundLate: false,
  }
  return [
    aFinding(),
    aFinding({ pending: true, blockHash: null }),
    anAlert(),
    incident,
    ...lines,
    aNotice,
    aBlindness,
    aReorg,
    errorLine(known),
    errorLine(new Error('unexpected')),
  ].map(printed)
}

test('docs/schemas/lines.schema.json is current', async () => {
  await expect(`${toJson(document, 2)}\n`).toMatchFileSnapshot('../../docs/schemas/lines.schema.json')
})

test('real lines are valid by the published schema and read back to the same', async () => {
  const types = new Set<string>()
  for (const line of await realLines()) {
    expect(asReader.safeParse(line)).toMatchObject({ success: true })
    const read = lineSchema.parse(line)
    expect(printed(read)).toEqual(line)
    types.add(read.type)
  }
  expect([...types].sort()).toEqual([
    'alert',
    'blind',
    'error',
    'finding',
    'incident',
    'notice',
    'reorg',
    'summary',
  ])
})

test('amounts are decimal strings: a number is refused', () => {
  const line = z.object({ profit: z.array(z.record(z.string(), z.unknown())) }).loose()
  const { profit, ...finding } = line.parse(printed(aFinding()))
  expect(profit[0]).toMatchObject({ amount: '1000000000000000000000000' })
  expect(asReader.safeParse({ ...finding, profit: [{ ...profit[0], amount: 1e24 }] }).success).toBe(false)
})

test('a field of a later version does not make a line invalid', () => {
  expect(asReader.safeParse({ ...aReorg, depth: 3 }).success).toBe(true)
})

test('upper-case hex is refused: addresses compare as text', () => {
  const line = printed(aFinding({ actors: [`0x${'AB'.repeat(20)}`] }))
  expect(asReader.safeParse(line).success).toBe(false)
})
