import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { gunzipSync } from 'node:zlib'
import { afterAll, expect, test } from 'vitest'
import {
  GUARDIAN,
  OFFICER,
  PAUSER,
  PULLED,
  reportRecord,
  SIBLING,
} from '../../../test/harness/report-record.ts'
import { tracedInvestigation } from '../../../test/harness/traced-record.ts'
import { linkHash, verifyChain } from '../../incidents/ledger.ts'
import { canonicalJson, sha256 } from '../../kit/json.ts'
import { type Evidence, GENESIS_HASH } from '../../model/evidence.ts'
import { type Audience, audiences } from '../../model/report.ts'
import { ledgerLines } from '../manifest.ts'
import { archiveOf, type IncidentExport } from './export.ts'

const exec = promisify(execFile)
const folders: string[] = []

async function folder(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), 'cordon-export-'))
  folders.push(made)
  return made
}

afterAll(async () => {
  for (const made of folders) await rm(made, { recursive: true, force: true })
})

function chainOf(bodies: readonly { kind: string; body: unknown }[]): Evidence[] {
  const links: Evidence[] = []
  for (const [index, { kind, body }] of bodies.entries()) {
    const previous = links.at(-1)?.hash ?? GENESIS_HASH
    const link = {
      incidentId: 'inc-1',
      sequence: index + 1,
      kind,
      recordedAt: 1_700_000_000_000 + index,
      body: JSON.parse(canonicalJson(body)) as unknown,
      previous,
    }
    links.push({ ...link, hash: linkHash(link) })
  }
  return links
}

type Made = { audience?: Audience; dataDir?: string; more?: { kind: string; body: unknown }[] }

async function made({ audience = 'team', dataDir, more = [] }: Made = {}): Promise<IncidentExport> {
  const record = reportRecord('Vault', { investigation: tracedInvestigation('Vault') })
  const links = chainOf([
    { kind: 'finding', body: record.findings[0] },
    { kind: 'note', body: record.investigation },
    { kind: 'plan', body: record.containments[0]?.plan },
    { kind: 'approval', body: { by: OFFICER, lever: PAUSER } },
    ...more,
    { kind: 'finding', body: { ...record.findings[0], message: 'again' } },
  ])
  const verdict = verifyChain(links)
  const evidence = { count: verdict.count, head: verdict.head, ok: verdict.ok }
  const whole = { ...record, evidence, writtenAt: links.at(-1)?.recordedAt ?? 0 }
  return archiveOf(
    { dataDir: dataDir ?? (await folder()), reporter: { name: 'Vault team' } },
    { record: whole, links, verdict },
    { audience },
  )
}

/** Unpacks as an outsider would: with the system’s tar. */
async function unpacked({ bytes, name }: IncidentExport): Promise<string> {
  const into = await folder()
  await writeFile(join(into, name), bytes)
  await exec('tar', ['xzf', name], { cwd: into })
  return join(into, 'cordon-inc-1')
}

type Said = { code: number; out: string }

async function verify(at: string, ...args: string[]): Promise<Said> {
  const empty = await folder()
  try {
    const { stdout } = await exec(process.execPath, [join(at, 'verify.mjs'), ...args], {
      cwd: empty,
      env: {},
    })
    return { code: 0, out: stdout }
  } catch (thrown) {
    const { code, stdout } = thrown as { code: number; stdout: string }
    return { code, out: stdout }
  }
}

type Manifest = {
  sha256: string
  chain: { count: number; head: string; redacted: number }
  files: { path: string; sha256: string; size: number; sequence: number | null }[]
}

/** Forges an export as an expert in the format would: changes the ledger, and makes everything that lists it fit. */
async function forge(at: string, change: (lines: string[]) => string[]): Promise<void> {
  const path = join(at, 'ledger.ndjson')
  const before = (await readFile(path, 'utf8')).trimEnd().split('\n')
  const lines = change(before)
  const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''))
  await writeFile(path, bytes)
  const { sha256: _, ...manifest } = JSON.parse(await readFile(join(at, 'manifest.json'), 'utf8')) as Manifest
  const last = JSON.parse(lines.at(-1) ?? '{}') as Evidence
  manifest.chain.count = lines.length
  manifest.chain.head = last.hash
  manifest.chain.redacted = lines.filter((line) => line.includes('"redacted":true')).length
  manifest.files = manifest.files
    .filter(({ sequence }) => sequence === null || sequence <= lines.length)
    .map((file) =>
      file.path === 'ledger.ndjson' ? { ...file, sha256: sha256(bytes), size: bytes.length } : file,
    )
  const kept = new Set(manifest.files.map((file) => file.path))
  for (const name of await readdir(join(at, 'artefacts')))
    if (!kept.has(`artefacts/${name}`)) await rm(join(at, 'artefacts', name))
  await writeFile(
    join(at, 'manifest.json'),
    JSON.stringify({ ...manifest, sha256: sha256(canonicalJson(manifest)) }),
  )
}

