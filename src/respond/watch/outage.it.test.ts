import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { closeStages, head, sawBlock, stage } from '../../../test/harness/stage.ts'
import { sendAttackOnce } from '../../drills/attacks.ts'
import { silentLogger } from '../../kit/logger.ts'
import { startEmbeddedPostgres } from '../../store/embedded/embedded.ts'
import { listEvidence } from '../../store/evidence.ts'
import { listIncidents } from '../../store/incidents.ts'
import { listTimeline } from '../../store/timeline.ts'

afterEach(closeStages)

test('while PostgreSQL is away watching goes on, and afterwards all is on record once, in order', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'cordon-outage-'))
  const start = (port?: number) =>
    startEmbeddedPostgres({
      dataDir,
      logger: silentLogger,
      ephemeral: true,
      ...(port === undefined ? {} : { port }),
    })
  const first = await start()
  const it = await stage((config) => ({ ...config, respond: { ...config.respond, enabled: false } }), {
    env: { DATABASE_URL: first.url },
  })
  try {
    await it.until(sawBlock(await head(it.node)))
    await first.stop()
    for (const kind of ['reentrancy', 'option'] as const) {
      await sendAttackOnce(it.at, it.anvil.url, { kind })
      for (let n = 0; n < 10; n++) await it.node.request('evm_mine', [])
    }
    const last = await head(it.node)
    await it.until(sawBlock(last))
    const found = it.events.filter((event) => event.type === 'finding')
    expect(found.length).toBeGreaterThan(1)
    expect(it.events.some(({ type }) => type === 'incident')).toBe(false)
    const [chain] = [...it.running.app.chains.values()]
    expect(chain?.vitals.recording.waiting).toBeGreaterThan(10)
    const again = await start(first.port)
    await it.recorded()
    const { store } = it.running.app
    const incidents = await listIncidents(store)
    expect(incidents.length).toBeGreaterThan(0)
    const links = (await Promise.all(incidents.map(({ id }) => listEvidence(store, id)))).flat()
    const recorded = links.filter(({ kind }) => kind === 'finding').map(({ hash }) => hash)
    expect(new Set(recorded).size).toBe(recorded.length)
    for (const { id } of incidents) {
      const blocks = (await listTimeline(store, id)).map(({ facts }) => Number(facts['blockNumber']))
      expect(blocks).toEqual([...blocks].sort((a, b) => a - b))
    }
    await it.running.stop()
    await again.stop()
  } finally {
    await rm(dataDir, { recursive: true, force: true, maxRetries: 10 })
  }
})
