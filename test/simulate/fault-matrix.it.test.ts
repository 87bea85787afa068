import { afterAll, beforeAll, expect, test } from 'vitest'
import { loadCalibration } from '../../src/files/calibration.ts'
import { silentLogger } from '../../src/kit/logger.ts'
import { closeStore, openStore } from '../../src/store/store.ts'
import { playbookOf } from '../harness/playbooks.ts'
import { type FreshDatabase, freshDatabase } from '../harness/postgres.ts'
import { drawFault } from '../harness/simulated/faults.ts'
import type { Verdict } from '../harness/simulated/judge.ts'
import { caseOf, givenBack, type MatrixCase } from '../harness/simulated/matrix.ts'
import { type Ground, runCase } from '../harness/simulated/run.ts'

let database: FreshDatabase
let ground: Ground

beforeAll(async () => {
  database = await freshDatabase()
  const store = await openStore({ url: database.url, logger: silentLogger })
  const playbook = playbookOf('  - { id: contain, action: contain, args: { action: pause } }\n')
  ground = { store, calibration: await loadCalibration(undefined), playbook }
})

afterAll(async () => {
  await closeStore(ground.store)
  await database.drop()
})

type Ran = Verdict & { seed: number }

async function runAll(cases: readonly MatrixCase[]): Promise<Ran[]> {
  const ran: Ran[] = []
  for (const it of cases) ran.push({ seed: it.seed, ...(await runCase(ground, it)) })
  return ran
}

const range = (from: number, count: number, step = 1): number[] =>
  Array.from({ length: count }, (_, i) => from + i * step)

const violationsOf = (ran: readonly Ran[]): string[] =>
  ran.flatMap(({ seed, violations }) => violations.map((violation) => `seed ${seed}: ${violation}`))

test('killed at any crash point under any fault, a plan is carried out once and never forgotten', async () => {
  // every eleventh cell: a step along the faults and along the points at once, so all of both are among them
  const ran = await runAll(range(1, 13, 11).map(caseOf))
  expect(violationsOf(ran)).toEqual([])
  expect(ran.filter(({ ending }) => ending === 'contained').length).toBeGreaterThan(10)
})

test('killed several times under several faults, the same', async () => {
  const ran = await runAll(range(500, 8).map(caseOf))
  expect(violationsOf(ran)).toEqual([])
})

test('a nonce that is stolen and given back by a reorg is used up: one pause lands, and no second one is mined', async () => {
  const ran = await runAll(range(20_001, 15).map(givenBack))
  expect(violationsOf(ran)).toEqual([])
  expect(ran.some(({ fillers }) => fillers > 0)).toBe(true)
})

test('a seed is the same run again, whatever ran before it', async () => {
  const plain = ({ incidentId: _incidentId, ...rest }: Verdict): unknown => rest
  const first = await runCase(ground, caseOf(305))
  const second = await freshDatabase()
  const store = await openStore({ url: second.url, logger: silentLogger })
  const again = await runCase({ ...ground, store }, caseOf(305))
  await closeStore(store)
  await second.drop()
  expect(plain(again)).toEqual(plain(first))
})

test('a node that does not answer has refused nobody: the plan waits for it and has its authority', async () => {
  const down = { ...drawFault('rpc-error', () => 0), from: 0, until: 4_000, rate: 1 }
  const verdict = await runCase(ground, { seed: 8_001, deaths: [], faults: [down] })
  expect(verdict).toMatchObject({ ending: 'contained', effective: 1, attempts: 1 })
})

test('a reorg while nobody was watching is found after the restart: the pause goes back to the pool', async () => {
  // one block is remembered over a restart, so a follower alone cannot know that deeper ones went
  const gone = (from: number) => ({ ...drawFault('reorg', () => 0), from, until: from + 1, size: 9 })
  const deaths = [{ point: 'contain.verified', nth: 1 }]
  const ran = []
  for (const seed of range(8_100, 6))
    ran.push({ seed, ...(await runCase(ground, { seed, deaths, faults: [gone(6_000)] })) })
  expect(violationsOf(ran)).toEqual([])
  expect(ran.every(({ ending, effective }) => ending === 'contained' && effective === 1)).toBe(true)
})

test('a send that fails without a word is no end: the transaction is confirmed all the same', async () => {
  const deaf = { ...drawFault('timeout', () => 0), from: 420, until: 3_000, rate: 1 }
  const verdict = await runCase(ground, { seed: 8_003, deaths: [], faults: [deaf] })
  expect(verdict).toMatchObject({ ending: 'contained', effective: 1, idle: 0, attempts: 1, violations: [] })
})

test('more thefts than are followed call people by name', async () => {
  const theft = (from: number) => ({ ...drawFault('nonce-stolen', () => 0), from, until: from + 1, size: 3 })
  const faults = [theft(400), theft(1_600), theft(11_000), theft(14_000)]
  const verdict = await runCase(ground, { seed: 8_002, deaths: [], faults })
  expect(verdict.violations).toEqual([])
})
