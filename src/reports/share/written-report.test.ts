import { mkdtemp, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { HOSTILE, hostileText } from '../../../test/harness/hostile-texts.ts'
import { pdfText } from '../../../test/harness/pdf-text.ts'
import {
  ATTACK,
  GUARDIAN,
  investigationOf,
  OFFICER,
  PAUSER,
  PULLED,
  reportRecord,
  SIBLING,
  THIEF,
  VAULT,
} from '../../../test/harness/report-record.ts'
import { sha256 } from '../../kit/json.ts'
import {
  type Audience,
  audiences,
  type ReportFormat,
  reportFormats,
  reportKinds,
} from '../../model/report.ts'
import type { IncidentRecord } from '../record.ts'
import { reportDocument } from '../report.ts'
import { formatOfFile, renderReport, reportOnInvestigation } from './written-report.ts'

type Made = { record: IncidentRecord; kind: 'incident' | 'postmortem'; audience: Audience }

/** The text that a reader gets: for a PDF its text, without line ends. */
async function read(made: Made, format: ReportFormat): Promise<string> {
  const { record, ...asked } = made
  const bytes = await renderReport(reportDocument(record, asked), format)
  return format === 'pdf' ? pdfText(bytes).replaceAll('\n', '') : Buffer.from(bytes).toString('utf8')
}

const BOTH = (['incident', 'postmortem'] as const).flatMap((kind) =>
  reportFormats.map((format) => [kind, format] as const),
)

describe('redaction', () => {
  const secrets = [PAUSER, GUARDIAN, PULLED, SIBLING].flatMap((hex) => [hex, hex.slice(2)])
  const words = [
    OFFICER,
    'Guardian key',
    'plan-secret-1',
    'quorum was bought',
    'of our friends',
    '987654321',
    'Pause the withdrawals',
  ]

  test.each(BOTH)(
    'nothing that the public must not see stands in a report (%s) as %s',
    async (kind, format) => {
      const said = (
        await read({ record: reportRecord('Vault'), kind, audience: 'public' }, format)
      ).toLowerCase()
      for (const secret of [...secrets, ...words]) expect(said, secret).not.toContain(secret.toLowerCase())
      expect(said).toContain('redacted: ')
    },
  )

  test.each(BOTH)(
    'a partner keeps accounts and transactions in a report (%s) as %s, and no lever',
    async (kind, format) => {
      const said = (
        await read({ record: reportRecord('Vault'), kind, audience: 'partner' }, format)
      ).toLowerCase()
      for (const secret of [...secrets, ...words]) expect(said, secret).not.toContain(secret.toLowerCase())
      for (const kept of [VAULT, THIEF, ATTACK]) expect(said).toContain(kept)
    },
  )

  test.each(BOTH)('the team sees all of it in a report (%s) as %s', async (kind, format) => {
    const said = await read({ record: reportRecord('Vault'), kind, audience: 'team' }, format)
    for (const kept of [PAUSER, GUARDIAN, PULLED, OFFICER, 'quorum was bought']) expect(said).toContain(kept)
    expect(said).not.toContain('redacted: ')
  })

  test('what is still at risk is told when the incident is closed', async () => {
    const { incident } = reportRecord('Vault')
    const record = reportRecord('Vault', { incident: { ...incident, state: 'closed' } })
    const said = await read({ record, kind: 'postmortem', audience: 'public' }, 'markdown')
    expect(said).toContain(SIBLING)
    expect(said).not.toContain(PAUSER)
    expect(said).toContain('TLP:CLEAR')
  })
})

describe('PDF', () => {
  test('the same report gives the same bytes, and the mark stands on every page', async () => {
    const document = reportDocument(reportRecord('Vault'), { kind: 'postmortem', audience: 'team' })
    const [once, again] = [await renderReport(document, 'pdf'), await renderReport(document, 'pdf')]
    expect(sha256(once)).toBe(sha256(again))
    const pages =
      Buffer.from(once)
        .toString('latin1')
        .match(/\/Type \/Page\b/g)?.length ?? 0
    expect(pages).toBeGreaterThan(1)
    // In the header and in the footer.
    expect(pdfText(once).match(/TLP:RED/g)).toHaveLength(2 * pages)
  })

  test('its text can be selected, and its picture is drawn, not an image', async () => {
    const document = reportDocument(reportRecord('Vault'), { kind: 'postmortem', audience: 'team' })
    const bytes = await renderReport(document, 'pdf')
    const said = pdfText(bytes).replaceAll('\n', '')
    for (const part of ['Root cause', '1,234,567.89', VAULT, 'Stolen: 7 ', '0 CALL'])
      expect(said).toContain(part)
    expect(Buffer.from(bytes).toString('latin1')).not.toMatch(/\/Subtype \/Image|\/JavaScript|\/URI|\/Launch/)
  })
})

/** For Markdown shown on a terminal, including characters that stand alone on a line. */
const UNSEEN = /[^\P{Cc}\n]|[\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u

function expectInert(said: string, format: ReportFormat): void {
  expect(said).not.toMatch(UNSEEN)
  expect(said).not.toMatch(/https:\/\/evil|www\.evil|a@evil/)
  if (format === 'markdown') expectInertMarkdown(said)
  if (format === 'html') expectInertHtml(said)
}

function expectInertMarkdown(said: string): void {
  const prose = said
    .replace(/\\`/g, '')
    .replace(/```text\n[\s\S]*?\n```/g, '')
    .replace(/`[^`\n]*`/g, '')
  expect(prose).not.toMatch(/<[a-z/!]/i)
  expect(prose).not.toMatch(/(?<!\\)\]\(/)
  expect(prose).not.toMatch(/^(?:#+ Not|\d+\. |---|===)/m)
  for (const block of prose.split('\n\n').filter((part) => /^\|.*\|\n\|[-:|]+\|\n/.test(part))) {
    const cells = block.split('\n').map((row) => row.replace(/\\\||\\\\/g, '').split('|').length)
    expect(new Set(cells).size).toBe(1)
  }
  expect(said.match(/^```/gm)?.length ?? 0).toBe(2 * (said.match(/^```text$/gm)?.length ?? 0))
}

function expectInertHtml(said: string): void {
  const tags = [...said.matchAll(/<\/?([a-z0-9]+)((?:\s+[\w:-]+(?:="[^"]*")?)*)\s*\/?>/gi)]
  // Every `<` begins one of our tags, and none of these runs anything.
  const opened = said.replace('<!doctype html>', '').replace(/<style>[\s\S]*?<\/style>/, '<style></style>')
  expect(opened.match(/</g)).toHaveLength(tags.length)
  expect(tags.map(([, name]) => name)).not.toContain('script')
  expect(tags.map(([, name]) => name)).not.toContain('img')
  for (const [, , attributes = ''] of tags) expect(attributes).not.toMatch(/\s(?:on\w+|href|src|srcdoc)=/i)
  expect(said).toContain("default-src 'none'")
}

describe('hostile texts are inert', () => {
  const cases = Object.keys(HOSTILE).flatMap((name) => reportFormats.map((format) => [name, format] as const))

  test.each(cases)('%s in %s', async (name, format) => {
    const record = reportRecord(HOSTILE[name] ?? '')
    for (const kind of reportKinds)
      expectInert(await read({ record, kind, audience: 'team' }, format), format)
  })

  test.each(cases)('%s in a redacted report as %s', async (name, format) => {
    const record = reportRecord(HOSTILE[name] ?? '')
    expectInert(await read({ record, kind: 'postmortem', audience: 'public' }, format), format)
  })

  test('a name of 100,000 signs does not make the report long', async () => {
    const record = reportRecord(HOSTILE['long'] ?? '')
    for (const format of reportFormats)
      expect((await read({ record, kind: 'postmortem', audience: 'team' }, format)).length).toBeLessThan(
        120_000,
      )
  })

  test('signs that the fonts have not are told by their number', async () => {
    const said = await read({ record: reportRecord('漢 א ok'), kind: 'incident', audience: 'team' }, 'pdf')
    expect(said).toContain('\\u{6f22} \\u{5d0} ok')
  })
})

test.each([
  ['markdown', 60],
  ['html', 60],
  ['pdf', 12],
] as const)('whatever a stranger writes is inert in %s', async (format, numRuns) => {
  await fc.assert(
    fc.asyncProperty(
      hostileText,
      fc.constantFrom(...reportKinds),
      fc.constantFrom(...audiences),
      async (words, kind, audience) => {
        expectInert(await read({ record: reportRecord(words), kind, audience }, format), format)
      },
    ),
    { numRuns, seed: 7 },
  )
})

test.each(['.md', '.html', '.pdf'])('an investigation alone has a report that ends in %s', async (ending) => {
  const file = join(await mkdtemp(join(tmpdir(), 'cordon-report-')), `found${ending}`)
  const written = await reportOnInvestigation(investigationOf(HOSTILE['html'] ?? ''), file)
  const bytes = await readFile(file)
  expect(written).toEqual({ file, sha256: sha256(bytes) })
  const said = ending === '.pdf' ? pdfText(bytes).replaceAll('\n', '') : bytes.toString('utf8')
  for (const part of ['TLP:RED', 'Root cause', 'reentrancy', 'Actions']) expect(said).toContain(part)
  expectInert(said, formatOfFile(file))
})

test('a file that ends in nothing known is refused', () => {
  expect(() => formatOfFile('report.docx')).toThrowErrorMatchingInlineSnapshot(`
    [app.InvalidReportFormat: “.docx” is not the ending of a report.
      file: report.docx
      formats: ["markdown","html","pdf"]
    Fix: Give a file that ends in .md, .html or .pdf, or --format; a PDF needs a file: -o FILE.]
  `)
})
