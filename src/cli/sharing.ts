import { resolve } from 'node:path'
import { type Command, Option } from 'commander'
import { systemClock } from '../kit/clock.ts'
import { CordonError } from '../kit/error.ts'
import { addressOf } from '../model/given-address.ts'
import {
  type Audience,
  audiences,
  type RecipientKind,
  type Reporter,
  recipientKinds,
  type Tlp,
  tlps,
} from '../model/report.ts'
import type { IncidentArchive } from '../reports/share/archive.ts'
import { type Handed, handedFromFile } from '../reports/share/handed.ts'
import { writePacket } from '../reports/share/packet.ts'
import { type SharedText, sharedText } from '../reports/share/shared-text.ts'
import { writeReport } from '../reports/share/written-report.ts'
import type { Io, RunCommand } from './io.ts'
import { EXIT } from './io.ts'
import { type CommonOptions, listOf, load, withOutput } from './options.ts'
import { withArchive } from './with-archive.ts'

type HandOptions = CommonOptions & {
  audience: Audience
  tlp?: Tlp
  output?: string
  investigation?: string
  from?: string
  contact?: string
  proof?: string
  helpWanted?: string
}
type PacketOptions = HandOptions & {
  for: RecipientKind
  name: string
  account?: string
  asset?: string
}

const TEXTS: readonly { what: SharedText; description: string; audience: Audience }[] = [
  { what: 'stix', description: 'write a STIX 2.1 bundle', audience: 'partner' },
  { what: 'addresses', description: 'write the accounts of the attack as CSV', audience: 'partner' },
  { what: 'losses', description: 'write losses by account as CSV', audience: 'partner' },
  { what: 'seal911', description: 'write a message to SEAL 911, for Telegram', audience: 'council' },
]

/** Sharing outside your organisation: `incidents stix | addresses | losses | seal911 | packet | export`. */
export function registerSharing(incidents: Command, run: RunCommand): void {
  for (const { what, description, audience } of TEXTS) {
    const command = withHanding(incidents.command(`${what} [id]`).description(description), audience)
    withSource(command)
      .option('-o, --output <file>', 'where to write it')
      .action((id: string | undefined, options: HandOptions) =>
        run(options, (io) => share({ what, id, options }, io)),
      )
    if (what === 'seal911') command.option('--help-wanted <text>', 'the help that you want')
  }
  const request = incidents
    .command('packet [id]')
    .description('write a freeze request to an exchange, an issuer or a bridge')
    .addOption(
      new Option('--for <kind>', 'kind of the recipient').choices([...recipientKinds]).makeOptionMandatory(),
    )
    .requiredOption(
      '--name <name>',
      'name of the recipient, as in the labels (for an issuer: its token’s symbol)',
    )
    .option('--account <addresses>', 'known accounts of the recipient, separated by commas')
    .option('--asset <addresses>', 'tokens of the issuer, separated by commas')
    .requiredOption('-o, --output <folder>', 'where to write it')
  withSource(withHanding(request, 'partner')).action((id: string | undefined, options: PacketOptions) =>
    run(options, (io) => packet(id, options, io)),
  )
  withHanding(
    incidents.command('export <id>').description('write the whole record as an archive that verifies itself'),
    'team',
  )
    .option('-o, --output <file>', 'file to write (default: cordon-ID.tar.gz here)')
    .action((id: string, options: HandOptions) =>
      run(options, (io) => withArchive(options, io, (archive) => exported({ archive, id, options }, io))),
    )
}

function withHanding(command: Command, audience: Audience): Command {
  return withOutput(command)
    .option('-c, --config <file>', 'configuration (default: cordon.config.ts here)')
    .addOption(
      new Option('--audience <who>', 'audience: the rest is redacted')
        .choices([...audiences])
        .default(audience),
    )
    .addOption(
      new Option('--tlp <mark>', 'mark of the Traffic Light Protocol (default: RED until closed)').choices([
        ...tlps,
      ]),
    )
    .option('--from <name>', 'who you are (default: reporter of the configuration)')
    .option('--contact <text>', 'how to reach you')
    .option('--proof <text>', 'how to check that it is you')
}

function withSource(command: Command): Command {
  return command.option(
    '--investigation <file>',
    'instead of ID: the output of cordon investigate --json; opens no database',
  )
}

