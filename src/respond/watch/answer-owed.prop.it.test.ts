import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { aHash, anAddress, anAlert } from '../../../test/harness/builders.ts'
import { type FreshDatabase, freshDatabase, sqlOn } from '../../../test/harness/postgres.ts'
import { moveIncident } from '../../incidents/move.ts'
import { withdrawBlocks } from '../../incidents/withdraw-blocks.ts'
import { systemClock } from '../../kit/clock.ts'
import { silentLogger } from '../../kit/logger.ts'
import type { Run } from '../../model/playbook.ts'
import { createHub } from '../../notify/hub.ts'
import type { ActionContext } from '../../playbooks/action.ts'
import { parsePlaybook } from '../../playbooks/parse.ts'
import type { Playbooks } from '../../playbooks/runner.ts'
import { writeRuns } from '../../playbooks/write-run.ts'
import { listIncidents } from '../../store/incidents.ts'
import { endRun, listRuns, markAnswered, markContaining, recordStep } from '../../store/runs.ts'
import { closeStore, openStore, type Store } from '../../store/store.ts'
import { attacksOwed } from '../actions/attacks-owed.ts'
import type { App, ChainHandle } from '../context.ts'
import { answerOwed } from './answer-owed.ts'
import { recordJudged } from './record-judged.ts'

/*
 * Attacks, reorgs and runs in any order, on a real database, by two processes that both look for what is owed. A process that
 * dies leaves nothing behind but the database, so what holds here after each step holds after kill -9 at each.
 */

let database: FreshDatabase
let store: Store
let made = 0

beforeAll(async () => {
  database = await freshDatabase()
  store = await openStore({ url: database.url, logger: silentLogger })
})
afterAll(async () => {
  await closeStore(store)
  await database.drop()
})

const PINNED = parsePlaybook(
  JSON.stringify({
    ...{ id: 'short', title: 'Short', owner: 'operations', level: 'test', description: 'x' },
    when: { severity: 'high' },
    steps: [{ id: 'contain', action: 'contain', args: { action: 'pause' } }],
  }),
  'short.yaml',
)

const playbooks = {
  write: (tx, wanted) =>
    writeRuns(
      { store: tx, clock: systemClock },
      wanted.map((one) => ({ ...one, author: 'cordon' })),
    ),
  start: () => {},
} as Pick<Playbooks, 'write' | 'start'> as Playbooks

/** A contract of its own, on a chain of its own. */
function aWorld() {
  const chainId = 1_000 + made++
  const respond = { enabled: true, minSeverity: 'high' }
  const shared = { store, hub: createHub(), clock: systemClock, logger: silentLogger, names: new Map() }
  const app = {
    ...shared,
    kind: 'normal',
    chains: new Map(),
    config: { respond },
    playbooks: [PINNED],
  } as unknown as App
  const chain = { chainId } as ChainHandle
  const alertAt = (n: number) =>
    anAlert({
      ...{ chainId, fingerprint: `attack-${chainId}-${n}`, alertHash: `alert-${chainId}-${n}` },
      ...{ blockNumber: n, blockHash: aHash(chainId * 1_000 + n) },
      transactionHash: aHash(chainId * 1_000 + n),
      protected: [anAddress(chainId)],
    })
  const attack = (n: number) =>
    recordJudged({ app, chain, playbooks }, [
      {
        ...{ block: null, timestamp: null, remarks: [], traffic: null, observed: null, seen: null },
        alerts: [alertAt(n)],
      },
    ])
  /** A withdrawn incident stays so where another attack comes: that one has an incident of its own. */
  const runs = async (): Promise<Run[]> => {
    const incidents = (await listIncidents(store)).filter((one) => one.chainId === chainId)
    return (await Promise.all(incidents.map(({ id }) => listRuns(store, id)))).flat()
  }
  return { app, chain, chainId, attack, runs, alertAt }
}

type World = ReturnType<typeof aWorld>
type Act = 'attack' | 'reorg' | 'mined again' | 'contain' | 'contained' | 'wait' | 'end' | 'look' | 'hold'

const running = async (it: World): Promise<Run | undefined> =>
  (await it.runs()).filter(({ state }) => state === 'running').at(-1)

