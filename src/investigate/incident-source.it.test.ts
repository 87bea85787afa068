import { afterEach, expect, test } from 'vitest'
import { attack, closeStages, head, said, sawBlock, stage } from '../../test/harness/stage.ts'
import { silentLogger } from '../kit/logger.ts'
import { listEvidence } from '../store/evidence.ts'
import { listIncidents } from '../store/incidents.ts'
import { listTimeline } from '../store/timeline.ts'
import { incidentSource, recordOnIncident } from './incident-source.ts'
import { investigateTransactions } from './investigate.ts'

afterEach(closeStages)

test('an incident on record is investigated by its id, at the endpoint of its chain', async () => {
  const it = await stage((config) => ({ ...config, respond: { ...config.respond, enabled: false } }))
  await it.until(sawBlock(await head(it.node)))
  await attack(it)
  await it.until(said('alert', /./))
  const { app } = it.running
  const [incident] = await listIncidents(app.store)
  const common = {
    loaded: { origin: 'file' as const, config: app.config, file: 'cordon.config.ts' },
    env: { DATABASE_URL: it.database.url },
    logger: silentLogger,
  }
  const found = await incidentSource({ ...common, incidentId: incident?.id ?? '' })
  expect(found).toMatchObject({ hashes: incident?.transactions, rpcUrl: it.anvil.url, others: [] })
  expect(found.findings.map(({ categories }) => categories[0])).toContain('reentrancy')
  const investigation = await investigateTransactions({
    source: found.rpcUrl ?? '',
    hashes: found.hashes,
    scope: { kind: 'everything' },
    full: false,
    recorded: found.findings,
  })
  const { rootCause, victims } = investigation
  expect(rootCause.category).toBe('reentrancy')
  expect(victims[0]?.address).toBe(it.at.ethReserve)
  await recordOnIncident(investigation, { ...common, incidentId: incident?.id ?? '' })
  const timeline = await listTimeline(app.store, incident?.id ?? '')
  expect(timeline.at(-1)?.message).toMatch(/^Cause: reentrancy in /)
  const evidence = await listEvidence(app.store, incident?.id ?? '')
  expect(evidence.at(-1)?.body).toMatchObject({ type: 'investigation' })
  await expect(incidentSource({ ...common, incidentId: 'nobody' })).rejects.toMatchObject({
    code: 'incidents.UnknownIncident',
  })
})
