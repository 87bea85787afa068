import { afterEach, expect, test } from 'vitest'
import { attack, closeStages, head, said, sawBlock, stage } from '../../test/harness/stage.ts'
import { silentLogger } from '../kit/logger.ts'
import { listIncidents } from '../store/incidents.ts'
import { incidentSource } from './incident-source.ts'
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
  expect(found).toEqual({ hashes: incident?.transactions, rpcUrl: it.anvil.url, others: [] })
  const { rootCause, victims } = await investigateTransactions({
    source: found.rpcUrl ?? '',
    hashes: found.hashes,
    scope: { kind: 'everything' },
    full: false,
  })
  expect(rootCause.category).toBe('reentrancy')
  expect(victims[0]?.address).toBe(it.at.ethReserve)
  await expect(incidentSource({ ...common, incidentId: 'nobody' })).rejects.toMatchObject({
    code: 'incidents.UnknownIncident',
  })
})
