import { resolve } from 'node:path'
import type { Command } from 'commander'
import { Option } from 'commander'
import {
  type Audience,
  audiences,
  type ReportFormat,
  type ReportKind,
  reportFormats,
  reportKinds,
  type Tlp,
  tlps,
} from '../model/report.ts'
import type { IncidentArchive } from '../reports/share/archive.ts'
import { formatOfFile, invalidFormat, renderReport, writeReport } from '../reports/share/written-report.ts'
import type { Io } from './io.ts'
import { EXIT } from './io.ts'

export type ReportOptions = {
  kind: ReportKind
  format?: ReportFormat
  audience: Audience
  tlp?: Tlp
  output?: string
}

export function withReportOptions(command: Command): Command {
  return command
    .addOption(new Option('--kind <kind>', 'which report').choices([...reportKinds]).default('incident'))
    .addOption(
      new Option('--format <format>', 'format (default: by the extension of FILE, else markdown)').choices([
        ...reportFormats,
      ]),
    )
    .addOption(
      new Option('--audience <who>', 'audience: the rest is redacted')
        .choices([...audiences])
        .default('team'),
    )
    .addOption(
      new Option('--tlp <mark>', 'mark of the Traffic Light Protocol (default: RED until closed)').choices([
        ...tlps,
      ]),
    )
    .option('-o, --output <file>', 'file to write; required for a PDF')
}

type Wanted = { archive: IncidentArchive; id: string; options: ReportOptions }

/** `incidents report`: prints to the terminal, or writes a file and prints its hash. */
export async function report({ archive, id, options }: Wanted, io: Io): Promise<number> {
  const { kind, audience, tlp, output } = options
  const format = formatFor(options)
  const document = await archive.report(id, { kind, audience, tlp })
  const bytes = await renderReport(document, format)
  const said = { type: 'report', incidentId: id, format, kind, audience, tlp: document.tlp }
  if (output === undefined) {
    const text = Buffer.from(bytes).toString('utf8')
    io.emit({ ...said, text })
    io.say(text)
    return EXIT.ok
  }
  const written = await writeReport(resolve(io.cwd, output), bytes)
  const text = format === 'pdf' ? {} : { text: Buffer.from(bytes).toString('utf8') }
  io.emit({ ...said, ...text, ...written })
  io.say(`${written.file}, TLP:${document.tlp}, for: ${audience}, SHA-256 ${written.sha256}`)
  return EXIT.ok
}

/** Throws `app.InvalidReportFormat`. */
function formatFor({ format, output }: ReportOptions): ReportFormat {
  if (output === undefined) {
    if (format === 'pdf') throw invalidFormat('Cordon cannot write a PDF to the terminal.', { format })
    return format ?? 'markdown'
  }
  const named = formatOfFile(output)
  if (format !== undefined && format !== named)
    throw invalidFormat(`The file name is for ${named}, but --format is ${format}.`, { format, named })
  return named
}
