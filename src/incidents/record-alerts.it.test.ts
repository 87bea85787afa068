import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { aFinding, aHash, anAddress, anAlert } from '../../test/harness/builders.ts'
import { type FreshDatabase, freshDatabase } from '../../test/harness/postgres.ts'
import { fakeClock } from '../kit/clock.ts'
import { silentLogger } from '../kit/logger.ts'
import type { Alert } from '../model/alert.ts'
import type { Incident } from '../model/incident.ts'
import { listAlerts } from '../store/alerts.ts'
import { listEvidence } from '../store/evidence.ts'
import { closeStore, openStore } from '../store/store.ts'
import { listTimeline } from '../store/timeline.ts'
import type { IncidentContext } from './context.ts'
import { verifyEvidence } from './ledger.ts'
import { moveIncident } from './move.ts'
import { type AlertTarget, type Choosing, recordAlerts } from './record-alerts.ts'
import { withdrawBlocks } from './withdraw-blocks.ts'

const NOW = Date.UTC(2026, 0, 5, 12)

let database: FreshDatabase
let context: IncidentContext
let attacks = 0

beforeAll(async () => {
  database = await freshDatabase()
  const store = await openStore({ url: database.url, logger: silentLogger })
  context = { store, clock: fakeClock(NOW) }
})
afterAll(async () => {
  await closeStore(context.store)
  await database.drop()
})

/** An attack nobody has seen, on a contract of its own, in a block of its own. */
function aNewAlert(changes: Partial<Alert> = {}): Alert {
  const n = 1_000 + ++attacks
  const place = { blockNumber: n, blockHash: aHash(n), transactionHash: aHash(500_000 + n) }
  return anAlert({ fingerprint: `attack-${n}`, protected: [anAddress(n)], ...place, ...changes })
}

const asNew: AlertTarget = { new: { kind: 'normal', title: 'Vault drained' } }
const record = (alerts: readonly Alert[], choosing: Partial<Choosing> = {}) =>
  recordAlerts(
    context,
    alerts.map((alert) => ({ alert, blockTimestamp: 1_700_000_000 })),
    { choose: () => asNew, ...choosing },
  )
async function recorded(alert: Alert, choosing: Partial<Choosing> = {}) {
  const [one] = await record([alert], choosing)
  if (one === undefined || one === null) throw new Error('it was left out')
  return one
}
const move = (incident: Incident, ...states: Incident['state'][]) =>
  states.reduce<Promise<unknown>>(
    (before, to) =>
      before.then(() =>
        moveIncident(context, { incidentId: incident.id, to, author: 'Ada', reason: 'a test' }),
      ),
    Promise.resolve(),
  )
const messages = async ({ id }: Incident) => (await listTimeline(context.store, id)).map((it) => it.message)

