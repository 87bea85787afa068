import type { Command } from 'commander'
import { CordonError } from '../kit/error.ts'
import { printable } from '../kit/text.ts'
import { verdicts } from '../model/incident.ts'
import type { IncidentArchive } from '../reports/share/archive.ts'
import type { Io, RunCommand } from './io.ts'
import { EXIT } from './io.ts'
import type { CommonOptions } from './options.ts'
import { listOf, withOutput } from './options.ts'
import { type ReportOptions, report, withReportOptions } from './report.ts'
import { registerSharing } from './sharing.ts'
import { withArchive } from './with-archive.ts'

const MOST_REMARKS = 100

export function registerIncidents(program: Command, run: RunCommand): void {
  const incidents = program
    .command('incidents')
    .description('show, report, share and verify incidents on record')
  const add = (
    name: string,
    description: string,
    act: (archive: IncidentArchive, id: string, io: Io) => Promise<number>,
  ): void => {
    withOutput(incidents.command(name).description(description))
      .option('-c, --config <file>', 'configuration (default: cordon.config.ts here)')
      .action((...given: unknown[]) => {
        const options = given.at(-2) as CommonOptions
        const id = typeof given[0] === 'string' ? given[0] : ''
        return run(options, (io) => withArchive(options, io, (archive) => act(archive, id, io)))
      })
  }
  add('list', 'list all incidents, newest first', list)
  add('show <id>', 'show one incident with its timeline', show)
  withReportOptions(
    withOutput(
      incidents.command('report <id>').description('write the report or the postmortem of an incident'),
    ),
  )
    .option('-c, --config <file>', 'configuration (default: cordon.config.ts here)')
    .action((id: string, options: CommonOptions & ReportOptions) =>
      run(options, (io) => withArchive(options, io, (archive) => report({ archive, id, options }, io))),
    )
  registerSharing(incidents, run)
  add('remarks', 'list the newest findings outside any incident: shadow and low severity', remarks)
  withOutput(
    incidents.command('verdict <id> <verdict>').description(`record a verdict: ${verdicts.join(', ')}`),
  )
    .requiredOption('--by <name>', 'your name')
    .requiredOption('--reason <text>', 'why')
    .option('-c, --config <file>', 'configuration (default: cordon.config.ts here)')
    .action((id: string, word: string, options: VerdictOptions) =>
      run(options, (io) =>
        withArchive(options, io, (archive) => verdict(archive, { id, word, ...options }, io)),
      ),
    )
  withOutput(
    incidents
      .command('verify [id]')
      .description('verify the record of one incident or of all; exit code 5 if it is broken'),
  )
    .option(
      '--head <hashes>',
      'heads from notifications or reports that the record must contain, separated by commas',
    )
    .option('-c, --config <file>', 'configuration (default: cordon.config.ts here)')
    .action((id: string | undefined, options: CommonOptions & { head?: string }) =>
      run(options, (io) =>
        withArchive(options, io, (archive) =>
          id === undefined ? verifyAll(archive, listOf(options.head), io) : verify(archive, id, io),
        ),
      ),
    )
}

type VerdictOptions = CommonOptions & { by: string; reason: string }

async function list(archive: IncidentArchive, _id: string, io: Io): Promise<number> {
  const incidents = await archive.list()
  for (const incident of incidents) {
    io.emit(incident)
    const when = new Date(incident.discoveredAt).toISOString()
    io.say(
      `${incident.id}  ${when}  ${incident.state.padEnd(9)} ${incident.severity.padEnd(8)} ${incident.kind.padEnd(6)} ${printable(incident.title, 100)}`,
    )
  }
  if (incidents.length === 0) io.say('no incidents on record')
  return EXIT.ok
}

