import { execFile, spawn } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { beforeAll, expect, test } from 'vitest'
import { z } from 'zod'
import { anApp, HOSTILE, openServed, type Served, see } from '../../test/harness/served.ts'
import { evidenceHead, verifyEvidence } from '../incidents/ledger.ts'
import { sha256 } from '../kit/json.ts'
import { silentLogger } from '../kit/logger.ts'
import { evidenceSchema } from '../model/evidence.ts'
import { healthSchema } from '../model/health.ts'
import { incidentSchema } from '../model/incident.ts'
import { playbookSchema } from '../model/playbook.ts'
import { timelineEntrySchema } from '../model/timeline.ts'
import { listEvidence } from '../store/evidence.ts'
import { pinPlaybook } from '../store/playbooks.ts'
import { insertRuns } from '../store/runs.ts'
import { closeStore, openStore } from '../store/store.ts'
import { listTimeline } from '../store/timeline.ts'
import { serveApi } from './serve.ts'

let api: Served['api']
let app: Served['app']
let get: Served['get']
let incidentId: Served['incidentId']
let logged: Served['logged']
let store: Served['store']
let database: Served['database']

beforeAll(async () => {
  const served = await openServed()
  ;({ api, app, get, incidentId, logged, store, database } = served)
  return () => served.close()
})

test('what is on record is answered', async () => {
  const listed = z
    .object({ incidents: z.array(incidentSchema) })
    .parse(await (await get('/v1/incidents')).json())
  expect(listed.incidents.map(({ id }) => id)).toContain(incidentId)
  expect(await (await get(`/v1/incidents/${incidentId}`)).json()).toMatchObject({ title: HOSTILE })
  const timeline: unknown = await (await get(`/v1/incidents/${incidentId}/timeline`)).json()
  expect(timeline).toEqual({ entries: await listTimeline(store, incidentId) })
  z.object({ entries: z.array(timelineEntrySchema).min(1) }).parse(timeline)
  const evidence: unknown = await (await get(`/v1/incidents/${incidentId}/evidence`)).json()
  z.object({ links: z.array(evidenceSchema).length(1) }).parse(evidence)
  expect(evidence).toMatchObject({ verdict: { ok: true, count: 1 } })
  expect(await (await get(`/v1/incidents/${incidentId}/findings`)).json()).toMatchObject({
    findings: [{ profit: [{ amount: '1000000000000000000000000' }] }],
  })
})

test('a run is found by its incident and by its id', async () => {
  const playbook = playbookSchema.parse({
    id: 'contain',
    title: 'Contain',
    owner: 'security',
    level: 'test',
    description: 'Pauses what is attacked.',
    when: { severity: 'high' },
    steps: [{ id: 'pause', action: 'contain' }],
  })
  await pinPlaybook(store, { contentHash: 'x', source: '', playbook })
  const run = { id: 'run-1', incidentId, playbookId: 'contain', contentHash: 'x', state: 'running' as const }
  const times = { startedAt: 1, endedAt: null }
  await insertRuns(store, [
    { run: { ...run, ...times, people: true, attempt: 1, steps: [] }, author: 'cordon' },
  ])
  expect(await (await get('/v1/runs/run-1')).json()).toMatchObject(run)
  expect(await (await get(`/v1/incidents/${incidentId}/runs`)).json()).toMatchObject({ runs: [run] })
})

test('what is not on record is 404 with its code', async () => {
  for (const part of [
    '',
    '/timeline',
    '/evidence',
    '/findings',
    '/runs',
    '/report',
    '/stix',
    '/addresses.csv',
    '/export',
  ]) {
    const response = await get(`/v1/incidents/inc-0${part}`)
    expect(await response.json()).toMatchObject({ status: 404, code: 'incidents.UnknownIncident' })
  }
  expect(await (await get('/v1/runs/run-0')).json()).toMatchObject({
    status: 404,
    code: 'playbooks.UnknownRun',
  })
})

test('filters are the database’s: state and least severity', async () => {
  const count = async (query: string): Promise<number> => {
    const body: unknown = await (await get(`/v1/incidents?${query}`)).json()
    return z.object({ incidents: z.array(z.unknown()) }).parse(body).incidents.length
  }
  expect(await count('state=open')).toBeGreaterThan(0)
  expect(await count('state=closed,withdrawn')).toBe(0)
  expect(await count('severity=high')).toBeGreaterThan(0)
  expect(await count('severity=critical')).toBe(0)
})