describe('alerts that are recorded together', () => {
  test('are each given to the choice, with the incidents that earlier ones of them made', async () => {
    const alerts = [aNewAlert(), aNewAlert(), aNewAlert()]
    const offered: string[][] = []
    const results = await record(alerts, {
      choose: (alert, active) => {
        offered.push(active.map(({ protected: [first] }) => String(first)))
        const [made] = active
        if (alert === alerts[2]) return null
        return made === undefined ? asNew : { incidentId: made.id }
      },
    })
    const first = String(alerts[0]?.protected[0])
    expect(offered).toEqual([[], [first], [first]])
    expect(results).toMatchObject([{ created: true }, { created: false, duplicate: false }, null])
    expect(results[1]?.incident.id).toBe(results[0]?.incident.id)
    expect(results[1]?.incident.protected).toEqual([alerts[0]?.protected[0], alerts[1]?.protected[0]])
    expect(await listAlerts(context.store, results[0]?.incident.id ?? '')).toHaveLength(2)
  })

  test('make one chain of evidence, a link for each finding', async () => {
    const two = aNewAlert()
    const alerts = [
      { ...two, findings: [...two.findings, aFinding({ fingerprint: 'another' })] },
      aNewAlert(),
    ]
    const [made] = await record(alerts.slice(0, 1))
    const id = made?.incident.id ?? ''
    await record(alerts.slice(1), { named: [id], choose: () => ({ incidentId: id }) })
    expect((await listEvidence(context.store, id)).map(({ sequence }) => sequence)).toEqual([1, 2, 3])
    expect(await verifyEvidence(context, id)).toMatchObject({ ok: true, count: 3 })
  })

  test('are recorded once where one of them is there twice', async () => {
    const alert = aNewAlert()
    const results = await record([alert, alert])
    expect(results).toMatchObject([
      { created: true, duplicate: false },
      { created: false, duplicate: true, reopened: false },
    ])
    expect(await listAlerts(context.store, results[0]?.incident.id ?? '')).toHaveLength(1)
  })

  test('may be none', async () => {
    expect(await record([])).toEqual([])
  })

  test('are refused whole where one is for an incident that does not exist', async () => {
    const alert = aNewAlert()
    const choose = (one: Alert): AlertTarget => (one === alert ? asNew : { incidentId: 'inc-none' })
    await expect(record([alert, aNewAlert()], { choose })).rejects.toMatchObject({
      code: 'incidents.UnknownIncident',
    })
    expect((await recorded(alert)).created).toBe(true)
  })
})

describe('the choice of an incident', () => {
  /** The states of incidents that a later alert about the same subject may join. */
  async function offeredFor(related: Partial<Alert>, other: Partial<Alert>, ...states: Incident['state'][]) {
    const { incident } = await recorded(aNewAlert(related))
    await move(incident, ...states)
    let offered: readonly Incident[] = []
    await record([aNewAlert(other)], {
      choose: (_alert, active) => {
        offered = active
        return null
      },
    })
    return offered.filter(({ id }) => id === incident.id).map(({ state }) => state)
  }

  test('is among those that share a contract, a victim with an actor, or the transaction', async () => {
    const [contract, victim, actor, hash] = [anAddress(71), anAddress(72), anAddress(73), aHash(74)]
    expect(await offeredFor({ protected: [contract] }, { protected: [contract] })).toEqual(['open'])
    const pair = { protected: [], victims: [victim], actors: [actor] }
    expect(await offeredFor(pair, pair)).toEqual(['open'])
    expect(await offeredFor({ transactionHash: hash }, { transactionHash: hash })).toEqual(['open'])
    expect(await offeredFor({ victims: [], actors: [] }, { victims: [], actors: [] })).toEqual([])
  })

  test('is among open and contained ones only', async () => {
    const about = (n: number) => ({ protected: [anAddress(n)] })
    expect(await offeredFor(about(81), about(81), 'contained')).toEqual(['contained'])
    expect(await offeredFor(about(82), about(82), 'contained', 'stable')).toEqual([])
    expect(await offeredFor(about(83), about(83), 'closed')).toEqual([])
  })
})

describe('an attack that is known already', () => {
  const again = (alert: Alert, n: number): Alert => ({
    ...alert,
    blockNumber: n,
    blockHash: aHash(n),
    alertHash: `${alert.fingerprint}@${n}`,
  })

  test('joins its incident though a new one is asked for, and the timeline says where it is now', async () => {
    const alert = aNewAlert({ pending: true })
    const { incident } = await recorded(alert)
    const mined = await recorded({ ...again(alert, 7_001), pending: false })
    expect(mined).toMatchObject({ created: false, duplicate: false, incident: { id: incident.id } })
    expect(await messages(incident)).toEqual([
      expect.stringMatching(/^high alert, pending: /),
      expect.stringMatching(/^The same attack is now in block 7001: /),
    ])
  })

  test('of a drill, or of an incident that is closed, opens another one', async () => {
    const alert = aNewAlert()
    const { incident } = await recorded(alert)
    const drill = await recorded(again(alert, 7_002), {
      choose: () => ({ new: { kind: 'drill', title: 'A drill' } }),
    })
    expect(drill.created).toBe(true)
    await move(incident, 'closed')
    expect((await recorded(again(alert, 7_003))).created).toBe(true)
    expect(await recorded(alert)).toMatchObject({ duplicate: true, incident: { id: incident.id } })
  })

  test('that a reorg took away comes back as such, and opens its incident', async () => {
    const alert = aNewAlert()
    const { incident } = await recorded(alert)
    await withdrawBlocks(context, 1, [{ number: alert.blockNumber, hash: alert.blockHash }])
    const back = await recorded(again(alert, 7_004))
    expect(back).toMatchObject({ reopened: true, incident: { id: incident.id, state: 'open' } })
    expect((await messages(incident)).slice(-2)).toEqual([
      expect.stringMatching(/^After a reorg the attack is back, in block 7004: /),
      'withdrawn → open: a new alert joined',
    ])
  })
})