async function reporterOf(
  { from, contact, proof, ...options }: HandOptions,
  io: Io,
): Promise<Reporter | undefined> {
  const loaded = await load(options, io)
  const known = loaded.origin === 'none' ? undefined : loaded.config.reporter
  const name = from ?? known?.name
  if (name === undefined) return undefined
  const given = {
    ...(contact === undefined ? {} : { contact: contact.slice(0, 200) }),
    ...(proof === undefined ? {} : { proof: proof.slice(0, 400) }),
  }
  return { ...known, name: name.slice(0, 200), ...given }
}

type Named = { id: string | undefined; options: HandOptions; io: Io }
type Act = (handed: Handed, archive: IncidentArchive | undefined) => Promise<number>

/** From the record, or from a file. Throws `app.NothingNamed`. */
async function withHanded({ id, options, io }: Named, act: Act): Promise<number> {
  const { audience, tlp, investigation } = options
  if (investigation !== undefined)
    return act(await handedFromFile(resolve(io.cwd, investigation), { audience, tlp }), undefined)
  if (id === undefined)
    throw new CordonError({
      code: 'app.NothingNamed',
      message: 'There is nothing to share: no incident and no investigation was given.',
      fix: 'Give the id of an incident, or --investigation FILE.',
    })
  return withArchive(options, io, async (archive) =>
    act(await archive.handed(id, { audience, tlp }), archive),
  )
}

type Sharing = { what: SharedText; id: string | undefined; options: HandOptions }

async function share({ what, id, options }: Sharing, io: Io): Promise<number> {
  const { audience, output, helpWanted: help } = options
  const reporter = await reporterOf(options, io)
  return withHanded({ id, options, io }, async ({ out }) => {
    const text = sharedText(what, out, { reporter, help })
    const said = { type: what, incidentId: out.incident?.id ?? null, audience, tlp: out.tlp }
    if (output === undefined) {
      io.emit({ ...said, text })
      io.say(text.trimEnd())
      return EXIT.ok
    }
    const written = await writeReport(resolve(io.cwd, output), Buffer.from(text))
    io.emit({ ...said, ...written })
    io.say(`${written.file}, TLP:${out.tlp}, for: ${audience}, SHA-256 ${written.sha256}`)
    return EXIT.ok
  })
}

async function packet(id: string | undefined, options: PacketOptions, io: Io): Promise<number> {
  const { for: kind, name, account, asset, audience, output = '.' } = options
  const reporter = await reporterOf(options, io)
  const recipient = {
    kind,
    name,
    accounts: listOf(account).map(addressOf),
    assets: listOf(asset).map(addressOf),
  }
  return withHanded({ id, options, io }, async ({ out, levers }, archive) => {
    const folder = resolve(io.cwd, output)
    const made = await writePacket(out, {
      recipient,
      reporter,
      folder,
      writtenAt: systemClock.now(),
      found: levers,
    })
    const said = {
      what: 'freeze-request',
      recipient: { kind, name },
      audience,
      tlp: out.tlp,
      sha256: made.sha256,
    }
    if (out.incident !== null && archive !== undefined)
      await archive.recordExport(out.incident.id, {
        message: `Freeze request written for the ${kind} ${name}, TLP:${out.tlp}: SHA-256 of its manifest ${made.sha256}`,
        body: said,
      })
    io.emit({ type: 'packet', ...said, ...made })
    io.say(`${made.folder}: ${made.files.join(', ')}`)
    io.say(
      `${made.accounts} accounts, TLP:${out.tlp}, for: ${audience}, SHA-256 of the manifest ${made.sha256}. Fill in the blanks: [to be filled in: …].`,
    )
    return EXIT.ok
  })
}

type Exporting = { archive: IncidentArchive; id: string; options: HandOptions }

async function exported({ archive, id, options }: Exporting, io: Io): Promise<number> {
  const { audience, tlp, output } = options
  const reporter = await reporterOf(options, io)
  const { name, bytes, ...made } = await archive.export(id, { audience, tlp, reporter })
  const { file } = await writeReport(resolve(io.cwd, output ?? name), bytes)
  io.emit({ type: 'export', incidentId: id, audience, file, size: bytes.length, ...made })
  io.say(
    `${file}: ${made.files} files, TLP:${made.tlp}, for: ${audience}, ${made.redacted} links redacted, ${made.missing} files missing`,
  )
  io.say(`SHA-256 ${made.sha256}`)
  io.say(`Unpack and check it: node verify.mjs --head ${made.head}`)
  return EXIT.ok
}
