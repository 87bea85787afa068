import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { type ChainVerdict, verifyEvidence } from '../../incidents/ledger.ts'
import { record } from '../../incidents/record.ts'
import { canonicalJson, sha256, toJson } from '../../kit/json.ts'
import { packageRoot } from '../../kit/package-root.ts'
import type { Evidence, EvidenceBody } from '../../model/evidence.ts'
import { type Reporter, reportFormats } from '../../model/report.ts'
import { listEvidence } from '../../store/evidence.ts'
import { transaction } from '../../store/store.ts'
import { addressesCsv, lossesCsv } from '../csv.ts'
import { fundFlowSvg } from '../fund-flow-svg.ts'
import { ledgerLines, type ManifestFile, type ManifestHead, manifestJson } from '../manifest.ts'
import { type Handing, type Outgoing, outgoing } from '../outgoing.ts'
import type { IncidentRecord } from '../record.ts'
import { type EvidenceVeil, evidenceVeil, redact } from '../redact.ts'
import { reportDocument } from '../report.ts'
import { stixBundle } from '../stix.ts'
import { fileName, tar } from '../tar.ts'
import { filesOnRecord } from './files-on-record.ts'
import type { RecordSources } from './record-of.ts'
import { recordOf } from './record-of.ts'
import { EXTENSIONS, renderReport } from './written-report.ts'

export type ExportSources = RecordSources & { dataDir: string; reporter?: Reporter | undefined }

export type IncidentExport = {
  /** The name of the file. */
  name: string
  bytes: Uint8Array
  sha256: string
  files: number
  tlp: Outgoing['tlp']
  /** Of the ledger in the archive. */
  count: number
  head: string
  redacted: number
  missing: number
}

/**
 * Everything on record about an incident as one archive that verifies itself offline, and a link in its ledger that
 * records the export. The same record gives the same archive, with the same version of Node. Throws
 * `incidents.UnknownIncident`, `reports.AudienceTooWide`.
 */
export async function exportIncident(
  sources: ExportSources,
  incidentId: string,
  handing: Handing,
): Promise<IncidentExport> {
  const taken = await takeRecord(sources, incidentId)
  const made = await archiveOf(sources, taken, handing)
  await recordExport(sources, incidentId, {
    message: `Exported for ${handing.audience}, TLP:${made.tlp}: the archive ${made.name}, SHA-256 ${made.sha256}`,
    body: {
      what: 'archive',
      sha256: made.sha256,
      size: made.bytes.length,
      audience: handing.audience,
      tlp: made.tlp,
      chain: { count: made.count, head: made.head },
    },
  })
  return made
}

export type Given = { message: string; body: EvidenceBody<'export'> }

/** Records an export. */
export async function recordExport(
  { store, clock }: Pick<ExportSources, 'store' | 'clock'>,
  incidentId: string,
  { message, body }: Given,
): Promise<void> {
  await record({ store, clock }, { incidentId, kind: 'report', message }, { kind: 'export', body })
}

type Taken = { record: IncidentRecord; links: readonly Evidence[]; verdict: ChainVerdict }

/** The ledger is of one moment: its chain is locked while it is read. The record is read just before. */
async function takeRecord(sources: ExportSources, incidentId: string): Promise<Taken> {
  const record = await recordOf(sources, incidentId)
  return transaction(sources.store, async (store) => {
    const verdict = await verifyEvidence({ ...sources, store }, incidentId)
    const links = await listEvidence(store, incidentId)
    const { count, head, ok } = verdict
    // Not the time of writing: the same record must give the same bytes.
    const writtenAt = links.at(-1)?.recordedAt ?? record.incident.discoveredAt
    return { record: { ...record, evidence: { count, head, ok }, writtenAt }, links, verdict }
  })
}

