import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { issuerTemplates } from '../../contain/levers/issuer.ts'
import { CordonError } from '../../kit/error.ts'
import { sha256 } from '../../kit/json.ts'
import { type Investigation, investigationSchema } from '../../model/investigation.ts'
import { type Reporter, reportFormats } from '../../model/report.ts'
import { addressesCsv } from '../csv.ts'
import { freezeRequest, type IssuerLever } from '../freeze-request.ts'
import { fundFlowSvg } from '../fund-flow-svg.ts'
import { type ManifestHead, manifestJson } from '../manifest.ts'
import type { Outgoing } from '../outgoing.ts'
import type { IncidentRecord } from '../record.ts'
import { type Recipient, tracedTo } from '../traced.ts'
import { generator, text } from './export.ts'
import { EXTENSIONS, renderReport, writeReport } from './written-report.ts'

export type PacketOptions = {
  recipient: Recipient
  reporter: Reporter | undefined
  /** A folder, created if it does not exist. */
  folder: string
  /** Milliseconds since the epoch. */
  writtenAt: number
  /** Levers of issuers that recorded plans were made for. */
  found: readonly IssuerLever[]
}

export type Packet = { folder: string; files: string[]; sha256: string; accounts: number }

/** Writes a freeze request, with its evidence and a manifest, into a folder. Throws `reports.NothingTraced`. */
export async function writePacket(out: Outgoing, options: PacketOptions): Promise<Packet> {
  const { recipient, reporter, folder, writtenAt, found } = options
  const traced = tracedTo(out, recipient)
  const levers = [...found, ...catalogue()]
  const request = freezeRequest(out, { recipient, traced, reporter, levers, writtenAt })
  const files = [
    ...(await Promise.all(
      reportFormats.map(async (format) => ({
        path: `freeze-request.${EXTENSIONS[format]}`,
        bytes: await renderReport(request, format),
        sequence: null,
      })),
    )),
    text('addresses.csv', addressesCsv(out)),
    ...(out.found === null ? [] : [text('fund-flow.svg', fundFlowSvg(out.found.fundFlow, out.found.assets))]),
  ]
  const head: ManifestHead = {
    type: 'cordon-packet',
    incidentId: out.incident?.id ?? null,
    audience: out.audience,
    tlp: out.tlp,
    generatedBy: await generator(),
    asOf: new Date(writtenAt).toISOString(),
    chain: null,
    missing: [],
  }
  const manifest = text('manifest.json', manifestJson(head, files))
  await mkdir(folder, { recursive: true })
  for (const { path, bytes } of [...files, manifest]) await writeReport(join(folder, path), bytes)
  return {
    folder,
    files: [...files, manifest].map(({ path }) => path),
    sha256: sha256(manifest.bytes),
    accounts: new Set(traced.holdings.map(({ account }) => account.id)).size,
  }
}

/** Levers that only an issuer pulls, from Cordon's catalogue. */
function catalogue(): IssuerLever[] {
  return issuerTemplates.map(({ protocol, signature, trap }) => ({
    target: null,
    protocol,
    signature,
    trap: trap ?? 'no trap known',
  }))
}

/** The same, if a plan of the incident was made for one: it was found on that contract. */
export function issuerLeversOf({ containments }: IncidentRecord): IssuerLever[] {
  return containments
    .filter(({ plan: { lever } }) => lever.kind === 'request')
    .map(({ plan: { lever } }) => ({
      target: lever.target,
      protocol: lever.protocol,
      signature: lever.signature,
      trap: lever.trap ?? 'no trap known',
    }))
}

/** The output of `cordon investigate --json`, from a file. Throws `app.InvestigationUnreadable`. */
export async function readInvestigation(file: string): Promise<Investigation> {
  const content = await readFile(file, 'utf8').catch(() => undefined)
  const lines = content === undefined ? [] : [content, ...content.split('\n')]
  for (const line of lines) {
    const found = investigationSchema.safeParse(parsed(line))
    if (found.success) return found.data
  }
  throw new CordonError({
    code: 'app.InvestigationUnreadable',
    message: content === undefined ? 'The file cannot be read.' : 'There is no investigation in this file.',
    facts: { file: file.slice(0, 200) },
    fix: 'Write one: cordon investigate … --json > investigation.json.',
  })
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
