import type { Command } from 'commander'
import type { IncidentArchive } from '../app/archive.ts'
import { CordonError } from '../kit/error.ts'
import { printable } from '../kit/text.ts'
import { verdicts } from '../model/incident.ts'
import type { Io, RunCommand } from './io.ts'
import { EXIT } from './io.ts'
import type { CommonOptions } from './options.ts'
import { withOutput } from './options.ts'
import { type ReportOptions, report, withReportOptions } from './report.ts'
import { registerSharing } from './sharing.ts'
import { withArchive } from './with-archive.ts'

const MOST_REMARKS = 100

export function registerIncidents(program: Command, run: RunCommand): void {
  const incidents = program
    .command('incidents')
    .description('incidents on record: show, report, share, verify')
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
  add('list', 'all incidents, newest first', list)
  add('show <id>', 'one incident with its timeline', show)
  withReportOptions(
    withOutput(incidents.command('report <id>').description('the report of an incident, or its postmortem')),
  )
    .option('-c, --config <file>', 'configuration (default: cordon.config.ts here)')
    .action((id: string, options: CommonOptions & ReportOptions) =>
      run(options, (io) => withArchive(options, io, (archive) => report({ archive, id, options }, io))),
    )
  registerSharing(incidents, run)
  add('remarks', 'the newest findings that belong to no incident: shadow and low', remarks)
  withOutput(incidents.command('verdict <id> <verdict>').description(`what it was: ${verdicts.join(', ')}`))
    .requiredOption('--by <name>', 'who says so')
    .requiredOption('--reason <text>', 'why')
    .option('-c, --config <file>', 'configuration (default: cordon.config.ts here)')
    .action((id: string, word: string, options: VerdictOptions) =>
      run(options, (io) =>
        withArchive(options, io, (archive) => verdict(archive, { id, word, ...options }, io)),
      ),
    )
  add('verify <id>', 'check the evidence chain; exit code 5 where it is broken', verify)
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
  const verdict = await archive.verify(id)
  io.emit({ type: 'verification', incidentId: id, ...verdict })
  io.say(
    verdict.ok
      ? `intact: ${verdict.count} links, head ${verdict.head}`
      : `BROKEN at link ${verdict.brokenAt}: ${verdict.reason} (${verdict.count} links)`,
  )
  return verdict.ok ? EXIT.ok : EXIT.broken
}