test.each(audiences)(
  'an archive for %s verifies offline, in an empty folder, with the head that was given',
  async (audience) => {
    const archive = await made({ audience })
    const at = await unpacked(archive)
    expect(await verify(at, '--head', archive.head)).toEqual({
      code: 0,
      out: `Holds: ${archive.files} files, 5 links (${archive.redacted} redacted), head ${archive.head}, TLP:RED\n`,
    })
    expect((await verify(at, '--head', 'ab'.repeat(32))).code).toBe(1)
  },
)

test('what is in it, for the team', async () => {
  const at = await unpacked(await made())
  const names = await readdir(at, { recursive: true, withFileTypes: true })
  const files = names
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(at.length + 1))
  expect(files.sort()).toMatchInlineSnapshot(`
    [
      "addresses.csv",
      "artefacts/0001-finding.json",
      "artefacts/0002-note.json",
      "artefacts/0003-plan.json",
      "artefacts/0004-approval.json",
      "artefacts/0005-finding.json",
      "fund-flow.json",
      "fund-flow.svg",
      "incident.stix.json",
      "investigation.json",
      "ledger.ndjson",
      "losses.csv",
      "manifest.json",
      "record/containments.json",
      "record/findings.json",
      "record/incident.json",
      "record/names.json",
      "record/runs.json",
      "record/timeline.json",
      "record/times.json",
      "report.html",
      "report.md",
      "report.pdf",
      "verify.mjs",
    ]
  `)
})

test('the same record gives the same bytes', async () => {
  const dataDir = await folder()
  const [once, again] = [await made({ dataDir }), await made({ dataDir })]
  expect(once.sha256).toBe(again.sha256)
  expect(sha256(gunzipSync(once.bytes))).toBe(sha256(gunzipSync(again.bytes)))
})

test('one byte changed in any file is found', async () => {
  const archive = await made()
  const at = await unpacked(archive)
  const entries = await readdir(at, { recursive: true, withFileTypes: true })
  for (const entry of entries.filter((one) => one.isFile())) {
    const path = join(entry.parentPath, entry.name)
    const bytes = await readFile(path)
    const changed = Buffer.from(bytes)
    const middle = Math.floor(changed.length / 2)
    changed[middle] = (changed[middle] ?? 0) ^ 1
    await writeFile(path, changed)
    expect((await verify(at, '--head', archive.head)).code, path).not.toBe(0)
    await writeFile(path, bytes)
  }
  expect((await verify(at, '--head', archive.head)).code).toBe(0)
})

test('a file that is added, taken away, or leads out of the folder is found', async () => {
  const at = await unpacked(await made())
  await writeFile(join(at, 'record', 'more.json'), '{}')
  expect(await verify(at)).toEqual({
    code: 1,
    out: 'BROKEN  record/more.json: is not listed in manifest.json\n',
  })
  await rm(join(at, 'record', 'more.json'))
  await rm(join(at, 'addresses.csv'))
  expect((await verify(at)).out).toBe('BROKEN  addresses.csv: is missing\n')
})

const forgeries: [string, (lines: string[]) => string[]][] = [
  ['two links in the other order', ([a, b, c, ...rest]) => [a ?? '', c ?? '', b ?? '', ...rest]],
  ['a link left out', (lines) => lines.toSpliced(1, 1)],
  ['the first link left out', (lines) => lines.slice(1)],
  ['a body changed', (lines) => lines.with(3, (lines[3] ?? '').replace(OFFICER, 'Someone else'))],
  [
    'a link said to be redacted that keeps another body',
    (lines) =>
      lines.with(
        3,
        (lines[3] ?? '')
          .replace(OFFICER, 'Someone else')
          .replace('"recordedAt"', '"redacted":true,"recordedAt"'),
      ),
  ],
  ['a link of another incident', (lines) => lines.with(0, (lines[0] ?? '').replaceAll('inc-1', 'inc-2'))],
]