async function remarks(archive: IncidentArchive, _id: string, io: Io): Promise<number> {
  const found = await archive.remarks(MOST_REMARKS)
  for (const { recordedAt, finding } of found) {
    io.emit({ recordedAt, ...finding })
    const when = new Date(recordedAt).toISOString()
    const voice = finding.shadow ? 'shadow' : finding.severity
    io.say(`${when}  ${voice.padEnd(8)} ${finding.detector.padEnd(18)} ${printable(finding.message, 160)}`)
  }
  if (found.length === 0) io.say('no remarks on record')
  return EXIT.ok
}

type GivenVerdict = { id: string; word: string; by: string; reason: string }

async function verdict(archive: IncidentArchive, given: GivenVerdict, io: Io): Promise<number> {
  const word = verdicts.find((known) => known === given.word)
  if (word === undefined) throw unknownVerdict(given.word)
  const { id: incidentId, by: author, reason } = given
  const recorded = await archive.giveVerdict({ incidentId, verdict: word, author, reason })
  io.emit({ type: 'verdict', ...recorded })
  io.say(`${incidentId}: ${word}, says ${printable(author, 60)}`)
  return EXIT.ok
}

function unknownVerdict(word: string): CordonError {
  return new CordonError({
    code: 'app.InvalidVerdict',
    message: `“${word.slice(0, 40)}” is not a verdict.`,
    facts: { got: word.slice(0, 40), verdicts },
    fix: `Give one of ${verdicts.join(', ')}.`,
  })
}

async function show(archive: IncidentArchive, id: string, io: Io): Promise<number> {
  const { incident, timeline, runs } = await archive.record(id)
  io.emit({ ...incident, timeline, runs })
  io.say(
    `${incident.title}\n${incident.state}, ${incident.severity}, ${incident.kind}, chain ${incident.chainId}`,
  )
  for (const entry of timeline) {
    io.say(
      `${String(entry.sequence).padStart(4)} ${new Date(entry.discoveryTime).toISOString()} ${entry.kind.padEnd(13)} ${printable(entry.message, 400)}`,
    )
  }
  return EXIT.ok
}

async function verify(archive: IncidentArchive, id: string, io: Io): Promise<number> {
  const { timeline, ...evidence } = await archive.verify(id)
  const ok = evidence.ok && timeline.ok
  io.emit({ type: 'verification', incidentId: id, ...evidence, ok, evidenceOk: evidence.ok, timeline })
  io.say(
    evidence.ok
      ? `evidence intact: ${evidence.count} links, head ${evidence.head}`
      : `evidence BROKEN at link ${evidence.brokenAt}: ${evidence.reason} (${evidence.count} links)`,
  )
  io.say(
    timeline.ok
      ? `timeline intact: ${timeline.count} entries, head ${timeline.head}${oldText(timeline.unhashed)}`
      : `timeline BROKEN at entry ${timeline.brokenAt}: ${timeline.reason} (${timeline.count} entries)`,
  )
  return ok ? EXIT.ok : EXIT.broken
}

async function verifyAll(archive: IncidentArchive, heads: readonly string[], io: Io): Promise<number> {
  const verdict = await archive.verifyAll(heads)
  const { ok, incidents, entries, unhashed, links, seals, head, keys, faults } = verdict
  io.emit({ type: 'record-verification', ...verdict })
  for (const { where, incidentId, number, reason } of faults)
    io.say(`BROKEN: ${[incidentId, where, number].filter((part) => part !== null).join(' ')}: ${reason}`)
  const size = `${incidents} incidents, ${entries} timeline entries${oldText(unhashed)}, ${links} links of evidence, ${seals} seals`
  io.say(`${ok ? 'intact' : 'BROKEN'}: ${size}; head ${head}`)
  for (const key of keys) io.say(`signed by key ${key}`)
  return ok ? EXIT.ok : EXIT.broken
}

function oldText(unhashed: number): string {
  return unhashed === 0
    ? ''
    : ` (${unhashed} from before entries had hashes: nothing shows whether they were changed)`
}