describe('an attack that is new to an incident', () => {
  test.each([['contained'], ['contained', 'stable']] as const)(
    'opens it again after %s, unless the caller says that it does not',
    async (...states) => {
      const { incident } = await recorded(aNewAlert())
      await move(incident, ...states)
      const into = { named: [incident.id], choose: () => ({ incidentId: incident.id }) }
      expect(await recorded(aNewAlert(), { ...into, reopens: () => false })).toMatchObject({
        reopened: false,
      })
      expect(await recorded(aNewAlert(), into)).toMatchObject({ reopened: true, incident: { state: 'open' } })
      expect((await messages(incident)).at(-1)).toBe(`${states.at(-1)} → open: a new alert joined`)
    },
  )

  test('does not open one that is open', async () => {
    const { incident } = await recorded(aNewAlert())
    const into = { named: [incident.id], choose: () => ({ incidentId: incident.id }) }
    expect(await recorded(aNewAlert(), into)).toMatchObject({ reopened: false })
    expect(await messages(incident)).toHaveLength(2)
  })
})

describe('the record of an alert', () => {
  test('has the incident’s day in its id, and the facts of the alert on the timeline', async () => {
    const alert = aNewAlert({ severity: 'critical' })
    const { incident } = await recorded(alert)
    expect(incident).toMatchObject({ title: 'Vault drained', discoveredAt: NOW, foundLate: false })
    expect(incident.id).toMatch(/^inc-20260105-[0-9a-f]{8}$/)
    const [entry] = await listTimeline(context.store, incident.id)
    expect(entry).toMatchObject({
      kind: 'alert',
      eventTime: 1_700_000_000_000,
      message: `critical alert, in block ${alert.blockNumber}: ${alert.message}`,
      facts: {
        ...{
          alertHash: alert.alertHash,
          fingerprint: alert.fingerprint,
          chainId: 1,
          pending: false,
          late: null,
        },
        ...{
          blockNumber: alert.blockNumber,
          blockHash: alert.blockHash,
          transactionHash: alert.transactionHash,
        },
        ...{ severity: 'critical', confidence: 0.9, detectors: ['drain'] },
      },
    })
  })

  test('of an unknown time counts from now, and one about a block names no transaction', async () => {
    const alert = aNewAlert({ transactionHash: null })
    const [one] = await recordAlerts(context, [{ alert, blockTimestamp: null }], { choose: () => asNew })
    expect(one?.incident).toMatchObject({ startedAt: null, transactions: [] })
    const [entry] = await listTimeline(context.store, one?.incident.id ?? '')
    expect(entry?.eventTime).toBe(NOW)
  })

  test('says how late it was found', async () => {
    const late = await recorded(aNewAlert({ late: { blocks: 7, seconds: 84 } }))
    const untimed = await recorded(aNewAlert({ late: { blocks: 7, seconds: null } }))
    expect([late.incident.foundLate, untimed.incident.foundLate]).toEqual([true, true])
    expect(await messages(late.incident)).toEqual([
      expect.stringMatching(/, found late, 7 blocks and 84 s behind the head: /),
    ])
    expect(await messages(untimed.incident)).toEqual([
      expect.stringMatching(/, found late, 7 blocks behind the head: /),
    ])
  })
})
