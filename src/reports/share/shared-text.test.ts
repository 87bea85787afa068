import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { HOSTILE, hostileText } from '../../../test/harness/hostile-texts.ts'
import { parseCsv } from '../../../test/harness/parse-csv.ts'
import { reportRecord } from '../../../test/harness/report-record.ts'
import { stixBundleSchema, stixFaults } from '../../../test/harness/stix-schema.ts'
import { tracedInvestigation } from '../../../test/harness/traced-record.ts'
import { sha256 } from '../../kit/json.ts'
import { packageRoot } from '../../kit/package-root.ts'
import { type Audience, audiences } from '../../model/report.ts'
import { freezeRequest } from '../freeze-request.ts'
import { htmlDocument } from '../html-document.ts'
import { markdownDocument } from '../markdown-document.ts'
import { type Outgoing, outgoing } from '../outgoing.ts'
import { TELEGRAM_MOST } from '../seal-911.ts'
import { tracedTo } from '../traced.ts'
import { handedFromFile } from './handed.ts'
import { readInvestigation, writePacket } from './packet.ts'
import { sharedText } from './shared-text.ts'
import { checkReportFile, reportOnInvestigation } from './written-report.ts'

const exec = promisify(execFile)

/** Characters that are invisible or act on a terminal; line ends are ours. */
const UNSEEN = /[^\P{Cc}\r\n]|[\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u
const LINKS = /https:\/\/evil|www\.evil|a@evil/

function outOf(words: string, audience: Audience = 'team'): Outgoing {
  const [node] = tracedInvestigation(words).fundFlow.nodes
  const names = new Map([[node?.id ?? '0x', words] as const])
  return outgoing(reportRecord(words, { investigation: tracedInvestigation(words), names }), { audience })
}

function strings(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  if (value === null || typeof value !== 'object') return []
  return Object.entries(value).flatMap(([name, inner]) => [name, ...strings(inner)])
}

function expectInertStix(out: Outgoing): void {
  const text = sharedText('stix', out, {})
  const bundle = stixBundleSchema.parse(JSON.parse(text))
  expect(stixFaults(bundle)).toEqual([])
  for (const one of strings(bundle)) {
    expect(one).not.toMatch(/\p{Cc}|\p{Cf}|\p{Cs}/u)
    expect(one).not.toMatch(LINKS)
    expect(one).not.toMatch(/<[a-z/!]|\]\(/i)
  }
  expect(text.length).toBeLessThan(60_000)
}

function expectInertCsv(out: Outgoing): void {
  const plain = outOf('plain')
  for (const what of ['addresses', 'losses'] as const) {
    const rows = parseCsv(sharedText(what, out, {}))
    expect(rows.map((row) => row.length)).toEqual(
      parseCsv(sharedText(what, plain, {})).map((row) => row.length),
    )
    for (const cell of rows.flat()) {
      expect(cell).not.toMatch(/^[\s"]*[=+\-@|%]/)
      expect(cell).not.toMatch(/\p{Cc}|\p{Cf}|\p{Cs}/u)
      expect(cell).not.toMatch(LINKS)
    }
  }
}

function expectInertMessage(out: Outgoing, words: string): void {
  const said = sharedText('seal911', out, { help: words })
  expect(said.length).toBeLessThanOrEqual(TELEGRAM_MOST)
  expect(said).not.toMatch(UNSEEN)
  expect(said).not.toMatch(LINKS)
  // The number of lines does not depend on the words: none of them begins a line of its own.
  const lines = sharedText('seal911', outOf('plain'), { help: 'plain' }).split('\n').length
  expect(said.split('\n').length).toBeLessThanOrEqual(lines)
}

function expectInertRequest(out: Outgoing, words: string): void {
  const recipient = { kind: 'exchange', name: 'Northex', accounts: [], assets: [] } as const
  const request = freezeRequest(out, {
    recipient: { ...recipient, name: 'Northex' },
    traced: tracedTo(out, recipient),
    reporter: { name: words || 'x', contact: words || 'x', proof: words || 'x' },
    levers: [{ target: null, protocol: words, signature: words, trap: words }],
    writtenAt: 1,
  })
  for (const said of [markdownDocument(request), htmlDocument(request)]) {
    expect(said).not.toMatch(/[^\P{Cc}\n]|\p{Cf}|\p{Cs}/u)
    expect(said).not.toMatch(LINKS)
    expect(said).not.toMatch(/<(?:script|img|svg onload)/i)
  }
}

describe('hostile texts are inert in what leaves the house', () => {
  test.each(Object.entries(HOSTILE))('%s', (_name, words) => {
    const out = outOf(words)
    expectInertStix(out)
    expectInertCsv(out)
    expectInertMessage(out, words)
    expectInertRequest(out, words)
  })

  test.each(['=1+1', '+1', '-1', '@A1', '\t=1', '\r\n=cmd|x', '"', '""', "'", '\\', "'] OR [x:y = 'z"])(
    'formulas and quotes: %j',
    (words) => {
      expectInertStix(outOf(words))
      expectInertCsv(outOf(words))
      expectInertMessage(outOf(words), words)
    },
  )

  test('whatever a stranger writes', () => {
    fc.assert(
      fc.property(hostileText, fc.constantFrom(...audiences), (words, audience) => {
        const out = outOf(words, audience)
        expectInertStix(out)
        expectInertCsv(out)
        expectInertMessage(out, words)
        expectInertRequest(out, words)
      }),
      { numRuns: 80, seed: 11 },
    )
  })
})

describe('without a database', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'cordon-packet-'))
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  const kept = async (): Promise<string> => {
    const file = join(folder, 'investigation.json')
    const text = JSON.stringify(tracedInvestigation('Vault'), (_name, value) =>
      typeof value === 'bigint' ? String(value) : value,
    )
    await writeFile(file, `${text}\n`)
    return file
  }

  test('a packet is made of an investigation in a file: the request in three formats, accounts, picture, manifest', async () => {
    const { out, levers } = await handedFromFile(await kept(), { audience: 'partner' })
    const packet = await writePacket(out, {
      recipient: { kind: 'exchange', name: 'Northex', accounts: [], assets: [] },
      reporter: undefined,
      folder: join(folder, 'packet'),
      writtenAt: 1_700_000_000_000,
      found: levers,
    })
    expect(packet.files).toEqual([
      'freeze-request.md',
      'freeze-request.html',
      'freeze-request.pdf',
      'addresses.csv',
      'fund-flow.svg',
      'manifest.json',
    ])
    const manifest = await readFile(join(packet.folder, 'manifest.json'))
    expect(packet.sha256).toBe(sha256(manifest))
    const listed = JSON.parse(manifest.toString()) as { files: { path: string; sha256: string }[] }
    for (const { path, sha256: hash } of listed.files)
      expect(sha256(await readFile(join(packet.folder, path)))).toBe(hash)
    expect(await readFile(join(packet.folder, 'freeze-request.md'), 'utf8')).toContain(
      'an investigation without an incident',
    )
    const script = join(packageRoot(), 'archive', 'verify.mjs')
    const checked = await exec(process.execPath, [script, packet.folder])
    expect(checked.stdout).toBe('Holds: 5 files, TLP:RED\n')
    await writeFile(join(packet.folder, 'addresses.csv'), 'chain,address\r\n')
    await expect(exec(process.execPath, [script, packet.folder])).rejects.toMatchObject({
      code: 1,
      stdout: expect.stringContaining('addresses.csv: is not what it was'),
    })
  })

  test('an investigation has a bundle and its accounts as files by their endings', async () => {
    const found = await readInvestigation(await kept())
    const stix = await reportOnInvestigation(found, join(folder, 'found.stix.json'))
    expect(stixFaults(stixBundleSchema.parse(JSON.parse(await readFile(stix.file, 'utf8'))))).toEqual([])
    const accounts = await reportOnInvestigation(found, join(folder, 'found.csv'))
    expect(parseCsv(await readFile(accounts.file, 'utf8'))).toHaveLength(6)
    for (const file of ['a.stix.json', 'a.csv', 'a.md']) expect(() => checkReportFile(file)).not.toThrow()
    expect(() => checkReportFile('a.json')).toThrowError(/app\.InvalidReportFormat|not the ending/)
  })

  test('a file without an investigation is told as such', async () => {
    const file = join(folder, 'other.json')
    await writeFile(file, '{"type":"finding"}\nnot json\n')
    await expect(readInvestigation(file)).rejects.toMatchObject({ code: 'app.InvestigationUnreadable' })
    await expect(readInvestigation(join(folder, 'none.json'))).rejects.toThrowError(/cannot be read/)
  })
})
