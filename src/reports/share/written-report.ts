import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, extname } from 'node:path'
import { systemClock } from '../../kit/clock.ts'
import { CordonError } from '../../kit/error.ts'
import { sha256 } from '../../kit/json.ts'
import type { Investigation } from '../../model/investigation.ts'
import { type ReportFormat, reportFormats } from '../../model/report.ts'
import type { ReportDocument } from '../document.ts'
import { htmlDocument } from '../html-document.ts'
import { investigationReport } from '../investigation-report.ts'
import { markdownDocument } from '../markdown-document.ts'
import { outgoingInvestigation } from '../outgoing.ts'
import { pdfOf } from './pdf.ts'
import { type SharedText, sharedText } from './shared-text.ts'

export const EXTENSIONS: Readonly<Record<ReportFormat, string>> = { markdown: 'md', html: 'html', pdf: 'pdf' }

const RENDERERS: Readonly<Record<ReportFormat, (report: ReportDocument) => Promise<Uint8Array>>> = {
  markdown: async (report) => Buffer.from(markdownDocument(report)),
  html: async (report) => Buffer.from(htmlDocument(report)),
  pdf: pdfOf,
}

/** A report in a format, as bytes: text in UTF-8. */
export async function renderReport(report: ReportDocument, format: ReportFormat): Promise<Uint8Array> {
  return RENDERERS[format](report)
}

export type WrittenReport = { file: string; sha256: string }

/**
 * Writes a report completely or not at all, because somebody may be reading the previous one; only for the user of this
 * process, because it names people and levers.
 */
export async function writeReport(file: string, bytes: Uint8Array): Promise<WrittenReport> {
  await mkdir(dirname(file), { recursive: true })
  await rm(`${file}.new`, { force: true })
  await writeFile(`${file}.new`, bytes, { mode: 0o600 })
  await rename(`${file}.new`, file)
  return { file, sha256: sha256(bytes) }
}

/** Machine formats of an investigation, by file extension. */
const SHARED: readonly [string, SharedText][] = [
  ['.stix.json', 'stix'],
  ['.csv', 'addresses'],
]

/** Checks that a report on an investigation can be written there. Throws `app.InvalidReportFormat`. */
export function checkReportFile(file: string): void {
  if (!SHARED.some(([ending]) => file.toLowerCase().endsWith(ending))) formatOfFile(file)
}

/**
 * Writes the report of an investigation that needs no record, or a STIX bundle (`.stix.json`), or its accounts
 * (`.csv`): for the team. Throws `app.InvalidReportFormat`.
 */
export async function reportOnInvestigation(found: Investigation, file: string): Promise<WrittenReport> {
  const [, what] = SHARED.find(([ending]) => file.toLowerCase().endsWith(ending)) ?? []
  if (what === undefined)
    return writeReport(file, await renderReport(investigationReport(found), formatOfFile(file)))
  const out = outgoingInvestigation(found, { audience: 'team', at: systemClock.now() })
  return writeReport(file, Buffer.from(sharedText(what, out, {})))
}

/** The format that a file name implies. Throws `app.InvalidReportFormat`. */
export function formatOfFile(file: string): ReportFormat {
  const found = reportFormats.find((format) => `.${EXTENSIONS[format]}` === extname(file).toLowerCase())
  if (found !== undefined) return found
  throw invalidFormat(`“${extname(file).slice(0, 20)}” is not the ending of a report.`, {
    file: file.slice(0, 200),
  })
}

export function invalidFormat(message: string, facts: Record<string, unknown>): CordonError {
  return new CordonError({
    code: 'app.InvalidReportFormat',
    message,
    facts: { ...facts, formats: reportFormats },
    fix: 'Give a file that ends in .md, .html or .pdf, or --format; a PDF needs a file: -o FILE.',
  })
}