async function perform(it: World, act: Act, state: { attacks: number; gone: number[] }): Promise<void> {
  const { app, chain, chainId } = it
  const run = await running(it)
  switch (act) {
    case 'attack':
      return it.attack(++state.attacks)
    case 'reorg': {
      if (state.attacks === 0) return
      state.gone.push(state.attacks)
      const { blockNumber: number, blockHash: hash } = it.alertAt(state.attacks)
      await withdrawBlocks(app, chainId, [{ number, hash }])
      return
    }
    case 'mined again': {
      const n = state.gone.pop()
      return n === undefined ? undefined : it.attack(n)
    }
    case 'contain':
      if (run === undefined || run.steps.length > 0) return
      await markContaining(store, run.id, 'contain')
      await attacksOwed(app, { run, incidentId: run.incidentId } as ActionContext)
      return
    case 'contained':
      if (run === undefined) return
      await recordStep(store, run.id, {
        ...{ stepId: 'contain', state: 'succeeded', startedAt: 1, endedAt: 1, output: null, error: null },
      })
      return
    case 'wait':
      return run === undefined ? undefined : markAnswered(store, run.id)
    case 'end':
      if (run !== undefined) await endRun(store, run.id, { state: 'failed', endedAt: 1 })
      return
    case 'look':
      await Promise.all([answerOwed({ app, chain, playbooks }), answerOwed({ app, chain, playbooks })])
      return
    case 'hold': {
      const [incident] = (await listIncidents(store, { states: ['open'] })).filter(
        (one) => one.chainId === chainId,
      )
      if (incident === undefined) return
      await moveIncident(app, { incidentId: incident.id, to: 'contained', author: 'cordon', reason: 'held' })
    }
  }
}

/** Incidents that more than one run is answering. */
const answeredTwice = (it: World) =>
  sqlOn(
    database.url,
    `SELECT incidents.id FROM runs JOIN incidents ON incidents.id = incident_id WHERE chain_id = ${it.chainId}
      AND runs.state = 'running' AND (NOT answered OR containing <> '{}') GROUP BY 1 HAVING count(*) > 1`,
  )

const unanswered = (it: World) =>
  sqlOn(
    database.url,
    `SELECT alert_hash FROM owed_answers JOIN alerts USING (incident_id, alert_hash)
      JOIN incidents ON incidents.id = incident_id WHERE incidents.chain_id = ${it.chainId}
      AND withdrawn_at IS NULL AND incidents.state = 'open' AND answered_by IS NULL`,
  )

const acts: Act[] = ['attack', 'reorg', 'mined again', 'contain', 'contained', 'wait', 'end', 'look', 'hold']

test('every attack is answered, none twice at once, in attempts that are numbered without a gap', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom(...acts), { minLength: 3, maxLength: 25 }),
      async (sequence) => {
        const it = aWorld()
        const state = { attacks: 0, gone: [] as number[] }
        for (const act of sequence) {
          await perform(it, act, state)
          expect(await answeredTwice(it), sequence.join(', ')).toEqual([])
        }
        // every run comes to its end, and what is owed is looked for until nothing is
        for (let turn = 0; (await running(it)) !== undefined || turn === 0; turn++) {
          while ((await running(it)) !== undefined) await perform(it, 'end', state)
          await perform(it, 'look', state)
          expect(turn).toBeLessThan(3)
        }
        expect(await unanswered(it), sequence.join(', ')).toEqual([])
        const runs = await it.runs()
        for (const id of new Set(runs.map(({ incidentId }) => incidentId))) {
          const attempts = runs.flatMap(({ incidentId, attempt }) => (incidentId === id ? [attempt] : []))
          expect(attempts.toSorted((a, b) => a - b)).toEqual(attempts.map((_, i) => i + 1))
        }
      },
    ),
    { seed: 11, numRuns: 25 },
  )
})

test('the same block recorded again, after a kill -9 before the cursor moved, is not answered again', async () => {
  const it = aWorld()
  await it.attack(1)
  const [run] = await it.runs()
  if (run === undefined) throw new Error('no run')
  await endRun(store, run.id, { state: 'failed', endedAt: 1 })
  await it.attack(1)
  await answerOwed({ app: it.app, chain: it.chain, playbooks })
  expect(await it.runs()).toHaveLength(1)
})

test('an alert below the level of response neither opens a contained incident nor is owed anything', async () => {
  const it = aWorld()
  await it.attack(1)
  const [run] = await it.runs()
  if (run === undefined) throw new Error('no run')
  await endRun(store, run.id, { state: 'succeeded', endedAt: 1 })
  await perform(it, 'hold', { attacks: 1, gone: [] })
  const remark = { ...it.alertAt(2), severity: 'low' as const }
  const judged = { block: null, timestamp: null, remarks: [], traffic: null, observed: null, seen: null }
  await recordJudged({ app: it.app, chain: it.chain, playbooks }, [{ ...judged, alerts: [remark] }])
  const [incident] = (await listIncidents(store)).filter(({ chainId }) => chainId === it.chainId)
  expect(incident?.state).toBe('contained')
  expect(await it.runs()).toHaveLength(1)
  await it.attack(3)
  expect(await it.runs()).toHaveLength(2)
})
