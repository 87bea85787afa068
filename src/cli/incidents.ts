import type { Command } from 'commander'
import type { IncidentArchive } from '../app/archive.ts'
import { openArchive } from '../app/archive.ts'
import { namesOf } from '../app/start.ts'
import { printable } from '../kit/text.ts'
import type { Io, RunCommand } from './io.ts'
import { EXIT } from './io.ts'
import type { CommonOptions } from './options.ts'
import { load, withOutput } from './options.ts'

export function registerIncidents(program: Command, run: RunCommand): void {
  const incidents = program.command('incidents').description('what is on record')
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
  add('report <id>', 'the report of an incident as Markdown', report)
  add('verify <id>', 'check the evidence chain; exit code 5 where it is broken', verify)
}

async function withArchive(
  options: CommonOptions,
  io: Io,
  act: (archive: IncidentArchive) => Promise<number>,
): Promise<number> {
  const loaded = await load(options, io)
  const dataDir = loaded.origin === 'none' ? '.cordon' : loaded.config.dataDir
  const names = loaded.origin === 'none' ? new Map() : namesOf(loaded.config)
  const archive = await openArchive({ dataDir, names, env: io.env, logger: io.logger })
  try {
    return await act(archive)
  } finally {
    await archive.close()
  }
}

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

async function report(archive: IncidentArchive, id: string, io: Io): Promise<number> {
  const markdown = await archive.report(id)
  io.emit({ type: 'report', incidentId: id, format: 'markdown', text: markdown })
  io.say(markdown)
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
