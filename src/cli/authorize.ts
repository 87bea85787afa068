import { writeFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { addressOf } from '../app/config/load.ts'
import { permitFor } from '../app/permit.ts'
import { toJson } from '../kit/json.ts'
import type { Io, RunCommand } from './io.ts'
import { EXIT } from './io.ts'
import { loadedOrFail } from './loaded.ts'
import type { CommonOptions } from './options.ts'
import { withChain } from './options.ts'

type Options = CommonOptions & { safe: string; modifier: string; member: string; role: string; out?: string }

export function registerAuthorize(levers: Command, run: RunCommand): void {
  const command = levers
    .command('authorize <address>')
    .description(
      'the least that a Safe must allow for a member of a Zodiac role to pull its levers, as a batch; sends nothing',
    )
    .requiredOption('--safe <address>', 'the Safe that may pull the levers of the contract')
    .requiredOption('--modifier <address>', 'a Zodiac Roles v2 modifier that the Safe owns')
    .requiredOption('--member <address>', 'who may pull them: the address of a signer')
    .option('--role <name>', 'the role’s name', 'cordon-pause')
    .option('-o, --out <file>', 'file to write the batch to, for the Safe’s transaction builder')
  withChain(command).action((address: string, options: Options) =>
    run(options, (io) => authorize(address, options, io)),
  )
}

async function authorize(address: string, options: Options, io: Io): Promise<number> {
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
  if (calls.length === 0) io.say('The Safe may pull no lever that Cordon finds there: nothing to allow.')
  else if (out === undefined) io.say(toJson(batch, 2))
  return calls.length === 0 ? EXIT.failed : EXIT.ok
}
