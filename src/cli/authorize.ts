import { writeFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import type { Command } from 'commander'
import { durationMs } from '../kit/duration.ts'
import { CordonError } from '../kit/error.ts'
import { toJson } from '../kit/json.ts'
import type { StandingAuthorisation } from '../model/containment.ts'
import { addressOf } from '../model/given-address.ts'
import {
  type AuthorisationDesk,
  authorisationHashOf,
  type Draft,
  openAuthorisationDesk,
  readAuthorisation,
  revokeHere,
} from '../respond/alone/authorisation-desk.ts'
import { permitFor } from '../respond/levers/permit.ts'
import { atDesk } from './at-desk.ts'
import type { Io, RunCommand } from './io.ts'
import { EXIT } from './io.ts'
import { loadedOrFail } from './loaded.ts'
import type { CommonOptions } from './options.ts'
import { listOf, positive, withChain } from './options.ts'

type Options = CommonOptions & {
  for: string
  maxActions?: string
  functions?: string
  as?: string
  message?: boolean
  out?: string
  import?: string
  signer?: string
  signature?: string
  revoke?: string
  by?: string
  list?: boolean
}
type RoleOptions = CommonOptions & {
  safe: string
  modifier: string
  member: string
  role: string
  out?: string
}

export function registerAuthorize(levers: Command, run: RunCommand): void {
  const command = levers
    .command('authorize [addresses...]')
    .description(
      'make and sign a standing authorisation for calls that Cordon may make without people; sends nothing',
    )
    .option('--for <duration>', 'how long it is valid', '30d')
    .option('--max-actions <n>', 'how many calls it allows in total (default: two for each contract)')
    .option('--functions <names>', 'only these functions, separated by commas (default: all that are found)')
    .option('--as <address>', 'which signer of the configuration signs: a guardian or incident leader')
    .option('--message', 'sign nothing: print the EIP-712 message for a wallet or a Safe')
    .option('-o, --out <file>', 'file to write terms and message to')
    .option(
      '--import <file>',
      'import a message that was signed elsewhere: that file, with --signer and --signature',
    )
    .option('--signer <address>', 'with --import: who signed, a person or a Safe in their role')
    .option('--signature <hex>', 'with --import: the signature (0x if a Safe has approved it on the chain)')
    .option('--revoke <hash>', 'revoke an authorisation permanently; takes effect before the next signature')
    .option('--by <name>', 'with --revoke: who revokes it (default: your user name)')
    .option('--list', 'list the authorisations, their state, and what Cordon does alone')
  withChain(command).action((addresses: string[], options: Options) =>
    run(options, (io) =>
      options.revoke === undefined
        ? atDesk(openAuthorisationDesk, { options, io }, (desk) => act(desk, { addresses, options }, io))
        : revoke(options.revoke, options, io),
    ),
  )
  const role = levers
    .command('authorize-role <address>')
    .description(
      'write a batch with the least permission that lets a Zodiac role pull a Safe’s levers; sends nothing',
    )
    .requiredOption('--safe <address>', 'the Safe that may pull the levers of the contract')
    .requiredOption('--modifier <address>', 'a Zodiac Roles v2 modifier that the Safe owns')
    .requiredOption('--member <address>', 'who may pull them: the address of a signer')
    .option('--role <name>', 'the role’s name', 'cordon-pause')
    .option('-o, --out <file>', 'file to write the batch to, for the Safe’s transaction builder')
  withChain(role).action((address: string, options: RoleOptions) =>
    run(options, (io) => authorizeRole(address, options, io)),
  )
}

type Asked = { addresses: readonly string[]; options: Options }

async function act(desk: AuthorisationDesk, { addresses, options }: Asked, io: Io): Promise<number> {
  if (options.list === true) return list(desk, io)
  if (options.import !== undefined) return take(desk, options.import, options, io)
  return make(desk, { addresses, options }, io)
}

async function make(desk: AuthorisationDesk, { addresses, options }: Asked, io: Io): Promise<number> {
  const { for: text, maxActions, functions, as, out } = options
  const draft = await desk.draft({
    targets: addresses.map(addressOf),
    functions: listOf(functions).map((name) => name.trim()),
    forMs: durationOr(text),
    maxActions: maxActions === undefined ? undefined : Math.floor(positive(maxActions, '--max-actions')),
  })
  for (const word of draft.words) io.say(word)
  if (out !== undefined) await writeFile(out, `${toJson(draft, 2)}\n`, { flag: 'wx' })
  const signed =
    options.message === true
      ? undefined
      : await desk.sign(draft, as === undefined ? undefined : addressOf(as))
  if (signed === undefined) return elsewhere(draft, out, io)
  return keep(desk, signed, { draft }, io)
}

function elsewhere(draft: Draft, out: string | undefined, io: Io): number {
  io.emit({ type: 'authorisation-draft', ...draft })
  io.say(`Not signed yet (${draft.hash}). A guardian or incident leader signs this message:`)
  io.say(out === undefined ? toJson(draft.typedData, 2) : `  typedData in ${out}`)
  const file = out ?? 'FILE (write it with -o FILE)'
  io.say(`Then: cordon levers authorize --import ${file} --signer ADDRESS --signature 0x…`)
  return EXIT.ok
}

async function take(desk: AuthorisationDesk, file: string, options: Options, io: Io): Promise<number> {
  const { signer, signature } = options
  const given = { cwd: io.cwd, signer: signer === undefined ? undefined : addressOf(signer), signature }
  return keep(desk, await readAuthorisation(file, given), {}, io)
}

async function keep(
  desk: AuthorisationDesk,
  authorisation: StandingAuthorisation,
  { draft }: { draft?: Draft },
  io: Io,
): Promise<number> {
  await desk.keep(authorisation)
  const hash = draft?.hash
  io.emit({ type: 'authorisation', ...(hash === undefined ? {} : { hash }), authorisation })
  io.say(`Signed by ${authorisation.signer} and kept: a running Cordon uses it at once.`)
  return list(desk, io)
}

async function list(desk: AuthorisationDesk, io: Io): Promise<number> {
  io.say(`installation ${desk.installation}`)
  const listed = await desk.list()
  for (const { authorisation, standing, words } of listed) {
    io.emit({ type: 'authorisation-standing', authorisation, standing, words })
    io.say(`${standing.holds ? '✓' : '✗'} ${words}`)
  }
  if (listed.length === 0) io.say('no standing authorisation: everything is proposed to people')
  for (const one of await desk.alone()) {
    io.emit({ type: 'alone', ...one })
    io.say(`${one.alone ? '✓' : '!'} ${one.brief}`)
  }
  return EXIT.ok
}

async function revoke(text: string, options: Options, io: Io): Promise<number> {
  const hash = authorisationHashOf(text)
  const { config } = await loadedOrFail(options, io)
  const { env, logger } = io
  const author = options.by ?? userInfo().username
  const isNew = await revokeHere({ config, env, logger }, { hash, author })
  io.emit({ type: 'authorisation-revoked', hash, isNew })
  io.say(isNew ? `${hash} is revoked: Cordon signs nothing more under it.` : `${hash} was already revoked.`)
  return EXIT.ok
}

function durationOr(text: string): number {
  const ms = durationMs(text)
  if (ms !== undefined && ms > 0) return ms
  throw new CordonError({
    code: 'app.InvalidDuration',
    message: `“${text.slice(0, 40)}” is not a duration.`,
    fix: 'Give one as 12h, 30d or 90d.',
  })
}

async function authorizeRole(address: string, options: RoleOptions, io: Io): Promise<number> {
  const { config } = await loadedOrFail(options, io)
  const { safe, modifier, member, role, out } = options
  const permit = await permitFor({
    config,
    target: addressOf(address),
    safe: addressOf(safe),
    modifier: addressOf(modifier),
    member: addressOf(member),
    role,
  })
  const { calls, left, batch } = permit
  if (out !== undefined) await writeFile(out, `${toJson(batch, 2)}\n`, { flag: 'wx' })
  io.emit({ type: 'permissions', ...permit })
  for (const { words } of calls) io.say(words)
  for (const { lever, why } of left) io.say(`NOT allowed: ${lever}: ${why}`)
  if (calls.length === 0) io.say('The Safe may pull no lever that Cordon found: there is nothing to allow.')
  else if (out === undefined) io.say(toJson(batch, 2))
  return calls.length === 0 ? EXIT.failed : EXIT.ok
}