test.each(forgeries)('%s is found, also where the manifest is made to fit', async (_name, change) => {
  const at = await unpacked(await made())
  await forge(at, change)
  const said = await verify(at)
  expect(said.out).toMatch(/BROKEN {2}ledger\.ndjson: link/)
  expect(said.code).toBe(1)
})

test('a tail that was cut off and listed anew is found by the head, and only by it', async () => {
  const archive = await made()
  const at = await unpacked(archive)
  await forge(at, (lines) => lines.slice(0, 3))
  const without = await verify(at)
  expect(without.code).toBe(0)
  expect(without.out).toContain('No --head was given')
  const said = await verify(at, '--head', archive.head)
  expect(said.code).toBe(1)
  expect(said.out).toContain('not with the head given')
})

test('an archive of a chain that was broken already does not verify', async () => {
  const record = reportRecord('Vault')
  const links = chainOf([
    { kind: 'finding', body: { n: 1 } },
    { kind: 'finding', body: { n: 2 } },
  ])
  const [first, second] = links
  if (first === undefined || second === undefined) throw new Error('there are two')
  const broken = [{ ...first, body: { n: 3 } }, second]
  const archive = await archiveOf(
    { dataDir: await folder(), reporter: undefined },
    { record, links: broken, verdict: verifyChain(broken) },
    { audience: 'team' },
  )
  expect((await verify(await unpacked(archive))).out).toContain('link 1: content and hash disagree')
})

test.each(['partner', 'public'] as const)(
  'an archive for %s has no secret in any file, keeps every link, and shows what it may',
  async (audience) => {
    const archive = await made({ audience })
    const all = gunzipSync(archive.bytes).toString('latin1').toLowerCase()
    for (const secret of [PAUSER, GUARDIAN, PULLED, SIBLING, OFFICER, 'quorum was bought', 'plan-secret-1'])
      expect(all, secret).not.toContain(secret.toLowerCase().replace('0x', ''))
    expect(archive).toMatchObject({ count: 5, redacted: 3 })
  },
)

test('who is shown a redacted body later can check it against the archive', () => {
  const [link] = chainOf([{ kind: 'plan', body: { lever: PAUSER } }])
  if (link === undefined) throw new Error('there is one')
  const { text } = ledgerLines([link], () => false)
  const { bodySha256, redacted, ...rest } = JSON.parse(text) as Evidence & {
    bodySha256: string
    redacted: boolean
  }
  expect(redacted).toBe(true)
  expect(bodySha256).toBe(sha256(canonicalJson(link.body)))
  expect(linkHash({ ...rest, body: link.body })).toBe(rest.hash)
})

test('files that the ledger names are in it as they were; what is gone, changed or outside is told as missing', async () => {
  const dataDir = await folder()
  const outside = await folder()
  const write = async (path: string, text: string): Promise<{ file: string; sha256: string }> => {
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, text)
    return { file: path, sha256: sha256(text) }
  }
  const report = await write(join(dataDir, 'reports', 'inc-1.md'), '# report')
  const old = { ...(await write(join(dataDir, 'reports', 'old.md'), 'new text')), sha256: sha256('old text') }
  const secret = await write(join(outside, 'secret.txt'), 'secret')
  await symlink(secret.file, join(dataDir, 'link.txt'))
  const more = [
    report,
    old,
    { files: [report, { file: join(dataDir, 'gone.md'), sha256: 'ab'.repeat(32) }] },
    secret,
    { ...secret, file: join(dataDir, 'link.txt') },
    { ...secret, file: join(dataDir, '..', outside.split('/').at(-1) ?? '', 'secret.txt') },
  ].map((body) => ({ kind: 'report', body }))
  const archive = await made({ dataDir, more })
  expect(archive.missing).toBe(5)
  const at = await unpacked(archive)
  expect((await readdir(join(at, 'files'))).sort()).toEqual(['0005-inc-1.md', '0007-inc-1.md'])
  expect((await verify(at, '--head', archive.head)).code).toBe(0)
  expect((await made({ dataDir, more, audience: 'partner' })).missing).toBe(0)
})