test('the report is Markdown in which a hostile title is text', async () => {
  const response = await get(`/v1/incidents/${incidentId}/report`)
  expect(response.headers.get('content-type')).toBe('text/markdown; charset=utf-8')
  const report = await response.text()
  expect(report).toMatch(/^# &lt;script&gt;alert/)
  expect(report).not.toMatch(/<script|\*\*bold\*\*|\[x\]\(/)
})

test('a report is asked for by format, kind, audience and mark, and none is a page of this origin', async () => {
  const path = `/v1/incidents/${incidentId}/report`
  const pdf = await get(`${path}?format=pdf&kind=postmortem`)
  expect(pdf.headers.get('content-type')).toBe('application/pdf')
  expect(
    Buffer.from(await pdf.arrayBuffer())
      .subarray(0, 5)
      .toString(),
  ).toBe('%PDF-')
  const page = await get(`${path}?format=html&audience=public&tlp=CLEAR`)
  expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8')
  expect(page.headers.get('content-disposition')).toMatch(/^attachment/)
  expect(await page.text()).toContain('TLP:CLEAR')
  const wide = await get(`${path}?tlp=GREEN`)
  expect(wide.status).toBe(400)
  expect(await wide.json()).toMatchObject({ code: 'reports.AudienceTooWide' })
  const unknown = await get(`${path}?format=docx`)
  expect(await unknown.json()).toMatchObject({ status: 400, code: 'api.InvalidRequest' })
})

test('a bundle, the accounts and the archive are for the audience that is named, and no page of this origin', async () => {
  const path = `/v1/incidents/${incidentId}`
  const stix = await get(`${path}/stix?audience=public&tlp=RED`)
  expect(stix.headers.get('content-type')).toBe('application/stix+json;version=2.1')
  expect(await stix.json()).toMatchObject({ type: 'bundle' })
  const accounts = await get(`${path}/addresses.csv`)
  expect(accounts.headers.get('content-disposition')).toMatch(/^attachment/)
  expect(await accounts.text()).toMatch(/^chain,address,role,[^\r]*\r\neip155:1,0x/)
  expect(await (await get(`${path}/stix?tlp=CLEAR`)).json()).toMatchObject({
    code: 'reports.AudienceTooWide',
  })
})

test('an archive that was given out is on record with its hash, and so is the head that checks it', async () => {
  const path = `/v1/incidents/${incidentId}`
  const before = await evidenceHead(app, incidentId)
  const archive = await get(`${path}/export?audience=partner`)
  expect(archive.headers.get('cordon-evidence-head')).toBe(before.head)
  const links = await listEvidence(app.store, incidentId)
  expect(links.at(-1)).toMatchObject({
    kind: 'export',
    previous: before.head,
    body: {
      sha256: sha256(new Uint8Array(await archive.arrayBuffer())),
      audience: 'partner',
      chain: before,
    },
  })
  expect((await verifyEvidence(app, incidentId)).ok).toBe(true)
})

test('a token from the environment is used, and one that is too short refused', async () => {
  const own = await serveApi(app, 0, { CORDON_API_TOKEN: 'a-token-of-my-own-that-lasts' })
  expect(own.token).toBe('a-token-of-my-own-that-lasts')
  await own.stop()
  expect(api.token).toMatch(/^[A-Za-z0-9_-]{43}$/)
  await expect(serveApi(app, 0, { CORDON_API_TOKEN: 'short' })).rejects.toMatchObject({
    code: 'app.InvalidToken',
  })
})

test('health tells of chains and database, and why it is not ok', async () => {
  const other = await openStore({ url: database.url, logger: silentLogger })
  const sick = anApp(other)
  const served = await serveApi(sick, 0, {})
  const health = async () => {
    const { status, json } = await fetch(`${served.url}/health`).then(async (response) => ({
      status: response.status,
      json: healthSchema.parse(await response.json()),
    }))
    return [status, json.status, json.reasons.map(({ code }) => code), json.chains[0]?.lastBlock]
  }
  expect(await health()).toEqual([503, 'blind', ['no-endpoint', 'no-block-judged'], null])
  see(sick, { head: 7, number: 7, ago: 3.2 })
  expect(await health()).toEqual([200, 'ok', [], 7])
  see(sick, { head: 12, number: 7, ago: 48 })
  expect(await health()).toEqual([503, 'degraded', ['behind'], 7])
  see(sick, { head: 12, number: 12, ago: 0 })
  await closeStore(other)
  expect(await health()).toEqual([503, 'degraded', ['database-away'], 12])
  await served.stop()
})

test('the examples of docs/guides/api.md work', async () => {
  const guide = await readFile('docs/guides/api.md', 'utf8')
  const blocks = (kind: string) =>
    [...guide.matchAll(new RegExp(`^\`\`\`${kind}\\n([\\s\\S]*?)^\`\`\``, 'gm'))].map(
      ([, text]) => text ?? '',
    )
  const cwd = await mkdtemp(join(tmpdir(), 'cordon-guide-'))
  const env = { ...process.env, CORDON_API: api.url, CORDON_API_TOKEN: api.token, INCIDENT: incidentId }
  const run = async (text: string): Promise<string> =>
    (await promisify(execFile)('sh', ['-ec', text.replaceAll(/\bcurl -s/g, 'echo; curl -s')], { cwd, env }))
      .stdout
  try {
    const answers = await Promise.all(blocks('sh').map(run))
    expect(answers).toHaveLength(6)
    const bodies = answers.flatMap((text) => text.split('\n').filter((line) => line.startsWith('{')))
    const errors = bodies.map(
      (body) => z.object({ code: z.string().optional() }).parse(JSON.parse(body)).code,
    )
    expect(errors).toEqual([...Array(7).fill(undefined), 'api.Unauthorized'])
    expect(await readFile(join(cwd, 'report.md'), 'utf8')).toMatch(/^# /)
    for (const text of blocks('sh stream'))
      expect(await firstOf('sh', ['-ec', text], env)).toMatch(/event: ready/)
    expect(blocks('sh stream')).toHaveLength(2)
    const [script = ''] = blocks('js')
    expect(await firstOf(process.execPath, ['--input-type=module', '-e', script], env)).toMatch(/^ready\n/)
  } finally {
    await rm(cwd, { recursive: true, force: true })
  }
})

/** The first output of a program that does not exit. */
async function firstOf(command: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<string> {
  const child = spawn(command, args, { env, detached: true })
  try {
    return await new Promise((resolve, reject) => {
      child.stdout.once('data', (data) => resolve(String(data)))
      child.once('error', reject)
      child.once('exit', (code) => reject(new Error(`ended with ${code}`)))
    })
  } finally {
    // The shell and its curl have a process group of their own.
    if (child.pid !== undefined) process.kill(-child.pid)
  }
}

test('the token is in no log', () => {
  expect(logged.join('\n')).not.toContain(api.token)
})