/** The archive of a record; writes nothing. */
export async function archiveOf(
  sources: Pick<ExportSources, 'dataDir' | 'reporter'>,
  { record, links, verdict }: Taken,
  handing: Handing,
): Promise<IncidentExport> {
  const out = outgoing(record, handing)
  const veil = evidenceVeil(record, handing.audience)
  const ledger = ledgerLines(links, veil.shows)
  const kept = veil.files ? await filesOnRecord(sources.dataDir, links) : { files: [], missing: [] }
  const files = [
    text('ledger.ndjson', ledger.text),
    {
      path: 'verify.mjs',
      bytes: await readFile(join(packageRoot(), 'archive', 'verify.mjs')),
      sequence: null,
    },
    ...artefacts(links, veil),
    ...recordFiles(record, handing),
    ...sharedFiles(out, sources.reporter),
    ...(await reportFiles(record, handing)),
    ...kept.files,
  ].sort((a, b) => (a.path < b.path ? -1 : 1))
  const head: ManifestHead = {
    type: 'cordon-export',
    incidentId: record.incident.id,
    audience: out.audience,
    tlp: out.tlp,
    generatedBy: await generator(),
    asOf: new Date(record.writtenAt).toISOString(),
    chain: { count: verdict.count, head: verdict.head, ok: verdict.ok, redacted: ledger.redacted },
    missing: kept.missing,
  }
  const name = `cordon-${fileName(record.incident.id)}`
  const bytes = packed([text('manifest.json', manifestJson(head, files)), ...files], name, record.writtenAt)
  return {
    name: `${name}.tar.gz`,
    bytes,
    sha256: sha256(bytes),
    files: files.length,
    tlp: out.tlp,
    count: verdict.count,
    head: verdict.head,
    redacted: ledger.redacted,
    missing: kept.missing.length,
  }
}

function packed(files: readonly ManifestFile[], folder: string, at: number): Uint8Array {
  const zipped = gzipSync(
    tar(
      files.map(({ path, bytes }) => ({ path: `${folder}/${path}`, bytes })),
      at,
    ),
    { level: 9 },
  )
  // RFC 1952: the operating system of the writer. It carries no information and varies.
  zipped[9] = 255
  return zipped
}

export async function generator(): Promise<string> {
  const { version } = JSON.parse(await readFile(join(packageRoot(), 'package.json'), 'utf8')) as {
    version: string
  }
  return `cordon ${version}`
}

export function text(path: string, content: string, sequence: number | null = null): ManifestFile {
  return { path, bytes: Buffer.from(content), sequence }
}

/** The body of every link that is shown: plans, simulations, broadcasts, approvals, notifications, investigations. */
function artefacts(links: readonly Evidence[], veil: EvidenceVeil): ManifestFile[] {
  return links
    .filter((link) => veil.shows(link))
    .map(({ sequence, kind, body }) => {
      const number = String(sequence).padStart(4, '0')
      return text(`artefacts/${number}-${fileName(kind, 30)}.json`, canonicalJson(body), sequence)
    })
}

/** The contents of the database, as the audience may read them. */
function recordFiles(record: IncidentRecord, { audience }: Handing): ManifestFile[] {
  const { incident, findings, timeline, runs, containments, times, names, investigation } = redact(
    record,
    audience,
  )
  const parts = { incident, findings, timeline, runs, containments, times, names: Object.fromEntries(names) }
  return [
    ...Object.entries(parts).map(([name, part]) => text(`record/${name}.json`, `${toJson(part, 2)}\n`)),
    ...(investigation === null
      ? []
      : [
          text('investigation.json', `${toJson(investigation, 2)}\n`),
          text('fund-flow.json', `${toJson(investigation.fundFlow, 2)}\n`),
          text('fund-flow.svg', fundFlowSvg(investigation.fundFlow, investigation.assets)),
        ]),
  ]
}

function sharedFiles(out: Outgoing, reporter: Reporter | undefined): ManifestFile[] {
  return [
    text('addresses.csv', addressesCsv(out)),
    text('losses.csv', lossesCsv(out)),
    text('incident.stix.json', stixBundle(out, reporter)),
  ]
}

async function reportFiles(record: IncidentRecord, { audience, tlp }: Handing): Promise<ManifestFile[]> {
  const report = reportDocument(record, { kind: 'incident', audience, tlp })
  return Promise.all(
    reportFormats.map(async (format) => ({
      path: `report.${EXTENSIONS[format]}`,
      bytes: await renderReport(report, format),
      sequence: null,
    })),
  )
}
