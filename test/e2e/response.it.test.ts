import { execFile } from 'node:child_process'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { beforeAll, expect, test } from 'vitest'
import { sha256 } from '../../src/kit/json.ts'
import { type CommandStage, openCommandStage } from '../harness/command-stage.ts'
import type { CordonOptions } from '../harness/cordon-process.ts'
import { startCordon, writeDrillConfig } from '../harness/cordon-process.ts'
import { parseCsv } from '../harness/parse-csv.ts'
import type { FreshDatabase } from '../harness/postgres.ts'
import { freshDatabase, sqlOn } from '../harness/postgres.ts'
import { stixBundleSchema, stixFaults } from '../harness/stix-schema.ts'

const exec = promisify(execFile)

let anvil: CommandStage['anvil']
let at: CommandStage['at']
let dir: CommandStage['dir']
let mineUntil: CommandStage['mineUntil']
let run: CommandStage['run']

beforeAll(async () => {
  const stage = await openCommandStage()
  ;({ anvil, at, dir, mineUntil, run } = stage)
  return () => stage.close()
})

test('an attack is answered, reported and verified; a changed record is found; no key is printed anywhere', async () => {
  const database = await freshDatabase()
  const env = await writeDrillConfig(dir, { deployment: at, rpcUrl: anvil.url, databaseUrl: database.url })
  const cordon = startCordon({ args: ['start'], cwd: dir, env })
  const incident = await cordon.until((line) => line['type'] === 'timeline' && line['kind'] === 'broadcast')
  await mineUntil(cordon.until((line) => line['type'] === 'timeline' && line['kind'] === 'report'))
  cordon.child.kill('SIGINT')
  expect(await cordon.ended).toMatchObject({ code: 130 })

  const id = String(incident['incidentId'])
  const shown = await run(['incidents', 'show', id], env)
  expect(shown.lines).toMatchObject([{ id, state: 'contained', kind: 'normal', severity: 'critical' }])
  const report = await run(['incidents', 'report', id], env)
  expect(String(report.lines[0]?.['text'])).toMatch(/## Impact[\s\S]*intact/)
  expect(report.lines).toMatchObject([{ type: 'report', incidentId: id, format: 'markdown', tlp: 'RED' }])
  const pdf = await run(
    ['incidents', 'report', id, '--kind', 'postmortem', '--audience', 'partner', '-o', 'out/p.pdf'],
    env,
  )
  const file = join(dir, 'out/p.pdf')
  expect(pdf.lines).toMatchObject([{ type: 'report', format: 'pdf', audience: 'partner', file }])
  expect(pdf.lines[0]).toMatchObject({ sha256: sha256(await readFile(file)) })
  expect(pdf.lines[0]).not.toHaveProperty('text')
  expect(await run(['incidents', 'report', id, '--format', 'pdf'], env)).toMatchObject({
    code: 2,
    errors: [{ code: 'app.InvalidReportFormat' }],
  })
  expect((await run(['incidents', 'verify', id], env)).code).toBe(0)
  await handOut(id, env)
  expect((await run(['incidents', 'verify', id], env)).code).toBe(0)
  await tamper(database, id)
  const verdict = await run(['incidents', 'verify', id], env)
  expect(verdict).toMatchObject({ code: 5, lines: [{ ok: false, brokenAt: 2 }] })
  expect(await run(['incidents', 'show', 'inc-none'], env)).toMatchObject({
    code: 1,
    errors: [{ code: 'incidents.UnknownIncident' }],
  })

  const key = env['GUARDIAN_KEY']?.slice(2) ?? 'none'
  const everything = [
    JSON.stringify(cordon.lines),
    cordon.stderr(),
    report.stderr,
    JSON.stringify(report.lines),
    await dump(database),
  ]
  expect(everything.filter((text) => text.includes(key))).toEqual([])
})

/** Everything that leaves the house, from the record of a real incident. */
async function handOut(id: string, env: CordonOptions['env'] = {}): Promise<void> {
  const told = ['--from', 'Drill team', '--contact', 'desk@drill.example']
  const stix = await run(['incidents', 'stix', id, ...told, '-o', 'out/x.stix.json'], env)
  expect(stix.lines).toMatchObject([{ type: 'stix', incidentId: id, audience: 'partner', tlp: 'RED' }])
  const bundle: unknown = JSON.parse(await readFile(join(dir, 'out/x.stix.json'), 'utf8'))
  expect(stixFaults(stixBundleSchema.parse(bundle))).toEqual([])
  const accounts = await run(['incidents', 'addresses', id], env)
  expect(parseCsv(String(accounts.lines[0]?.['text'])).length).toBeGreaterThan(2)
  const message = await run(['incidents', 'seal911', id, ...told], env)
  expect(message.lines[0]?.['text']).toMatch(
    /^SEAL 911 request, TLP:RED\nProtocol: [\s\S]*desk@drill\.example/,
  )
  const asked = ['packet', id, '--for', 'exchange', '--name', 'Nobody', '-o', 'out/packet']
  expect(await run(['incidents', ...asked], env)).toMatchObject({
    code: 1,
    errors: [{ code: 'reports.NothingTraced' }],
  })
  expect(await run(['incidents', 'stix'], env)).toMatchObject({ errors: [{ code: 'app.NothingNamed' }] })
  for (const audience of ['team', 'public']) {
    const given = await run(
      ['incidents', 'export', id, '--audience', audience, '-o', `${audience}.tar.gz`],
      env,
    )
    const [{ sha256: hash, head } = {}] = given.lines
    expect(hash).toBe(sha256(await readFile(join(dir, `${audience}.tar.gz`))))
    await mkdir(join(dir, audience))
    await exec('tar', ['xzf', `../${audience}.tar.gz`], { cwd: join(dir, audience) })
    const script = join(dir, audience, `cordon-${id}`, 'verify.mjs')
    const checked = await exec(process.execPath, [script, '--head', String(head)], { env: {} })
    expect(checked.stdout).toMatch(/^Holds: /)
  }
}

/** A change that somebody with the database's password could make, triggers off. */
async function tamper(database: FreshDatabase, incidentId: string): Promise<void> {
  await sqlOn(
    database.url,
    `SET session_replication_role = replica; UPDATE evidence SET body = '{"forged":true}' WHERE incident_id = '${incidentId}' AND sequence = 2`,
  )
}

async function dump(database: FreshDatabase): Promise<string> {
  const tables = await sqlOn(
    database.url,
    "SELECT table_schema AS s, table_name AS t FROM information_schema.tables WHERE table_schema IN ('public', 'dbos')",
  )
  const rows = await Promise.all(
    tables.map(({ s, t }) => sqlOn(database.url, `SELECT x::text FROM ${s}.${t} x`)),
  )
  return JSON.stringify(rows)
}
